#include "server/allocation.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace parley::server {
namespace {

constexpr Instant kNow{1'000s};

Address peer(unsigned n, std::uint16_t port = 5'000) {
  return {IpAddress::v4({203, 0, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}),
          port};
}

struct AllocationTest : testing::Test {
  AllocationTest() { allocation.refresh(kNow + 600s); }
  bool permit(const Address& who, Instant until) {
    return allocation.permit(kNow, {&who, 1}, until).has_value();
  }
  bool bind(unsigned number, const Address& to, Instant now = kNow) {
    const auto n = static_cast<std::uint16_t>(number);
    return allocation.bind(now, {n, to, now + 600s}, now + 300s).has_value();
  }
  Allocation allocation{AllocationId{1}, {{}, "alice", {}}, {}, {}};
};

TEST_F(AllocationTest, PermitsAnAddressWhateverItsPortUntilItEnds) {
  EXPECT_FALSE(allocation.permits(kNow, peer(1).ip));
  ASSERT_TRUE(permit(peer(1), kNow + 300s));
  EXPECT_TRUE(allocation.permits(kNow, peer(1, 9).ip));
  EXPECT_TRUE(allocation.permits(kNow + 300s - 1us, peer(1).ip));
  EXPECT_FALSE(allocation.permits(kNow + 300s, peer(1).ip)) << "though nobody cleared it away";
  EXPECT_FALSE(allocation.permits(kNow, peer(2).ip));
}

TEST_F(AllocationTest, GivesAllPermissionsOrNone) {
  for (unsigned i = 0; i + 1 < limits::server::kPermissions; ++i)
    ASSERT_TRUE(permit(peer(i), kNow + 300s));
  const std::array two{peer(1'000), peer(1'001)};
  EXPECT_FALSE(allocation.permit(kNow, two, kNow + 300s));
  EXPECT_FALSE(allocation.permits(kNow, two[0].ip));
  const std::array once{peer(1'000), peer(1'000, 7)};
  EXPECT_TRUE(allocation.permit(kNow, once, kNow + 300s)) << "the same address twice is one";
  EXPECT_TRUE(permit(peer(1'000), kNow + 400s)) << "renewing takes no room";
  EXPECT_FALSE(permit(peer(1'001), kNow + 300s));
  EXPECT_TRUE(allocation.permit(kNow + 300s, two, kNow + 600s)) << "the old ones have ended";
}

TEST_F(AllocationTest, BindsANumberToOnePeerAndAPeerToOneNumber) {
  ASSERT_TRUE(bind(0x4000, peer(1)));
  EXPECT_TRUE(bind(0x4000, peer(1))) << "renewed";
  EXPECT_FALSE(bind(0x4000, peer(2)));
  EXPECT_FALSE(bind(0x4000, peer(1, 9))) << "the port counts";
  EXPECT_FALSE(bind(0x4001, peer(1)));
  EXPECT_TRUE(bind(0x4001, peer(1, 9)));
  EXPECT_TRUE(allocation.permits(kNow, peer(1).ip));
  EXPECT_FALSE(allocation.permits(kNow, peer(2).ip)) << "a refusal gives no permission";
  EXPECT_TRUE(bind(0x4000, peer(2), kNow + 600s)) << "the number is free again";
  EXPECT_EQ(allocation.channelTo(kNow + 600s, peer(1)), nullptr);
}

TEST_F(AllocationTest, KnowsTheNumbersThatMayBeBound) {
  for (const unsigned number : {0x0000u, 0x3fffu, 0x5000u, 0x7fffu, 0xffffu})
    EXPECT_FALSE(bind(number, peer(1))) << number;
  EXPECT_TRUE(bind(0x4fff, peer(1)));
}

TEST_F(AllocationTest, HoldsABoundedNumberOfChannels) {
  for (unsigned i = 0; i < limits::server::kChannels; ++i)
    ASSERT_TRUE(bind(static_cast<std::uint16_t>(0x4000 + i),
                     peer(i % 8, static_cast<std::uint16_t>(i + 1))));
  const auto refused = allocation.bind(kNow, {0x4f00, peer(300), kNow + 600s}, kNow + 300s);
  EXPECT_EQ(refused.error(), stun::ErrorCode::insufficientCapacity);
  EXPECT_FALSE(allocation.permits(kNow, peer(300).ip));
}

TEST_F(AllocationTest, ItsDeadlineIsTheFirstThingThatEnds) {
  EXPECT_EQ(allocation.deadline(), kNow + 600s);
  ASSERT_TRUE(bind(0x4000, peer(1)));
  EXPECT_EQ(allocation.deadline(), kNow + 300s);
  allocation.expire(kNow + 300s);
  EXPECT_EQ(allocation.deadline(), kNow + 600s);
  EXPECT_EQ(allocation.permissionCount(), 0u);
  EXPECT_EQ(allocation.channelCount(), 1u) << "a channel outlives its permission";
  EXPECT_TRUE(allocation.permissions(kNow + 300s).empty());
}

}  // namespace
}  // namespace parley::server
