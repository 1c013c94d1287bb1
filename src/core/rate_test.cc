#include "core/rate.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

TEST(PerSecond, GivesSoManyAndAgainInTheNextSecond) {
  PerSecond rate(3);
  Instant now{Duration(5'000)};
  for (int second = 0; second < 3; ++second, now += 1s) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(rate.take(now));
    EXPECT_FALSE(rate.take(now));
    EXPECT_FALSE(rate.take(now + 1s - Duration(1)));
  }
}

TEST(PerSecond, OfNoneGivesNone) { EXPECT_FALSE(PerSecond(0).take(Instant{})); }

}  // namespace
}  // namespace parley
