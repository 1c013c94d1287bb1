#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace parley::sctp {

// The checksum of an SCTP packet (RFC 9260 6.8, appendix A) over bytes whose checksum field is
// zero. On x86 with SSE4.2 one instruction takes eight bytes; elsewhere eight tables do.
std::uint32_t crc32c(Bytes bytes);
std::uint32_t crc32cPortable(Bytes bytes);

// The packet's own four bytes at offset 8 count as zero. Both take a packet of 12 bytes or more.
std::uint32_t packetChecksum(Bytes packet);
void writeChecksum(MutableBytes packet);
bool hasValidChecksum(Bytes packet);

}  // namespace parley::sctp
