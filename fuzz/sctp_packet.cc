#include "fuzz/common.h"
#include "sctp/association.h"
#include "sctp/crc32c.h"
#include "sctp/packet/chunk.h"
#include "sctp/packet/data_chunk.h"
#include "sctp/packet/error_causes.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/packet/sack_chunk.h"

// A packet is walked once, without overlap; each chunk that is understood is written as the bytes
// it was read from, and both checksums agree.
// max_len: 160

namespace parley::fuzz {
namespace {

using namespace sctp;

ByteVector withoutPadding(ByteVector chunk) {
  chunk.resize(static_cast<std::size_t>(chunk[2] << 8 | chunk[3]));
  return chunk;
}

void writeAgain(const ChunkView& view) {
  if (view.type == ChunkType::data) {
    if (const auto data = DataChunk::parse(view)) {
      FUZZ_REQUIRE(isInside(data->payload, view.body) && !data->payload.empty());
      ByteVector room(padded(view.whole.size()));
      data->write(room);
      FUZZ_REQUIRE(equal(Bytes(room).subspan(2, view.whole.size() - 2), view.whole.subspan(2)));
    }
  } else if (view.type == ChunkType::sack) {
    if (const auto sack = SackChunk::parse(view.body)) {
      ByteVector room(sack->size());
      sack->write(room);
      FUZZ_REQUIRE(room.size() == view.whole.size());
      FUZZ_REQUIRE(equal(Bytes(room).subspan(4), view.body));
    }
  } else if (view.type == ChunkType::forwardTsn) {
    if (const auto forward = ForwardTsnChunk::parse(view.body)) {
      const ByteVector chunk = withoutPadding(forward->toChunk());
      FUZZ_REQUIRE(equal(Bytes(chunk).subspan(4), view.body));
    }
  } else if (view.type == ChunkType::reConfig) {
    const auto first = ReConfigChunk::parse(view.body);
    if (!first) return;
    FUZZ_REQUIRE(first->parameters.size() == 1 || first->parameters.size() == 2);
    for (const ReConfigParameter& parameter : first->parameters) {
      if (std::holds_alternative<OtherRequest>(parameter)) return;  // never written
    }
    const ByteVector chunk = first->toChunk();
    const auto second = ReConfigChunk::parse(Bytes(withoutPadding(chunk)).subspan(4));
    FUZZ_REQUIRE(second && second->toChunk() == chunk);
  } else {
    std::vector<TlvView> tlvs;
    if (parseTlvs(view.body, tlvs)) {
      for (const TlvView& tlv : tlvs) FUZZ_REQUIRE(isInside(tlv.whole, view.body));
    }
    (void)firstCause(view.body);
  }
}

}  // namespace

void oneInput(Bytes input) {
  static std::vector<ChunkView> chunks;  // kept from packet to packet, as an association does
  const Frugal frugal(input.size());
  const auto header = parsePacket(input, chunks);
  if (input.size() >= kCommonHeader) {
    ByteVector packet = toVector(input);
    FUZZ_REQUIRE(crc32c(packet) == crc32cPortable(packet));
    writeChecksum(packet);
    FUZZ_REQUIRE(hasValidChecksum(packet));
    packet[packet.size() / 2] ^= 1;
    FUZZ_REQUIRE(!hasValidChecksum(packet));
  }
  if (!header) {
    FUZZ_REQUIRE(!Association::isWellFormed(input));
    return;
  }
  (void)Association::isWellFormed(input);
  std::size_t at = kCommonHeader;
  for (const ChunkView& view : chunks) {
    FUZZ_REQUIRE(view.whole.data() == input.data() + at);
    FUZZ_REQUIRE(view.body.data() == view.whole.data() + kChunkHeader);
    FUZZ_REQUIRE(view.body.size() + kChunkHeader == view.whole.size());
    at += padded(view.whole.size());
    writeAgain(view);
    const ByteVector made = makeChunk(view.type, view.flags, view.body);
    FUZZ_REQUIRE(equal(Bytes(made).first(view.whole.size()), view.whole));
  }
  FUZZ_REQUIRE(at == padded(input.size()));
}

}  // namespace parley::fuzz
