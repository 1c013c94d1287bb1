// What a loop keeps of the link it is on: names of its own, and who watches the interfaces.

#include <gtest/gtest.h>

#include "core/limits.h"
#include "core/local_name.h"
#include "loop/fake_driver.h"
#include "loop/loop.h"

namespace parley::loop {
namespace {

struct LoopLinkTest : testing::Test, LoopFixture {
  ScriptedGuest guest{loop};
  ScriptedGuest other{loop};
  LoopLinkTest() {
    loop.enter(guest);
    loop.enter(other);
  }
};

TEST_F(LoopLinkTest, PublishesFreshNamesAndTakesThemBackWithTheGuest) {
  const IpAddress one = IpAddress::v4({10, 0, 0, 1});
  driver.published.clear();
  const std::string first = loop.publishName(guest, one);
  EXPECT_TRUE(isCandidateName(first));
  EXPECT_EQ(driver.published.at(first), one);
  EXPECT_EQ(loop.report().namesPublished, 1u);
  loop.withdrawName(other, first);
  EXPECT_EQ(loop.report().namesPublished, 1u) << "it is not the other's";
  loop.withdrawName(guest, first);
  loop.withdrawName(guest, first);
  EXPECT_TRUE(driver.published.empty());
  loop.publishName(guest, one);
  loop.publishName(guest, one);
  loop.leave(guest);
  EXPECT_TRUE(driver.published.empty());
  EXPECT_EQ(loop.report().namesPublished, 0u);
  EXPECT_EQ(loop.publishName(guest, one), "");
}

TEST_F(LoopLinkTest, PublishesABoundedNumberOfNames) {
  for (std::size_t i = 0; i < limits::mdns::kPublished; ++i)
    EXPECT_NE(loop.publishName(guest, {}), "");
  EXPECT_EQ(loop.publishName(guest, {}), "");
  EXPECT_EQ(loop.report().namesPublished, limits::mdns::kPublished);
}

TEST_F(LoopLinkTest, TellsThoseWhoWatchThatInterfacesChanged) {
  turn([&] { loop.interfacesChanged(); });
  EXPECT_EQ(guest.changes, 0);
  EXPECT_EQ(driver.watchCalls, 0);
  loop.watchInterfaces(guest);
  loop.watchInterfaces(guest);
  loop.watchInterfaces(other);
  EXPECT_TRUE(driver.isWatching);
  EXPECT_EQ(driver.watchCalls, 1);
  turn([&] { loop.interfacesChanged(); });
  EXPECT_EQ(guest.changes, 1);
  EXPECT_EQ(guest.settled, 1);
  guest.changeDo = [&](Step&) { loop.leave(other); };
  turn([&] { loop.interfacesChanged(); });
  EXPECT_EQ(other.changes, 1) << "who has left is not told";
  EXPECT_TRUE(driver.isWatching);
  loop.leave(guest);
  EXPECT_FALSE(driver.isWatching);
  EXPECT_EQ(driver.watchCalls, 2);
}

TEST_F(LoopLinkTest, CountsTheSocketsOfTheDriverItself) {
  open(guest);
  driver.driverStats.socketsOfItsOwn = 2;
  EXPECT_EQ(loop.report().sockets, 3u);
}

}  // namespace
}  // namespace parley::loop
