#include "call.h"

namespace parley::worlds {
namespace {

struct Talking : testing::Test {
  sim::World world{1};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
};

TEST_F(Talking, TwoPeersConnectAndExchangeMessages) {
  world.connect(alice, bob, {.latency = 20ms});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect()) << call.failure;
  call.offerer.channel->send("to bob");
  call.answerer.channel->send("to alice");
  world.runFor(1s);
  EXPECT_THAT(call.answerer.received, testing::ElementsAre("to bob"));
  EXPECT_THAT(call.offerer.received, testing::ElementsAre("to alice"));
  EXPECT_THAT(call.offerer.states, testing::ElementsAre("connecting", "connected"));
}

// RFC 8445 6.1.4.2: an idle agent's first check leaves at once. Offer and answer take 100 ms,
// a check, the DTLS flights, the SCTP cookie and the announcement some round trips of 40 ms.
TEST_F(Talking, TakesRoundTripsAndNoTimers) {
  world.connect(alice, bob, {.latency = 20ms});
  Call call(world, alice, bob);
  const Instant start = world.now();
  ASSERT_TRUE(call.connect());
  EXPECT_LT(world.now() - start, 100ms + 9 * 40ms);
}

TEST_F(Talking, DeliversEverythingInOrderOverABadNetwork) {
  world.connect(alice, bob,
                {.latency = 30ms, .jitter = 10ms, .loss = 0.1, .duplicate = 0.02, .reorder = 0.05});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect()) << call.failure;
  std::vector<std::string> sent;
  for (int i = 0; i < 2'000; ++i) {
    sent.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 3'000), 'x'));
    call.offerer.channel->send(sent.back());
  }
  ASSERT_TRUE(world.runUntil([&] { return call.answerer.received.size() == sent.size(); }, 120s));
  EXPECT_TRUE(call.answerer.received == sent);
}

TEST_F(Talking, RefusesADatagramThatWasFlippedOnItsWay) {
  world.connect(alice, bob, {.latency = 5ms, .corrupt = 0.05});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect(60s)) << call.failure;
  std::vector<std::string> sent;
  for (int i = 0; i < 500; ++i) {
    sent.push_back(std::string(500, static_cast<char>('a' + i % 26)));
    call.offerer.channel->send(sent.back());
  }
  ASSERT_TRUE(world.runUntil([&] { return call.answerer.received.size() == sent.size(); }, 60s));
  EXPECT_TRUE(call.answerer.received == sent);
}

TEST_F(Talking, RecoversFromAnOutageThatConsentSurvives) {
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  link.cut();
  world.runFor(15s);
  EXPECT_EQ(call.offerer.states.back(), "disconnected");
  call.offerer.channel->send("still here");
  link.mend();
  ASSERT_TRUE(world.runUntil([&] { return call.answerer.received.size() == 1; }, 15s));
  EXPECT_TRUE(world.runUntil([&] { return call.offerer.states.back() == "connected"; }, 15s));
}

TEST_F(Talking, FailsWhenThePeerHasVanished) {
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  link.cut();
  EXPECT_TRUE(world.runUntil([&] { return call.offerer.states.back() == "failed"; }, 60s));
  EXPECT_EQ(call.offerer.closes, 0);  // nobody said goodbye
}

TEST_F(Talking, HoldsBackASenderWhoseReaderPauses) {  // C-9
  world.connect(alice, bob, {.latency = 2ms});
  Tuning tuning;
  tuning.receiveWindow = 1u << 20;
  Call call(world, alice, bob, {}, tuning);
  ASSERT_TRUE(call.connect());
  call.answerer.channel->pauseReceiving();
  const std::string block(64u << 10, 'b');
  for (int i = 0; i < 64; ++i) call.offerer.channel->send(block);  // 4 MiB
  world.runFor(20s);
  EXPECT_TRUE(call.answerer.received.empty());
  EXPECT_GT(call.offerer.channel->bufferedAmount(), 2u << 20);
  EXPECT_TRUE(call.isOpen());
  call.answerer.channel->resumeReceiving();
  EXPECT_TRUE(world.runUntil([&] { return call.answerer.received.size() == 64; }, 60s));
}

}  // namespace
}  // namespace parley::worlds
