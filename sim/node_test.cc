#include "sim/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_talker.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

using testing::Talker;

constexpr std::int64_t kSecond = 1'000'000;
constexpr Duration kYears = 10 * 365 * 24h;

struct NodeTest : ::testing::Test {
  World world{8};
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  Link& link = world.connect(alice, bob);
  Talker a{alice}, b{bob};
  const Instant start = world.now();

  // What bob's wall clock is ahead of the world's when a timer rings.
  std::int64_t wallError() {
    bob.host().wakeAt(b, world.now() + 1ms);
    world.runFor(1ms);
    EXPECT_EQ(b.rang.back(), world.now()) << "the other clock is right";
    return b.walls.back() - world.wallMicros();
  }
  void say(std::string_view text) { a.say({bob.address(), 7'000}, text); }
};

TEST_F(NodeTest, TheWallClockOfOneNodeJumps) {
  EXPECT_EQ(wallError(), 0);
  for (const Duration jump : {Duration(1h), Duration(-2h), kYears, -2 * kYears}) {
    const std::int64_t before = wallError();
    bob.shiftWallClock(jump);
    EXPECT_EQ(wallError() - before, jump.count());
  }
  alice.host().wakeAt(a, world.now());
  world.runFor(1ms);
  EXPECT_EQ(a.walls.back() + 1'000, world.wallMicros()) << "of one node only";
}

TEST_F(NodeTest, TheWallClockStandsStillAndRunsBackwards) {
  bob.wallClock().setRate(0);
  const std::int64_t stuck = wallError() + world.wallMicros();
  world.runFor(1h);
  EXPECT_EQ(wallError() + world.wallMicros(), stuck);
  bob.wallClock().setRate(-1);
  wallError();
  world.runFor(10s);
  EXPECT_NEAR(static_cast<double>(wallError() + world.wallMicros() - stuck), -10 * kSecond, 2'000);
  bob.wallClock().setRate(1);
  const std::int64_t error = wallError();
  world.runFor(10s);
  EXPECT_EQ(wallError(), error);
}

TEST_F(NodeTest, ASuspendedNodeTakesNoTurnAndWakesToAClockThatWentOn) {
  bob.host().wakeAt(b, start + 10s);
  world.runFor(5s);
  const std::uint64_t turns = bob.turns();
  bob.sleep(1h);
  world.at(1min, [&] { say("lost"); });
  world.runFor(1h - 1ms);
  EXPECT_EQ(bob.turns(), turns);
  world.runFor(1ms);
  EXPECT_EQ(b.rang, std::vector<Instant>{start + 5s + 1h}) << "late, and once";
  say("heard");
  world.runFor(1s);
  EXPECT_THAT(b.heard, ::testing::ElementsAre("heard"));
  EXPECT_EQ(bob.dropped(), 1u);
}

TEST_F(NodeTest, ASuspendedNodeMayKeepTheFirstOfWhatArrives) {
  bob.sleep(10s, 2);
  for (const char* text : {"1", "2", "3"}) say(text);
  world.runFor(9s);
  EXPECT_TRUE(b.heard.empty());
  world.runFor(1s);
  EXPECT_THAT(b.heard, ::testing::ElementsAre("1", "2"));
  EXPECT_EQ(b.when.front(), start + 10s);
}

TEST_F(NodeTest, ASlowNodeIsLateByABoundAndReadsSeveralAtOnce) {
  bob.setSlowness(200ms);
  for (int i = 0; i < 100; ++i) world.at(10ms * i, [&] { say("x"); });
  const std::uint64_t before = bob.turns();
  world.runFor(5s);
  ASSERT_EQ(b.when.size(), 100u);
  EXPECT_LT(bob.turns() - before, 60u);
  Duration latest{};
  for (std::size_t i = 0; i < 100; ++i) {
    const Duration since = b.when[i] - start;
    latest = std::max(latest, since - Duration(10ms) * static_cast<Duration::rep>(i) - 20ms);
  }
  EXPECT_LE(latest, 200ms);
  EXPECT_GT(latest, 100ms);
}

TEST_F(NodeTest, WhatItsSocketsCannotHoldIsDropped) {
  bob.setSlowness(10s);
  bob.setReceiveBuffer(3'000);
  for (int i = 0; i < 5; ++i) say(std::string(1'000, 'x'));
  world.runFor(11s);
  EXPECT_EQ(b.heard.size(), 3u);
  EXPECT_EQ(bob.dropped(), 2u);
  say(std::string(1'000, 'x'));
  world.runFor(11s);
  EXPECT_EQ(b.heard.size(), 4u);
}

TEST_F(NodeTest, TellsThoseWhoWatchThatAddressesCameOrWent) {
  const IpAddress second = *IpAddress::parse("10.0.9.9");
  bob.addAddress(second);
  world.runFor(1s);
  EXPECT_EQ(b.changes, 0);
  bob.host().watchInterfaces(b);
  world.runFor(1s);
  EXPECT_EQ(b.changes, 0) << "what was before it watched is not news";
  bob.removeAddress(second);
  bob.addAddress(second);
  world.runFor(1s);
  EXPECT_EQ(b.changes, 1) << "both at one instant";
  bob.removeAddress(second);
  bob.removeAddress(second);
  world.runFor(1s);
  EXPECT_EQ(b.changes, 2);
  EXPECT_EQ(a.changes, 0);
  bob.host().leave(b);
  bob.addAddress(second);
  world.runFor(1s);
  EXPECT_EQ(b.changes, 2);
}

}  // namespace
}  // namespace parley::sim
