#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "loop/fake_driver.h"

namespace parley::loop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The owner of a shared socket, which forwards to a share or does not.
struct Porter final : Host::Guest {
  explicit Porter(Host& on) : host(on) {}
  void onDatagram(Step&, Datagram datagram) override {
    ++datagrams;
    if (to != SocketId{}) host.forward(to, std::move(datagram));
  }
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onShareClosed(SocketId share) override { closed.push_back(share); }

  Host& host;
  SocketId to{};
  int datagrams = 0;
  std::vector<SocketId> closed;
};

struct LoopSharesTest : testing::Test, LoopFixture {
  const Address remote{IpAddress::v4({192, 0, 2, 1}), 9};  // where deliver() delivers from
  Porter porter{loop};
  ScriptedGuest guest{loop}, other{loop};
  SocketId port, share, second;
  LoopSharesTest() {
    loop.enter(porter);
    loop.enter(guest);
    loop.enter(other);
    port = open(porter);
    share = loop.shareUdp(guest, port)->socket;
    second = loop.shareUdp(other, port)->socket;
  }
  ~LoopSharesTest() { loop.leave(porter); }
};

TEST_F(LoopSharesTest, WhatHasNoRouteGoesToTheOwnerAndIsForwardedByIt) {
  turn([&] { deliver(port); });
  EXPECT_EQ(porter.datagrams, 1);
  EXPECT_EQ(guest.datagrams, 0);
  porter.to = share;
  SocketId heard{};
  guest.datagramDo = [&](Step&, Datagram datagram) { heard = datagram.socket; };
  turn([&] { deliver(port); });
  EXPECT_EQ(guest.datagrams, 1);
  EXPECT_EQ(guest.settled, 1);
  EXPECT_EQ(heard, share);
}

TEST_F(LoopSharesTest, WhatHasARouteGoesToItsShareAlone) {
  EXPECT_TRUE(loop.route(share, remote));
  turn([&] { deliver(port); });
  EXPECT_EQ(guest.datagrams, 1);
  EXPECT_EQ(porter.datagrams + other.datagrams, 0);
  EXPECT_FALSE(loop.route(second, remote));
  EXPECT_EQ(loop.report().routesRefused, 1u);
  turn([&] { deliver(port); });
  EXPECT_EQ(guest.datagrams, 2);
  loop.unroute(share);
  EXPECT_TRUE(loop.route(second, remote));
  turn([&] { deliver(port); });
  EXPECT_EQ(other.datagrams, 1);
}

TEST_F(LoopSharesTest, SharesSendOnTheSharedSocketAndCloseNothingButThemselves) {
  turn([&] {
    sendText(share, "from one");
    sendText(second, "from another");
    loop.close(share);
    sendText(share, "late");
  });
  ASSERT_EQ(driver.sent.size(), 2u);
  EXPECT_EQ(driver.sent[0].first, port);
  EXPECT_EQ(driver.sent[1].first, port);
  EXPECT_EQ(driver.open.size(), 1u);
  EXPECT_THAT(porter.closed, ElementsAre(share));
  EXPECT_EQ(loop.report().datagramsDropped, 1u);
}

TEST_F(LoopSharesTest, AHeirHasTheRoutesOfTheShareUntilItLeaves) {
  loop.route(share, remote);
  loop.handOver(share, other);
  loop.leave(guest);
  turn([&] { deliver(port); });
  EXPECT_EQ(other.datagrams, 1);
  loop.leave(other);
  turn([&] { deliver(port); });
  EXPECT_EQ(porter.datagrams, 1);
  EXPECT_EQ(loop.report().routes + loop.report().shares, 0u);
  EXPECT_EQ(driver.open.size(), 1u);
}

TEST_F(LoopSharesTest, ASharedSocketThatIsClosedStaysOpenForItsShares) {
  loop.route(share, remote);
  loop.leave(porter);
  EXPECT_EQ(driver.open.size(), 1u);
  EXPECT_EQ(loop.shareUdp(guest, port).error(), OpenError::outOfResources);
  turn([&] {
    deliver(port);
    sendText(share, "farewell");
    loop.close(share);
    loop.close(second);
  });
  EXPECT_EQ(guest.datagrams, 1);
  EXPECT_THAT(driver.log, ElementsAre("send 1", "close 1"));
  EXPECT_THAT(driver.open, IsEmpty());
  EXPECT_THAT(porter.closed, IsEmpty());
  EXPECT_EQ(loop.report().sockets, 0u);
}

TEST_F(LoopSharesTest, OneThatIsClosedOrOnlyForItsSharesHearsNothing) {
  loop.leave(porter);
  turn([&] { deliver(port); });
  EXPECT_EQ(loop.report().datagramsDropped, 1u);
  loop.close(share);
  EXPECT_FALSE(loop.route(share, remote));
  turn([&] { loop.forward(share, {}); });
  EXPECT_EQ(guest.datagrams, 0);
}

}  // namespace
}  // namespace parley::loop
