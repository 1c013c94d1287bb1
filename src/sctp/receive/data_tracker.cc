#include "sctp/receive/data_tracker.h"

#include <algorithm>

#include "core/limits.h"
#include "core/planted.h"

namespace parley::sctp {

using limits::sctp::kDuplicatesReported;
using limits::sctp::kGapRangesKept;
using limits::sctp::kGapRangesReported;

DataTracker::Verdict DataTracker::look(Tsn tsn) const {
  const std::int64_t at = positionOf(tsn);
  if (at <= cumulative_)
    return isPlanted(PlantedBug::duplicateDelivered) ? Verdict::fresh : Verdict::duplicate;
  if (at > cumulative_ + reach_) return Verdict::tooFar;
  const auto after = std::ranges::upper_bound(ranges_, at, {}, &Range::first);
  if (after != ranges_.begin() && at <= std::prev(after)->last) return Verdict::duplicate;
  // A range more than we keep would be needed: only what closes or widens one is taken.
  const bool joins = (after != ranges_.begin() && std::prev(after)->last + 1 == at) ||
                     (after != ranges_.end() && after->first == at + 1) || at == cumulative_ + 1;
  if (!joins && ranges_.size() >= kGapRangesKept) return Verdict::tooFar;
  return Verdict::fresh;
}

void DataTracker::insert(Tsn tsn) {
  const std::int64_t at = positionOf(tsn);
  if (at == cumulative_ + 1) {
    ++cumulative_;
    cumulativeTsn_ = tsn;
    absorbFront();
    return;
  }
  const auto after = std::ranges::upper_bound(ranges_, at, {}, &Range::first);
  const bool joinsBefore = after != ranges_.begin() && std::prev(after)->last + 1 == at;
  const bool joinsAfter = after != ranges_.end() && after->first == at + 1;
  if (joinsBefore && joinsAfter) {
    std::prev(after)->last = after->last;
    ranges_.erase(after);
  } else if (joinsBefore) {
    std::prev(after)->last = at;
  } else if (joinsAfter) {
    after->first = at;
  } else {
    ranges_.insert(after, {at, at});
  }
}

void DataTracker::absorbFront() {
  if (ranges_.empty() || ranges_.front().first > cumulative_ + 1) return;
  const std::int64_t reached = std::max(cumulative_, ranges_.front().last);
  cumulativeTsn_ = cumulativeTsn_ + static_cast<std::uint32_t>(reached - cumulative_);
  cumulative_ = reached;
  ranges_.erase(ranges_.begin());
}

void DataTracker::noteDuplicate(Tsn tsn) {
  if (duplicates_.size() < kDuplicatesReported) duplicates_.push_back(tsn);
}

void DataTracker::forwardTo(Tsn newCumulativeTsn) {
  const std::int64_t to = positionOf(newCumulativeTsn);
  if (to <= cumulative_) return;
  cumulative_ = to;
  cumulativeTsn_ = newCumulativeTsn;
  const auto kept = std::ranges::find_if(ranges_, [to](const Range& r) { return r.last > to; });
  ranges_.erase(ranges_.begin(), kept);
  absorbFront();
}

void DataTracker::adaptReach(std::size_t window, std::size_t payloadSize) {
  averagePayload_ = (averagePayload_ * 15 + std::max<std::size_t>(payloadSize, 16)) / 16;
  const std::size_t wanted = 4 * window / std::max<std::size_t>(averagePayload_, 1);
  reach_ = static_cast<std::uint32_t>(std::clamp<std::size_t>(wanted, limits::sctp::kTsnDistanceMin,
                                                              limits::sctp::kTsnDistanceMax));
}

void DataTracker::report(SackChunk& sack, std::size_t room) {
  sack.cumulativeTsn = cumulativeTsn_;
  for (const Range& range : ranges_) {
    if (sack.gaps.size() == kGapRangesReported || sack.size() + 4 > room) break;
    sack.gaps.push_back({static_cast<std::uint16_t>(range.first - cumulative_),
                         static_cast<std::uint16_t>(range.last - cumulative_)});
  }
  for (const Tsn duplicate : duplicates_) {
    if (sack.size() + 4 > room) break;
    sack.duplicates.push_back(duplicate);
  }
  duplicates_.clear();
}

}  // namespace parley::sctp
