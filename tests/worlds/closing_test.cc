#include "call.h"

namespace parley::worlds {
namespace {

// Nothing is left with the loop of a node.
testing::AssertionResult isReleased(const sim::Node& node) {
  const loop::LoopReport held = node.report();
  const std::size_t sum = held.guests + held.residents + held.sockets + held.timersArmed +
                          held.resolving + held.packetsInUse + held.tasksQueued + held.transactions;
  if (sum == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "guests " << held.guests << ", residents " << held.residents << ", sockets "
         << held.sockets << ", timers " << held.timersArmed << ", packets " << held.packetsInUse
         << ", tasks " << held.tasksQueued << ", transactions " << held.transactions;
}

struct Closing : testing::Test {
  sim::World world{7};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
};

TEST_F(Closing, ReachesTheOtherSideInHalfARoundTrip) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  world.runFor(1s);
  call.offerer.pc->close();
  EXPECT_EQ(call.offerer.pc->connectionState(), RTCPeerConnectionState::closed);
  EXPECT_EQ(call.offerer.channel->readyState(), RTCDataChannelState::closed);
  world.runFor(25ms);
  EXPECT_EQ(call.answerer.closes, 1);
  EXPECT_EQ(call.answerer.channel->readyState(), RTCDataChannelState::closed);
  world.runFor(1s);
  EXPECT_EQ(call.offerer.closes, 0);  // the closer hears of nothing
}

TEST_F(Closing, LeavesNothingOnceBothHaveSaidGoodbye) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  call.offerer.pc->close();
  world.runFor(100ms);
  EXPECT_TRUE(isReleased(alice));
  call.answerer.pc->close();
  world.runFor(10s);
  EXPECT_TRUE(isReleased(bob));
}

TEST_F(Closing, IsHeardAlthoughItsFirstFarewellWasLost) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  world.runFor(1s);
  link.cut();
  call.offerer.pc->close();
  world.runFor(30ms);
  link.mend();
  EXPECT_EQ(call.answerer.closes, 0);
  EXPECT_TRUE(world.runUntil([&] { return call.answerer.closes == 1; }, 1s));
  world.runFor(1s);
  EXPECT_TRUE(isReleased(alice));
}

TEST_F(Closing, GivesUpOnAPeerThatNeverAnswers) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  link.cut();
  call.offerer.pc->close();
  world.runFor(7s);
  EXPECT_EQ(alice.report().residents, 1u);
  world.runFor(2s);
  EXPECT_TRUE(isReleased(alice));
}

TEST_F(Closing, TellsPeerClosedFromPeerVanished) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  const auto dtls = call.answerer.pc->sctp()->transport();
  EXPECT_EQ(dtls->closeReason(), DtlsCloseReason::none);
  call.offerer.pc->close();
  world.runFor(1s);
  EXPECT_EQ(dtls->state(), RTCDtlsTransportState::closed);
  EXPECT_EQ(dtls->closeReason(), DtlsCloseReason::remote);
}

TEST_F(Closing, BothAtOnceIsNoTrouble) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  call.offerer.pc->close();
  call.answerer.pc->close();
  world.runFor(1s);
  EXPECT_TRUE(isReleased(alice));
  EXPECT_TRUE(isReleased(bob));
}

// close() cut in after every few milliseconds of a call that is being set up and used, from either
// side: no crash, and nothing stays once the tails have ended.
TEST_F(Closing, IsLegalAtEveryMoment) {  // L-3
  for (int moment = 0; moment < 120; ++moment) {
    sim::World own(static_cast<std::uint64_t>(moment) + 1);
    sim::Node& a = own.addNode("a");
    sim::Node& b = own.addNode("b");
    own.connect(a, b, {.latency = 10ms, .loss = moment % 4 == 3 ? 0.2 : 0.0});
    {
      Call call(own, a, b);
      call.start();
      own.at(Duration(moment * 5ms), [&] {
        End& closer = moment % 2 == 0 ? call.offerer : call.answerer;
        closer.node.post([&closer] { closer.pc->close(); });
      });
      own.runFor(2s);
      EXPECT_THAT(call.failure, testing::AnyOf("", testing::HasSubstr("connection is closed"),
                                               testing::HasSubstr("connection was closed")))
          << "moment " << moment;
    }
    own.runFor(10s);
    EXPECT_TRUE(isReleased(a)) << "moment " << moment;
    EXPECT_TRUE(isReleased(b)) << "moment " << moment;
  }
}

