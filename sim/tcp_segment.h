#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"

namespace parley::sim {

// What TCP connections of a world say to each other. Instead of sequence numbers that begin
// anywhere each end has a number of its own, by which a segment of an older connection is told;
// offsets count bytes from 0, and FIN takes one.
struct TcpSegment {
  enum class Kind : std::uint8_t { syn, synAck, data, fin, rst };

  Kind kind = Kind::data;
  std::uint32_t from = 0;
  std::uint32_t to = 0;  // 0: not known yet
  std::uint64_t offset = 0;
  std::uint64_t acknowledged = 0;  // everything before it
  Bytes payload{};

  ByteVector serialize() const;
  static std::optional<TcpSegment> parse(Bytes bytes);  // none: damaged on its way
};

}  // namespace parley::sim
