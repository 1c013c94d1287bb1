#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace parley::session {

enum class Protocol : std::uint8_t { unknown, stun, zrtp, dtls, turnChannel, rtp };

// What the first byte says a datagram is, and nothing but that (RFC 7983 7).
inline Protocol protocolOf(Bytes datagram) {
  if (datagram.empty()) return Protocol::unknown;
  const std::uint8_t first = datagram.front();
  if (first < 4) return Protocol::stun;
  if (first < 16) return Protocol::unknown;
  if (first < 20) return Protocol::zrtp;
  if (first < 64) return Protocol::dtls;
  if (first < 80) return Protocol::turnChannel;
  if (first >= 128 && first < 192) return Protocol::rtp;
  return Protocol::unknown;
}

}  // namespace parley::session
