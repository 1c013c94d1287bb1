#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace parley::stun {

// CRC-32 of ITU V.42, as FINGERPRINT uses it (RFC 8489 14.7). No protection against anybody: it
// only tells STUN from other protocols.
std::uint32_t crc32(Bytes bytes);

}  // namespace parley::stun
