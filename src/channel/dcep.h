#pragma once

#include "channel/channels.h"
#include "core/bytes.h"
#include "core/result.h"

// The Data Channel Establishment Protocol (RFC 8832 5) and the payload protocol identifiers of
// data channels (RFC 8831 8).

namespace parley::channel::dcep {

inline constexpr sctp::PayloadProtocol kControl{50};
inline constexpr sctp::PayloadProtocol kString{51};
inline constexpr sctp::PayloadProtocol kBinaryPartial{52};  // deprecated
inline constexpr sctp::PayloadProtocol kBinary{53};
inline constexpr sctp::PayloadProtocol kStringPartial{54};  // deprecated
inline constexpr sctp::PayloadProtocol kStringEmpty{56};
inline constexpr sctp::PayloadProtocol kBinaryEmpty{57};

inline constexpr std::uint8_t kAck = 2;
inline constexpr std::uint8_t kOpen = 3;

// Ordered, reliable, and no part of bufferedAmount.
inline sctp::SendOptions controlOptions() {
  sctp::SendOptions options;
  options.counted = false;
  return options;
}

// What the peer's 32-bit reliability parameter says beyond W3C's 16 bits becomes 65,535.
Result<Parameters, ParseError> parseOpen(Bytes message);
ByteVector writeOpen(const Parameters& parameters);

}  // namespace parley::channel::dcep
