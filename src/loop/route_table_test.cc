#include "loop/route_table.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace parley::loop {
namespace {

constexpr SocketId kPort{1}, kOtherPort{2};
constexpr SocketId kShare{11}, kOther{12};

Address at(std::uint16_t port) { return {IpAddress::v4({192, 0, 2, 1}), port}; }

TEST(RouteTableTest, TheFirstOneKeepsAnAddressUntilItIsRemoved) {
  RouteTable table(1);
  EXPECT_EQ(table.find(kPort, at(9)), std::nullopt);
  EXPECT_TRUE(table.add(kPort, at(9), kShare));
  EXPECT_TRUE(table.add(kPort, at(9), kShare));
  EXPECT_FALSE(table.add(kPort, at(9), kOther));
  EXPECT_EQ(table.find(kPort, at(9)), kShare);
  table.remove(kOther);
  EXPECT_EQ(table.find(kPort, at(9)), kShare);
  table.remove(kShare);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_TRUE(table.add(kPort, at(9), kOther));
}

TEST(RouteTableTest, TheSameAddressAtAnotherPortOfOursIsAnotherOne) {
  RouteTable table(1);
  EXPECT_TRUE(table.add(kPort, at(9), kShare));
  EXPECT_TRUE(table.add(kOtherPort, at(9), kOther));
  EXPECT_EQ(table.find(kPort, at(9)), kShare);
  EXPECT_EQ(table.find(kOtherPort, at(9)), kOther);
}

TEST(RouteTableTest, OfTooManyTheOneThatWasNotHeardOfForLongestGivesWay) {
  RouteTable table(1);
  for (std::uint16_t port = 1; port <= limits::mux::kRoutes; ++port)
    table.add(kPort, at(port), kShare);
  table.add(kPort, at(1), kShare);
  table.add(kPort, at(99), kShare);
  EXPECT_EQ(table.size(), limits::mux::kRoutes);
  EXPECT_EQ(table.find(kPort, at(1)), kShare);
  EXPECT_EQ(table.find(kPort, at(2)), std::nullopt);
  EXPECT_EQ(table.find(kPort, at(99)), kShare);
}

}  // namespace
}  // namespace parley::loop
