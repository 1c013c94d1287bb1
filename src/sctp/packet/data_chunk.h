#pragma once

#include <optional>

#include "core/wire.h"
#include "sctp/packet/chunk.h"

namespace parley::sctp {

// RFC 9260 3.3.1, with the I bit of RFC 7053.
struct DataChunk {
  static constexpr std::size_t kHeader = 16;  // with the chunk header
  static constexpr std::uint8_t kEnd = 1, kBegin = 2, kUnordered = 4, kImmediate = 8;

  Tsn tsn;
  StreamId stream;
  Ssn ssn;
  PayloadProtocol protocol;
  std::uint8_t flags = 0;
  Bytes payload;

  bool begins() const { return flags & kBegin; }
  bool ends() const { return flags & kEnd; }
  bool unordered() const { return flags & kUnordered; }

  static std::optional<DataChunk> parse(const ChunkView& chunk);  // nothing when without payload
  void write(MutableBytes room) const;  // room: padded(kHeader + payload.size())
};

}  // namespace parley::sctp
