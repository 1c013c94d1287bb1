#include "core/timer.h"

namespace parley {
namespace {

constexpr Instant kStart{1'000s};

TEST(Timer, ExpiresOnceAtItsTime) {
  Timer timer;
  EXPECT_EQ(timer.due(), never());
  timer.start(kStart, 10ms);
  EXPECT_FALSE(timer.expire(kStart + 9ms));
  EXPECT_TRUE(timer.expire(kStart + 10ms));
  EXPECT_FALSE(timer.expire(kStart + 20ms));
  EXPECT_FALSE(timer.isRunning());
}

TEST(BackoffTimer, DoublesUpToTheLongestWaitAndGivesUp) {
  BackoffTimer timer({.initial = 100ms, .longest = 300ms, .attemptsMax = 4});
  timer.start(kStart);
  std::vector<std::int64_t> waits;
  Instant now = kStart;
  for (;;) {
    waits.push_back((timer.due() - now) / 1ms);
    now = timer.due();
    const auto outcome = timer.onTimer(now);
    if (outcome == BackoffTimer::Outcome::gaveUp) break;
    ASSERT_EQ(outcome, BackoffTimer::Outcome::resend);
  }
  EXPECT_THAT(waits, testing::ElementsAre(100, 200, 300, 300));
  EXPECT_FALSE(timer.isRunning());
}

TEST(BackoffTimer, WaitsWhileItIsNotDue) {
  BackoffTimer timer({.initial = 100ms, .longest = 300ms});
  timer.start(kStart);
  EXPECT_EQ(timer.onTimer(kStart + 99ms), BackoffTimer::Outcome::waiting);
  EXPECT_EQ(timer.attempts(), 1);
}

TEST(Earliest, PicksTheFirstOfSeveralInstants) {
  EXPECT_EQ(earliest(never(), kStart + 2s, kStart + 1s), kStart + 1s);
}

}  // namespace
}  // namespace parley
