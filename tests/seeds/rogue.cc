#include "rogue.h"

#include <algorithm>
#include <vector>

#include "sctp/crc32c.h"

namespace parley::seeds {
namespace {

constexpr std::size_t kHeader = 12;  // RFC 9260 3.1
constexpr std::size_t kChunkHeader = 4;

std::uint16_t edge16(Random& random) {
  constexpr std::uint16_t kEdges[] = {0, 1, 2, 3, 4, 5, 8, 16, 255, 1'024, 32'768, 65'534, 65'535};
  return kEdges[random.below(std::size(kEdges))];
}

// Where chunks begin, as long as their lengths make sense.
std::vector<std::size_t> chunksOf(Bytes packet) {
  std::vector<std::size_t> starts;
  for (std::size_t at = kHeader; at + kChunkHeader <= packet.size();) {
    starts.push_back(at);
    const std::size_t length = static_cast<std::size_t>(packet[at + 2] << 8 | packet[at + 3]);
    if (length < kChunkHeader) break;
    at += (length + 3) & ~std::size_t{3};
  }
  return starts;
}

void put16(MutableBytes packet, std::size_t at, std::uint16_t value) {
  if (at + 2 > packet.size()) return;
  packet[at] = static_cast<std::uint8_t>(value >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(value);
}

}  // namespace

void breakPacket(Random& random, MutableBytes packet) {
  if (packet.size() < kHeader + kChunkHeader) return;
  const std::vector<std::size_t> starts = chunksOf(packet);
  const std::size_t chunk = starts[random.below(starts.size())];
  switch (random.below(7)) {
    case 0:  // a length that cannot be
      put16(packet, chunk + 2, static_cast<std::uint16_t>(random.below(5)));
      break;
    case 1:
      put16(packet, chunk + 2, edge16(random));
      break;
    case 2:  // another type, known or not
      packet[chunk] = static_cast<std::uint8_t>(random.below(2) ? random.below(16) : random.u32());
      break;
    case 3:
      packet[chunk + 1] = static_cast<std::uint8_t>(random.u32());
      break;
    case 4:  // a field of it: numbers, counts, windows, streams
      put16(packet, chunk + kChunkHeader + 2 * random.below(10), edge16(random));
      break;
    case 5:
      put16(packet, chunk + kChunkHeader + 2 * random.below(10),
            static_cast<std::uint16_t>(random.u32()));
      break;
    default:
      for (int i = 0; i < 4; ++i)
        packet[kHeader + random.below(packet.size() - kHeader)] ^=
            static_cast<std::uint8_t>(1u << random.below(8));
      break;
  }
  sctp::writeChecksum(packet);
}

std::unique_ptr<session::Port> RogueRealm::openSession(
    session::Config config, std::weak_ptr<session::Port::Listener> listener) {
  config.mangle = [mischief = mischief_, random = Random(seed_)](Step&,
                                                                 MutableBytes packet) mutable {
    if (mischief->share > 0 && random.unit() < mischief->share) breakPacket(random, packet);
  };
  return inner_->openSession(std::move(config), std::move(listener));
}

}  // namespace parley::seeds
