#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"

namespace parley {

// Reads big-endian fields off the front of a view. The first read past the end makes it fail for
// good and every read after that yields zero, so a parser reads straight down and asks once.
class WireReader {
 public:
  explicit WireReader(Bytes bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(number(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u48() { return number(6); }
  std::uint64_t u64() { return number(8); }

  // The next n bytes; empty, and failed, when there are fewer.
  Bytes bytes(std::size_t n) {
    if (n > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(n);
    rest_ = rest_.subspan(n);
    return taken;
  }
  Bytes rest() { return bytes(rest_.size()); }
  void skip(std::size_t n) { bytes(n); }
  WireReader within(std::size_t n) { return WireReader(bytes(n)); }  // the next n bytes only

  std::size_t remaining() const { return rest_.size(); }
  bool failed() const { return failed_; }
  bool finished() const { return !failed_ && rest_.empty(); }

 private:
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(width)) value = value << 8 | byte;
    return value;
  }

  Bytes rest_;
  bool failed_ = false;
};

// The mirror: writes fields into a fixed view, and fails for good instead of overrunning it.
class WireWriter {
 public:
  explicit WireWriter(MutableBytes room) : room_(room) {}

  WireWriter& u8(std::uint8_t value) { return number(value, 1); }
  WireWriter& u16(std::uint16_t value) { return number(value, 2); }
  WireWriter& u24(std::uint32_t value) { return number(value, 3); }
  WireWriter& u32(std::uint32_t value) { return number(value, 4); }
  WireWriter& u48(std::uint64_t value) { return number(value, 6); }
  WireWriter& u64(std::uint64_t value) { return number(value, 8); }
  WireWriter& bytes(Bytes bytes);
  WireWriter& padTo(std::size_t alignment);  // zeros up to the next multiple, counted from begin

  // Writes over a 16-bit field that was written before, such as a length known only later.
  WireWriter& patchU16(std::size_t at, std::uint16_t value);

  std::size_t written() const { return written_; }
  std::size_t remaining() const { return room_.size() - written_; }
  bool failed() const { return failed_; }

 private:
  MutableBytes take(std::size_t n);
  WireWriter& number(std::uint64_t value, std::size_t width);

  MutableBytes room_;
  std::size_t written_ = 0;
  bool failed_ = false;
};

}  // namespace parley
