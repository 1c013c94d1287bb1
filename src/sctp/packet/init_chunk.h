#pragma once

#include <optional>
#include <vector>

#include "sctp/packet/chunk.h"

namespace parley::sctp {

// What of the optional protocols one side offers.
struct Extensions {
  bool partialReliability = false;  // RFC 3758
  bool reConfig = false;            // RFC 6525

  friend Extensions operator&(Extensions a, Extensions b) {
    return {a.partialReliability && b.partialReliability, a.reConfig && b.reConfig};
  }
};

// INIT and INIT ACK (RFC 9260 3.3.2, 3.3.3): the same fields; only INIT ACK carries a cookie.
struct InitChunk {
  static constexpr std::uint32_t kReceiverWindowMin = 1'500;

  Tag tag;
  std::uint32_t receiverWindow = 0;
  std::uint16_t streamsOut = 0;
  std::uint16_t streamsIn = 0;
  Tsn initialTsn;
  Extensions extensions;
  ByteVector cookie;
  // Parameters to be reported, whole, already wrapped as error causes or parameters by the reader.
  std::vector<ByteVector> unrecognized;

  // Address parameters are passed over: inside DTLS there is one path (RFC 8261 6.1).
  static std::optional<InitChunk> parse(Bytes body);
  ByteVector toChunk(ChunkType type) const;
};

}  // namespace parley::sctp
