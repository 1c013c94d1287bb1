#include "server/limiter.h"

#include <gtest/gtest.h>

namespace parley::server {
namespace {

constexpr Instant kStart{1'000s};
constexpr IpAddress kAlice = IpAddress::v4({192, 0, 2, 1});
constexpr IpAddress kBob = IpAddress::v4({192, 0, 2, 2});

int taken(Limiter& limiter, Instant now, const IpAddress& source, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limiter.take(now, source);
  return count;
}

TEST(Limiter, T5GivesSoManyASecondToASource) {
  Limiter limiter(10, 4'096, 1);
  EXPECT_EQ(taken(limiter, kStart, kAlice, 100), 10);
  EXPECT_EQ(taken(limiter, kStart, kBob, 100), 10) << "each has its own";
  EXPECT_EQ(taken(limiter, kStart + 500ms, kAlice, 100), 5);
  EXPECT_EQ(taken(limiter, kStart + 1h, kAlice, 100), 10) << "no more than a second's worth";
}

TEST(Limiter, ARateOverTimeIsNeverExceeded) {
  Limiter limiter(10, 4'096, 1);
  int count = 0;
  for (int i = 0; i < 10'000; ++i) count += limiter.take(kStart + 1ms * i, kAlice);
  EXPECT_GE(count, 100);
  EXPECT_LE(count, 110);
}

TEST(Limiter, SourcesOfOneSlotShareIt) {
  Limiter limiter(10, 1, 1);
  EXPECT_EQ(taken(limiter, kStart, kAlice, 100), 10);
  EXPECT_EQ(taken(limiter, kStart, kBob, 100), 0);
}

TEST(Limiter, ZeroMeansNoAnswerAtAll) {
  Limiter limiter(0, 16, 1);
  EXPECT_EQ(taken(limiter, kStart, kAlice, 5), 0);
}

}  // namespace
}  // namespace parley::server
