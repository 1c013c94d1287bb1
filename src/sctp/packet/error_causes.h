#pragma once

#include <cstdint>
#include <optional>

#include "sctp/packet/chunk.h"

namespace parley::sctp {

// RFC 9260 3.3.10.
enum class Cause : std::uint16_t {
  invalidStream = 1,
  missingParameter = 2,
  staleCookie = 3,
  outOfResource = 4,
  unrecognizedChunk = 6,
  invalidMandatoryParameter = 7,
  unrecognizedParameters = 8,
  noUserData = 9,
  cookieWhileShuttingDown = 10,
  userAbort = 12,
  protocolViolation = 13,
};

// The code of the first cause of an ABORT or ERROR; none when it has none or is malformed.
std::optional<std::uint16_t> firstCause(Bytes body);

ByteVector makeError(Cause cause, Bytes detail);
ByteVector makeAbort(std::uint8_t flags, Cause cause, Bytes detail);

}  // namespace parley::sctp
