// A link that is dead for twenty seconds in the middle of a transfer.

#include "call.h"

namespace parley::worlds {
namespace {

struct Blackout : testing::TestWithParam<std::uint64_t> {
  sim::World world{GetParam()};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 25ms, .loss = 0.01});
  Call call{world, alice, bob};
  std::vector<std::string> sent;

  void say(Duration time) {
    for (const Instant end = world.now() + time; world.now() < end; world.runFor(20ms)) {
      sent.push_back(std::to_string(sent.size()) + std::string(500, '.'));
      call.offerer.channel->send(sent.back());
      call.answerer.channel->send(sent.back());
    }
  }
  void expectResumed() {
    const std::size_t there = call.answerer.received.size();
    const std::size_t here = call.offerer.received.size();
    link.mend();
    EXPECT_TRUE(world.runUntil(
        [&] {
          return call.answerer.received.size() > there && call.offerer.received.size() > here;
        },
        3s));
    say(1s);
    EXPECT_TRUE(world.runUntil(
        [&] {
          return call.answerer.received.size() == sent.size() &&
                 call.offerer.received.size() == sent.size();
        },
        30s));
    EXPECT_TRUE(call.answerer.received == sent);
    EXPECT_TRUE(call.offerer.received == sent);
    EXPECT_EQ(call.failure, "");
    EXPECT_TRUE(call.isOpen());
  }
};

TEST_P(Blackout, LosesNothingAndResumesWithinThreeSeconds) {
  ASSERT_TRUE(call.connect());
  say(2s);
  link.cut();
  say(20s);
  expectResumed();
}

TEST_P(Blackout, AndSoItDoesWithAnIceRestartMeanwhile) {
  ASSERT_TRUE(call.connect());
  say(2s);
  link.cut();
  say(10s);
  alice.post([&] { call.offerer.pc->restartIce(); });
  call.start();
  say(10s);
  expectResumed();
}

INSTANTIATE_TEST_SUITE_P(Seeds, Blackout, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace parley::worlds
