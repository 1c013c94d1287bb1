#include "sctp/receive/data_tracker.h"

#include <gtest/gtest.h>

#include <set>

#include "core/limits.h"
#include "core/random.h"

namespace parley::sctp {
namespace {

using Verdict = DataTracker::Verdict;

TEST(DataTracker, AgreesWithASetOverRandomArrivalsAroundTheWrap) {  // S-11
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const Tsn initial{0xffff'ffff - static_cast<std::uint32_t>(random.below(200))};
    DataTracker tracker(initial);
    std::set<std::uint32_t> got;   // offsets from the initial TSN
    std::uint32_t cumulative = 0;  // how many in a row
    for (int i = 0; i < 2'000; ++i) {
      const auto offset = static_cast<std::uint32_t>(cumulative + random.below(60));
      const Tsn tsn = initial + offset;
      const bool known = offset < cumulative || got.contains(offset);
      ASSERT_EQ(tracker.look(tsn), known ? Verdict::duplicate : Verdict::fresh);
      if (known) continue;
      tracker.insert(tsn);
      got.insert(offset);
      while (got.contains(cumulative)) ++cumulative;
      ASSERT_EQ(tracker.cumulativeTsn(), initial + (cumulative - 1));
      SackChunk sack;
      tracker.report(sack, 1'000);
      std::size_t reported = 0;
      for (const auto& gap : sack.gaps) {
        for (std::uint32_t at = gap.first; at <= gap.last; ++at, ++reported) {
          ASSERT_TRUE(got.contains(cumulative - 1 + at));
        }
      }
      got.erase(got.begin(), got.lower_bound(cumulative));
      ASSERT_EQ(reported, got.size());
    }
  }
}

TEST(DataTracker, RefusesWhatIsTooFarAhead) {
  DataTracker tracker({1'000});
  EXPECT_EQ(tracker.look(Tsn{999 + tracker.reach()}), Verdict::fresh);
  EXPECT_EQ(tracker.look(Tsn{1'000 + tracker.reach()}), Verdict::tooFar);
  EXPECT_EQ(tracker.look(Tsn{1'000 + 0x7fff'0000}), Verdict::tooFar);
}

TEST(DataTracker, ReachesFurtherWhenChunksAreSmallButNeverBeyondTheLimit) {
  DataTracker tracker({1});
  for (int i = 0; i < 200; ++i) tracker.adaptReach(5u << 20, 1'160);
  EXPECT_GT(tracker.reach(), 10'000u);
  for (int i = 0; i < 200; ++i) tracker.adaptReach(5u << 20, 1);
  EXPECT_EQ(tracker.reach(), limits::sctp::kTsnDistanceMax);
  for (int i = 0; i < 200; ++i) tracker.adaptReach(128u << 10, 1'160);
  EXPECT_EQ(tracker.reach(), limits::sctp::kTsnDistanceMin);
}

TEST(DataTracker, KeepsABoundedNumberOfRangesButStillFillsHoles) {  // S-9
  DataTracker tracker({1});
  for (std::uint32_t tsn = 3; tracker.look({tsn}) == Verdict::fresh; tsn += 2)
    tracker.insert({tsn});
  EXPECT_LE(tracker.rangeCount(), limits::sctp::kGapRangesKept);
  EXPECT_EQ(tracker.look({2}), Verdict::fresh);
  tracker.insert({2});
  EXPECT_EQ(tracker.look({1}), Verdict::fresh);
  tracker.insert({1});
  EXPECT_EQ(tracker.cumulativeTsn(), Tsn{3});
}

TEST(DataTracker, ReportsNoMoreThanItsLimitsAndForgetsDuplicatesOnceReported) {
  DataTracker tracker({1});
  for (std::uint32_t tsn = 3; tsn < 600; tsn += 2) tracker.insert({tsn});
  for (std::uint32_t i = 0; i < 100; ++i) tracker.noteDuplicate({3});
  SackChunk sack;
  tracker.report(sack, 1'176);
  EXPECT_EQ(sack.gaps.size(), limits::sctp::kGapRangesReported);
  EXPECT_EQ(sack.duplicates.size(), limits::sctp::kDuplicatesReported);
  SackChunk next;
  tracker.report(next, 1'176);
  EXPECT_TRUE(next.duplicates.empty());
}

TEST(DataTracker, MovesForwardOverHoles) {
  DataTracker tracker({1});
  tracker.insert({3});
  tracker.insert({4});
  tracker.insert({8});
  tracker.forwardTo({2});
  EXPECT_EQ(tracker.cumulativeTsn(), Tsn{4});
  tracker.forwardTo({3});  // older
  EXPECT_EQ(tracker.cumulativeTsn(), Tsn{4});
  tracker.forwardTo({8});
  EXPECT_EQ(tracker.cumulativeTsn(), Tsn{8});
  EXPECT_FALSE(tracker.hasGaps());
}

}  // namespace
}  // namespace parley::sctp
