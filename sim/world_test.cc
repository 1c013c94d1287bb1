#include "sim/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "sim/test_talker.h"

namespace parley::sim {
namespace {

using testing::Talker;

struct WorldTest : ::testing::Test {
  WorldTest() { a.answersPings = b.answersPings = true; }

  World world{42};
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  Talker a{alice};
  Talker b{bob};
  const Address toBob{bob.address(), 7'000};

  void sayMany(int count) {
    alice.post([this, count] {
      for (int i = 0; i < count; ++i) a.say(toBob, std::to_string(i));
    });
  }
};

TEST_F(WorldTest, CarriesADatagramThereAndTheAnswerBackInTwiceTheLatency) {
  world.connect(alice, bob, {.latency = 40ms});
  const Instant start = world.now();
  a.say(toBob, "ping");
  ASSERT_TRUE(world.runUntil([&] { return !a.heard.empty(); }, 1s));
  EXPECT_EQ(a.heard, std::vector<std::string>{"pong"});
  EXPECT_EQ(world.now() - start, 80ms);
  EXPECT_EQ(b.froms.back(), (Address{alice.address(), 7'000}));
  EXPECT_EQ(b.local, toBob);
  EXPECT_EQ(alice.report().packetsInUse, 0u);
}

TEST_F(WorldTest, StationsWithoutALinkDoNotReachEachOther) {
  a.say(toBob, "ping");
  a.say({IpAddress::v4({10, 9, 9, 9}), 1}, "nobody");
  EXPECT_FALSE(world.runUntil([&] { return !b.heard.empty(); }, 10s));
  EXPECT_EQ(world.unroutable(), 2u);
}

TEST_F(WorldTest, DatagramsOfOneInstantAreOneTurn) {
  world.connect(alice, bob);
  sayMany(10);
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 10u);
  EXPECT_EQ(b.settled, 1);
}

TEST_F(WorldTest, BringsAFloodInStepsOfBoundedSize) {
  world.connect(alice, bob);
  sayMany(200);
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 200u);
  EXPECT_EQ(b.settled, 4);
}

TEST_F(WorldTest, LosesTheShareItWasToldTo) {
  Link& link = world.connect(alice, bob, {.loss = 0.25});
  sayMany(4'000);
  world.runFor(1s);
  EXPECT_NEAR(static_cast<double>(b.heard.size()), 3'000, 120);
  EXPECT_EQ(link.from(alice).stats().lost + b.heard.size(), 4'000u);
}

TEST_F(WorldTest, JitterKeepsTheOrderAndReorderingDoesNot) {
  Link& link = world.connect(alice, bob, {.jitter = 30ms});
  for (int i = 0; i < 100; ++i) {
    world.at(1ms * i, [&, i] { a.say(toBob, std::to_string(i)); });
  }
  world.runFor(1s);
  for (std::size_t i = 0; i < 100; ++i) ASSERT_EQ(b.heard.at(i), std::to_string(i));
  EXPECT_LT(b.settled, 90) << "none had to wait for an earlier one";
  EXPECT_GT(b.settled, 10) << "all came at once";
  b.heard.clear();
  link.setOptions({.reorder = 0.2});
  sayMany(100);
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 100u);
  EXPECT_NE(b.heard.back(), "99");
}

TEST_F(WorldTest, DuplicatesAndCorrupts) {
  Link& link = world.connect(alice, bob, {.duplicate = 1});
  a.say(toBob, "twice");
  world.runFor(1s);
  EXPECT_EQ(b.heard, (std::vector<std::string>{"twice", "twice"}));
  link.setOptions({.corrupt = 1});
  a.say(toBob, "right");
  world.runFor(1s);
  EXPECT_EQ(b.heard.back().size(), 5u);
  EXPECT_NE(b.heard.back(), "right");
}

TEST_F(WorldTest, PacesByTheRateAndDropsWhatTheQueueCannotHold) {
  // 1,000 bytes with headers each: one millisecond at eight megabit.
  Link& link = world.connect(alice, bob,
                             {.latency = 10ms, .bitsPerSecond = 8'000'000, .queueBytes = 20'000});
  const Instant start = world.now();
  alice.post([&] {
    for (int i = 0; i < 50; ++i) a.say(toBob, std::string(972, 'x'));
  });
  world.runFor(1s);
  ASSERT_EQ(b.heard.size(), 20u);
  EXPECT_EQ(b.when.front() - start, 11ms);
  EXPECT_EQ(b.when.back() - start, 30ms);
  EXPECT_EQ(link.from(alice).stats().overflowed, 30u);
}

TEST_F(WorldTest, SwallowsWhatIsLargerThanThePath) {
  Link& link = world.connect(alice, bob, {.mtu = 1'280});
  a.say(toBob, std::string(1'252, 'x'));
  a.say(toBob, std::string(1'253, 'x'));
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 1u);
  EXPECT_EQ(link.from(alice).stats().tooLarge, 1u);
}

TEST_F(WorldTest, OneDirectionCanBeCutAndMended) {
  Link& link = world.connect(alice, bob);
  link.from(bob).cut();
  a.say(toBob, "ping");
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 1u);
  EXPECT_TRUE(a.heard.empty());
  link.mend();
  a.say(toBob, "ping");
  world.runFor(1s);
  EXPECT_EQ(a.heard.size(), 1u);
}

TEST_F(WorldTest, AFilterLosesOneCertainDatagram) {
  world.connect(alice, bob).from(alice).dropIf([](const WireDatagram& datagram) {
    return textOf(datagram.bytes) == "3";
  });
  sayMany(5);
  world.runFor(1s);
  EXPECT_EQ(b.heard, (std::vector<std::string>{"0", "1", "2", "4"}));
}

TEST_F(WorldTest, ANodeInABlackoutNeitherSendsNorHears) {
  world.connect(alice, bob);
  world.at(1s, [&] { bob.setOnline(false); });
  world.at(2s, [&] { a.say(toBob, "lost"); });
  world.at(3s, [&] { b.say({alice.address(), 7'000}, "lost"); });
  world.at(4s, [&] { bob.setOnline(true); });
  world.at(5s, [&] { a.say(toBob, "ping"); });
  world.runFor(10s);
  EXPECT_EQ(b.heard, std::vector<std::string>{"ping"});
  EXPECT_EQ(a.heard, std::vector<std::string>{"pong"});
}

TEST_F(WorldTest, TimersRingAtTheirInstantAndMayBeMoved) {
  const Instant start = world.now();
  alice.host().wakeAt(a, start + 10s);
  world.runFor(1s);
  alice.host().wakeAt(a, start + 5s);
  bob.host().wakeAt(b, start + 1'500us);
  world.runFor(20s);
  EXPECT_EQ(a.rang, std::vector<Instant>{start + 5s});
  EXPECT_EQ(b.rang, std::vector<Instant>{start + 1s}) << "the past is now";
}

TEST_F(WorldTest, ResolvesNamesAfterTheirDelayAndFailsForUnknownOnes) {
  const Instant start = world.now();
  world.setName("server.example", {bob.address()}, 100ms);
  alice.host().resolve(a, "server.example");
  alice.host().resolve(a, "nowhere.example");
  alice.host().resolve(a, "192.0.2.1");
  world.runFor(1s);
  ASSERT_EQ(a.answers.size(), 3u);
  EXPECT_EQ(a.answers[0].second.at(0).toString(), "192.0.2.1");
  EXPECT_TRUE(a.answers[1].second.empty());
  EXPECT_EQ(a.answers[2].second.at(0), bob.address());
  EXPECT_EQ(a.answers[2].first - start, 100ms);
}

TEST_F(WorldTest, PortsAreTakenOnceAndRangesRunDry) {
  EXPECT_EQ(Talker(alice).error, OpenError::addressInUse);
  EXPECT_EQ(Talker(alice, bob.address()).error, OpenError::addressNotAvailable);
  Host& host = alice.host();
  std::vector<std::uint16_t> ports;
  ports.reserve(4);
  for (int i = 0; i < 4; ++i) {
    ports.push_back(host.openUdp(a, {alice.address(), 6'000, 6'003}).value().local.port);
  }
  EXPECT_EQ(host.openUdp(a, {alice.address(), 6'000, 6'003}).error(), OpenError::addressInUse);
  EXPECT_THAT(ports, ::testing::UnorderedElementsAre(6'000, 6'001, 6'002, 6'003));
  alice.failOpens(OpenError::permissionDenied);
  EXPECT_EQ(host.openUdp(a, {}).error(), OpenError::permissionDenied);
}

TEST_F(WorldTest, ASocketWithoutAddressSendsFromTheAddressItIsAskedTo) {
  alice.addAddress(IpAddress::v4({10, 1, 0, 1}), InterfaceKind::wifi);
  world.connect(alice, bob);
  EXPECT_EQ(alice.host().interfaces().size(), 2u);
  const Address wifi{IpAddress::v4({10, 1, 0, 1}), 7'000};
  b.say(wifi, "ping");
  world.runFor(1s);
  EXPECT_EQ(a.local, wifi);
  EXPECT_EQ(b.froms.back(), (Address{alice.address(), 7'000})) << "the first address by default";
  alice.removeAddress(wifi.ip);
  b.say(wifi, "ping");
  world.runFor(1s);
  EXPECT_EQ(a.heard.size(), 1u);
}

TEST_F(WorldTest, ANodeHearsItself) {
  a.say({alice.address(), 7'000}, "echo");
  world.runFor(1s);
  EXPECT_EQ(a.heard, std::vector<std::string>{"echo"});
}

TEST_F(WorldTest, WhatATaskThrowsLeavesTheRunAndTheWorldGoesOn) {
  world.connect(alice, bob);
  alice.post([] { throw std::runtime_error("handler"); });
  EXPECT_THROW(world.runFor(1s), std::runtime_error);
  a.say(toBob, "ping");
  world.runFor(1s);
  EXPECT_EQ(a.heard.size(), 1u);
}

TEST_F(WorldTest, TheClockStopsWhereTheRunDoes) {
  const Instant start = world.now();
  const std::int64_t wall = world.wallMicros();
  EXPECT_FALSE(world.runUntil([] { return false; }, 90min));
  EXPECT_EQ(world.now() - start, 90min);
  EXPECT_EQ(world.wallMicros() - wall, 5'400'000'000);
}

TEST(World, TheSameSeedGivesTheSameRunAndAnotherSeedAnother) {
  const auto run = [](std::uint64_t seed) {
    World world(seed);
    Node& alice = world.addNode("alice");
    Node& bob = world.addNode("bob");
    world.connect(alice, bob,
                  {.jitter = 50ms, .loss = 0.1, .duplicate = 0.1, .reorder = 0.1, .corrupt = 0.1});
    Talker a(alice), b(bob);
    for (int i = 0; i < 200; ++i) {
      world.at(1ms * i, [&, i] { a.say({bob.address(), 7'000}, "n" + std::to_string(i)); });
    }
    world.runFor(10s);
    std::string log;
    for (std::size_t i = 0; i < b.heard.size(); ++i) {
      log += std::to_string(b.when[i].time_since_epoch().count()) + b.heard[i] + "\n";
    }
    return log + std::to_string(alice.host().step().secrets.number<std::uint64_t>());
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace parley::sim
