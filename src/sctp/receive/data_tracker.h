#pragma once

#include <cstdint>
#include <vector>

#include "core/planted.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/types.h"

namespace parley::sctp {

// Which TSNs have arrived: the cumulative one and ranges beyond it, bounded in number and reach.
// TSNs are unwrapped to positions that never wrap; the peer's first TSN is position 1.
class DataTracker {
 public:
  explicit DataTracker(Tsn peerInitialTsn) : cumulativeTsn_(peerInitialTsn - 1) {}

  enum class Verdict : std::uint8_t { fresh, duplicate, tooFar };
  Verdict look(Tsn tsn) const;
  void insert(Tsn tsn);  // of a fresh one
  void noteDuplicate(Tsn tsn);
  void forwardTo(Tsn newCumulativeTsn);  // RFC 3758 3.6, of one that isPlausible()

  std::int64_t positionOf(Tsn tsn) const {
    if (isPlanted(PlantedBug::wrapIgnored))
      return cumulative_ + tsn.value - std::int64_t{cumulativeTsn_.value};
    return cumulative_ + distance(cumulativeTsn_, tsn);
  }
  std::int64_t cumulative() const { return cumulative_; }
  Tsn cumulativeTsn() const { return cumulativeTsn_; }
  std::int64_t highest() const { return ranges_.empty() ? cumulative_ : ranges_.back().last; }
  bool hasGaps() const { return !ranges_.empty(); }
  std::size_t rangeCount() const { return ranges_.size(); }

  // Adapts how far ahead a TSN may be to the size of what the peer sends: a window of tiny chunks
  // holds many TSNs.
  void adaptReach(std::size_t window, std::size_t payloadSize);
  std::uint32_t reach() const { return reach_; }

  // Fills in the cumulative TSN, the gaps and the duplicates, which are forgotten by that.
  void report(SackChunk& sack, std::size_t room);

 private:
  struct Range {
    std::int64_t first, last;
  };
  void absorbFront();

  Tsn cumulativeTsn_;
  std::int64_t cumulative_ = 0;
  std::vector<Range> ranges_;  // ascending, apart from each other and from the cumulative one
  std::vector<Tsn> duplicates_;
  std::size_t averagePayload_ = 1'000;
  std::uint32_t reach_ = 2'000;
};

}  // namespace parley::sctp