TEST_F(Closing, DestroyingTheConnectionInsideItsOwnHandlerIsClose) {
  Call call(world, alice, bob);
  call.offerer.channel->onopen = [&](const Event&) { call.offerer.pc.reset(); };
  call.start();
  ASSERT_TRUE(world.runUntil([&] { return call.answerer.closes == 1; }, 10s));
  EXPECT_EQ(call.offerer.channel->readyState(), RTCDataChannelState::closed);
  world.runFor(1s);
  EXPECT_TRUE(isReleased(alice));
}

struct Flushing : Closing {
  static constexpr std::size_t kMessages = 200;

  // More than the windows let out at once.
  void fill(Call& call) {
    const std::string text(10'000, 'x');
    for (std::size_t i = 0; i < kMessages; ++i) call.offerer.channel->send(text);
  }
  CloseOptions within(std::chrono::milliseconds limit) {
    return {.flush = limit, .onFlushed = [this] { ++flushed; }};
  }
  int flushed = 0;
};

TEST_F(Flushing, DeliversWhatWasSentAndThenClosesWithoutAnError) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  alice.post([&] {
    fill(call);
    call.offerer.pc->close(within(10s));
    EXPECT_EQ(flushed, 0);
    EXPECT_EQ(call.offerer.pc->connectionState(), RTCPeerConnectionState::closed);
    EXPECT_EQ(call.offerer.channel->readyState(), RTCDataChannelState::closed);
  });
  EXPECT_TRUE(world.runUntil([&] { return call.answerer.closes == 1; }, 10s));
  EXPECT_EQ(call.answerer.received.size(), kMessages);
  EXPECT_EQ(call.answerer.errors, 0);
  world.runFor(1s);
  EXPECT_EQ(flushed, 1);
  bob.post([&] { call.answerer.pc->close(); });
  world.runFor(9s);
  EXPECT_TRUE(isReleased(alice));
  EXPECT_TRUE(isReleased(bob));
  EXPECT_EQ(call.offerer.closes, 0);
}

TEST_F(Flushing, IsWhatTheOtherCloseDoesNot) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  alice.post([&] {
    fill(call);
    call.offerer.pc->close();
  });
  EXPECT_TRUE(world.runUntil([&] { return call.answerer.closes == 1; }, 10s));
  EXPECT_LT(call.answerer.received.size(), kMessages);
  EXPECT_EQ(call.answerer.errors, 1);
}

TEST_F(Flushing, SurvivesLossAndTheEndOfTheObject) {
  link.setOptions({.latency = 20ms, .loss = 0.02});
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  alice.post([&] {
    fill(call);
    call.offerer.pc->close({.flush = 30s});
    call.offerer.pc.reset();
  });
  EXPECT_TRUE(world.runUntil([&] { return call.answerer.closes == 1; }, 30s));
  EXPECT_EQ(call.answerer.received.size(), kMessages);
}

TEST_F(Flushing, EndsWhenItsTimeIsOver) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  link.cut();
  alice.post([&] {
    fill(call);
    call.offerer.pc->close(within(2s));
  });
  world.runFor(1s);
  EXPECT_FALSE(isReleased(alice));
  EXPECT_EQ(flushed, 0);
  world.runFor(10s);  // the tail comes after it
  EXPECT_TRUE(isReleased(alice));
  EXPECT_EQ(flushed, 1);
}

TEST_F(Flushing, WithNothingConnectedItIsTheOtherClose) {
  Call call(world, alice, bob);
  alice.post([&] { call.offerer.pc->close(within(10s)); });
  world.runFor(1ms);
  EXPECT_TRUE(isReleased(alice));
  EXPECT_EQ(flushed, 1);
  bob.post([&] {
    RTCPeerConnection unused(call.answerer.realm, {}, {});
    unused.close(within(10s));
  });
  world.runFor(1ms);
  EXPECT_EQ(flushed, 2);
}

TEST_F(Flushing, TheEndOfTheLoopDoesNotWaitForIt) {
  auto call = std::make_unique<Call>(world, alice, bob);
  ASSERT_TRUE(call->connect());
  link.cut();
  alice.post([&] {
    fill(*call);
    call->offerer.pc->close({.flush = 10s});
    call->offerer.realm->detach();
  });
  world.runFor(9s);
  EXPECT_TRUE(isReleased(alice));
}

}  // namespace
}  // namespace parley::worlds
