#include "stun/length_framer.h"

#include <utility>

#include "core/wire.h"

namespace parley::stun {

void LengthFramer::push(Bytes bytes) {
  queue_.drop(std::exchange(taken_, 0));
  if (!failed_) queue_.push(bytes);
}

std::optional<MutableBytes> LengthFramer::next() {
  queue_.drop(std::exchange(taken_, 0));
  while (queue_.size() >= kHeader) {
    const std::size_t length = WireReader(queue_.bytes()).u16();
    failed_ = length > largest_;
    if (failed_) {
      queue_.clear();
      break;
    }
    if (queue_.size() < kHeader + length) break;
    if (length != 0) {
      taken_ = kHeader + length;
      return queue_.mutableBytes().subspan(kHeader, length);
    }
    queue_.drop(kHeader);
  }
  return std::nullopt;
}

void LengthFramer::wrap(Packet& packet) {
  const auto length = static_cast<std::uint16_t>(packet.size());
  WireWriter(packet.prepend(kHeader)).u16(length);
}

}  // namespace parley::stun
