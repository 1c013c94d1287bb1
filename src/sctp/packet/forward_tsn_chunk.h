#pragma once

#include <optional>
#include <vector>

#include "sctp/packet/chunk.h"

namespace parley::sctp {

// RFC 3758 3.2: everything up to newCumulativeTsn is not to be waited for; on each ordered stream
// named, neither is anything up to its SSN.
struct ForwardTsnChunk {
  struct Skipped {
    StreamId stream;
    Ssn ssn;
  };

  Tsn newCumulativeTsn;
  std::vector<Skipped> skipped;

  static std::optional<ForwardTsnChunk> parse(Bytes body);
  ByteVector toChunk() const;
};

}  // namespace parley::sctp
