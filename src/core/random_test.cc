#include "core/random.h"

namespace parley {
namespace {

TEST(Random, RepeatsItselfUnderOneSeedOnly) {
  Random first(7), same(7), other(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t number = first.u64();
    EXPECT_EQ(number, same.u64());
    differs |= number != other.u64();
  }
  EXPECT_TRUE(differs);
}

TEST(Random, StaysBelowItsBoundAndReachesAllOfIt) {
  Random random(1);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6'000; ++i) ++seen.at(random.below(6));
  for (const int count : seen) EXPECT_GT(count, 800);
  EXPECT_EQ(random.below(0), 0u);
}

TEST(Random, GivesFractionsBelowOne) {
  Random random(1);
  for (int i = 0; i < 1'000; ++i) {
    const double unit = random.unit();
    EXPECT_GE(unit, 0.0);
    EXPECT_LT(unit, 1.0);
  }
}

}  // namespace
}  // namespace parley
