#pragma once

#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/strong.h"
#include "core/time.h"

// The words every part of SCTP shares: wire numbers with their serial arithmetic, and messages.

namespace parley::sctp {

using StreamId = Strong<struct StreamIdTag, std::uint16_t>;
using PayloadProtocol = Strong<struct PayloadProtocolTag, std::uint32_t>;
using Tsn = Strong<struct TsnTag, std::uint32_t>;
using Ssn = Strong<struct SsnTag, std::uint16_t>;
using Tag = Strong<struct VerificationTag, std::uint32_t>;

constexpr Tsn operator+(Tsn tsn, std::uint32_t steps) { return {tsn.value + steps}; }
constexpr Tsn operator-(Tsn tsn, std::uint32_t steps) { return {tsn.value - steps}; }

// How far `to` lies ahead of `from`, or behind it when negative (RFC 1982, RFC 9260 1.6).
constexpr std::int32_t distance(Tsn from, Tsn to) {
  return static_cast<std::int32_t>(to.value - from.value);
}
constexpr std::int32_t distance(Ssn from, Ssn to) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(to.value - from.value));
}
constexpr bool isAfter(Tsn tsn, Tsn other) { return distance(other, tsn) > 0; }
constexpr bool isAfter(Ssn ssn, Ssn other) { return distance(other, ssn) > 0; }

struct Message {
  StreamId stream;
  PayloadProtocol protocol;
  ByteVector payload;
};

struct SendOptions {
  bool ordered = true;
  std::optional<std::uint16_t> retransmitsMax;  // RFC 3758, at most one of these two
  std::optional<Duration> lifetime;
  bool counted = true;  // whether BytesSent tells of its bytes; not so for what channels add
};

enum class SendError : std::uint8_t { empty, tooLarge, queueFull, noSuchStream, closing };

}  // namespace parley::sctp
