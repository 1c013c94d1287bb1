#include "core/wire.h"

namespace parley {

MutableBytes WireWriter::take(std::size_t n) {
  if (failed_ || n > remaining()) {
    failed_ = true;
    return {};
  }
  const MutableBytes taken = room_.subspan(written_, n);
  written_ += n;
  return taken;
}

WireWriter& WireWriter::number(std::uint64_t value, std::size_t width) {
  std::size_t shift = 8 * width;
  for (std::uint8_t& byte : take(width)) {
    shift -= 8;
    byte = static_cast<std::uint8_t>(value >> shift);
  }
  return *this;
}

WireWriter& WireWriter::bytes(Bytes bytes) {
  const MutableBytes room = take(bytes.size());
  if (!room.empty()) copyBytes(room, bytes);
  return *this;
}

WireWriter& WireWriter::padTo(std::size_t alignment) {
  const std::size_t over = written_ % alignment;
  if (over != 0) std::ranges::fill(take(alignment - over), std::uint8_t{0});
  return *this;
}

WireWriter& WireWriter::patchU16(std::size_t at, std::uint16_t value) {
  if (failed_ || at + 2 > written_) {
    failed_ = true;
    return *this;
  }
  room_[at] = static_cast<std::uint8_t>(value >> 8);
  room_[at + 1] = static_cast<std::uint8_t>(value);
  return *this;
}

}  // namespace parley
