#pragma once

#include <optional>
#include <vector>

#include "sctp/packet/chunk.h"

namespace parley::sctp {

// RFC 9260 3.3.4.
struct SackChunk {
  struct Gap {
    std::uint16_t first, last;  // offsets from the cumulative TSN, inclusive
  };

  Tsn cumulativeTsn;
  std::uint32_t receiverWindow = 0;
  std::vector<Gap> gaps;
  std::vector<Tsn> duplicates;

  static std::optional<SackChunk> parse(Bytes body);
  std::size_t size() const { return 16 + 4 * (gaps.size() + duplicates.size()); }
  void write(MutableBytes room) const;  // room: size()
};

}  // namespace parley::sctp
