#include "tls/restarts.h"

namespace parley::dtls {
namespace {

TEST(Restarts, AllowThreeInAnySecond) {
  Restarts restarts;
  const Instant begin{};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(restarts.isAllowed(begin + i * 100ms));
    restarts.note(begin + i * 100ms);
  }
  EXPECT_FALSE(restarts.isAllowed(begin + 999ms));
  EXPECT_EQ(restarts.nextAllowed(), begin + 1s);
  EXPECT_TRUE(restarts.isAllowed(begin + 1s));
  restarts.note(begin + 1s);
  EXPECT_FALSE(restarts.isAllowed(begin + 1s));
  EXPECT_TRUE(restarts.isAllowed(begin + 1100ms));
}

TEST(Restarts, AllowTenInAll) {
  Restarts restarts;
  Instant now{};
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(restarts.isAllowed(now));
    restarts.note(now);
    now += 1s;
  }
  EXPECT_TRUE(restarts.isUsedUp());
  EXPECT_FALSE(restarts.isAllowed(now + 3600s));
}

}  // namespace
}  // namespace parley::dtls
