#include "call.h"

namespace parley::worlds {
namespace {

struct Restarting : testing::Test {
  sim::World world{11};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");

  void restart(Call& call) {
    call.offerer.node.post([&call] { call.offerer.pc->restartIce(); });
    call.start();
  }
};

// A telephone leaves the house: its address goes, another comes, and the call goes on.
TEST_F(Restarting, MovesTheCallToAnotherNetwork) {
  world.connect(alice, bob, {.latency = 20ms});
  Tuning tuning;
  tuning.gatherContinually = false;
  Call call(world, alice, bob, {}, tuning);
  ASSERT_TRUE(call.connect());
  alice.removeAddress(alice.address());
  alice.addAddress(*IpAddress::parse("10.9.9.9"), InterfaceKind::cellular);
  call.offerer.channel->send("on the road");
  world.runFor(2s);
  EXPECT_TRUE(call.answerer.received.empty());
  restart(call);
  ASSERT_TRUE(world.runUntil([&] { return call.answerer.received.size() == 1; }, 20s))
      << call.failure;
  world.runFor(10s);
  EXPECT_EQ(alice.report().sockets, 1u) << "the socket of the lost address is closed";
  EXPECT_EQ(call.offerer.states.back(), "connected");
  EXPECT_EQ(call.answerer.states.back(), "connected");
  EXPECT_TRUE(call.isOpen());
}

TEST_F(Restarting, LosesNothingHoweverOftenItIsDone) {
  world.connect(alice, bob, {.latency = 20ms, .loss = 0.02});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  std::vector<std::string> sent;
  for (int round = 0; round < 5; ++round) {
    restart(call);
    for (int i = 0; i < 40; ++i) {
      sent.push_back(std::to_string(sent.size()));
      call.offerer.channel->send(sent.back());
      world.runFor(30ms);
    }
  }
  ASSERT_TRUE(world.runUntil([&] { return call.answerer.received.size() == sent.size(); }, 20s));
  EXPECT_TRUE(call.answerer.received == sent);
  EXPECT_EQ(call.failure, "");
  EXPECT_EQ(alice.report().sockets, 1u);
  EXPECT_EQ(bob.report().sockets, 1u);
}

TEST_F(Restarting, BringsBackACallThatHadFailed) {
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  link.cut();
  ASSERT_TRUE(world.runUntil(
      [&] {
        return call.offerer.states.back() == "failed" && call.answerer.states.back() == "failed";
      },
      90s));
  call.offerer.channel->send("after all");
  link.mend();
  restart(call);
  EXPECT_TRUE(world.runUntil([&] { return call.answerer.received.size() == 1; }, 30s));
  EXPECT_EQ(call.offerer.states.back(), "connected");
}

}  // namespace
}  // namespace parley::worlds
