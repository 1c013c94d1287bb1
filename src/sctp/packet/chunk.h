#pragma once

#include <cstdint>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "sctp/types.h"

// The common header and the chunks of a packet (RFC 9260 3), seen in place. A packet is walked
// once: every view handed out lies inside it, and nobody walks it again.

namespace parley::sctp {

enum class ChunkType : std::uint8_t {
  data = 0,
  init = 1,
  initAck = 2,
  sack = 3,
  heartbeat = 4,
  heartbeatAck = 5,
  abort = 6,
  shutdown = 7,
  shutdownAck = 8,
  error = 9,
  cookieEcho = 10,
  cookieAck = 11,
  shutdownComplete = 14,
  reConfig = 130,    // RFC 6525
  forwardTsn = 192,  // RFC 3758
};

inline constexpr std::uint8_t kTagReflected = 1;  // the T bit of ABORT and SHUTDOWN COMPLETE

inline constexpr std::size_t kCommonHeader = 12;
inline constexpr std::size_t kChunkHeader = 4;

constexpr std::size_t padded(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

struct CommonHeader {
  std::uint16_t sourcePort, destinationPort;
  Tag tag;
};

struct ChunkView {
  ChunkType type;
  std::uint8_t flags;
  Bytes body;   // without header and padding
  Bytes whole;  // with the header, without padding
};

// Fills `chunks`, whose storage the caller keeps from packet to packet. Does not look at the
// checksum. A single bad length spoils the packet.
Result<CommonHeader, ParseError> parsePacket(Bytes packet, std::vector<ChunkView>& chunks);

// A chunk, parameter or cause of its own: header, body, zeros up to four bytes.
ByteVector makeChunk(ChunkType type, std::uint8_t flags, Bytes body = {});
void appendTlv(ByteVector& to, std::uint16_t type, Bytes value);

struct TlvView {
  std::uint16_t type;
  Bytes value;
  Bytes whole;
};

// Parameters (3.2.1) and error causes (3.3.10) have the same form. False: a bad length.
bool parseTlvs(Bytes bytes, std::vector<TlvView>& out);

}  // namespace parley::sctp
