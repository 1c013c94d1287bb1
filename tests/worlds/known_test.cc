// Faults that other stacks had with whole calls, by the ids of docs/known-weaknesses.md.

#include "call.h"
#include "story.h"

namespace parley::worlds {
namespace {

struct Known : testing::Test {
  sim::World world{21};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 10ms});
};

// In one instant, far more than one poll of a socket brings: from strangers, and with the peer's
// own address. The link is as healthy as before, and consent goes on.
TEST_F(Known, I11AHundredThousandDatagramsAtOnceLeaveAHealthyLinkAlone) {
  Call call(world, alice, bob);
  std::vector<sim::WireDatagram> seen;
  link.from(bob).dropIf([&](const sim::WireDatagram& datagram) {
    if (seen.empty()) seen.push_back(datagram);
    return false;
  });
  ASSERT_TRUE(call.connect());
  world.runFor(2s);
  const auto states = call.offerer.states;
  const std::uint64_t sent = alice.bytesSent();
  for (int i = 0; i < 100'000; ++i) {
    sim::WireDatagram datagram = seen.front();
    datagram.bytes = ByteVector(20 + world.random().below(60), 0);
    for (std::uint8_t& byte : datagram.bytes)
      byte = static_cast<std::uint8_t>(world.random().u32());
    datagram.bytes[0] =
        std::array<std::uint8_t, 4>{0, 22, 23, 200}[static_cast<std::size_t>(i % 4)];
    if (i % 2 == 0) datagram.source.port = static_cast<std::uint16_t>(1'024 + i % 60'000);
    alice.receive(std::move(datagram));
  }
  world.runFor(1ms);
  EXPECT_EQ(alice.bytesSent(), sent) << "strangers are not answered";
  world.runFor(40s);  // longer than consent lasts
  EXPECT_EQ(call.offerer.states, states);
  EXPECT_TRUE(call.isOpen());
  call.answerer.channel->send("through it all");
  world.runFor(1s);
  EXPECT_THAT(call.offerer.received, testing::ElementsAre("through it all"));
}

// A restart after any step of the first gathering and of what follows it: in the end both have
// gathered, are connected and talk.
TEST_F(Known, I12ARestartInAnyStateOfGatheringEndsConnectedAndGathered) {
  int restartsWhileGathering = 0;
  for (std::size_t step = 0; step < 60; ++step) {
    SCOPED_TRACE("after step " + std::to_string(step));
    sim::World own(step + 1);
    sim::Node& a = own.addNode("a");
    sim::Node& b = own.addNode("b");
    own.connect(a, b, {.latency = 10ms});
    Call call(own, a, b);
    RTCPeerConnection& pc = *call.offerer.pc;
    pc.onnegotiationneeded = [&](const Event&) { call.start(); };
    for (std::size_t i = 0; i < step; ++i) own.schedule().runNext();
    restartsWhileGathering += pc.iceGatheringState() != RTCIceGatheringState::complete;
    a.post([&] { pc.restartIce(); });
    ASSERT_TRUE(own.runUntil([&] { return call.isOpen(); }, 10s)) << call.failure;
    own.runFor(10s);
    EXPECT_EQ(call.failure, "");
    for (End* end : {&call.offerer, &call.answerer}) {
      EXPECT_EQ(end->pc->iceGatheringState(), RTCIceGatheringState::complete);
      EXPECT_EQ(end->pc->connectionState(), RTCPeerConnectionState::connected);
      EXPECT_EQ(end->pc->signalingState(), RTCSignalingState::stable);
    }
    call.offerer.channel->send("after the restart");
    own.runFor(1s);
    EXPECT_THAT(call.answerer.received, testing::ElementsAre("after the restart"));
  }
  EXPECT_GT(restartsWhileGathering, 0);
}

// With the step in which it closes a connection has left the loop; the one timer that may remain is
// that of its farewell, which rings a handful of times.
TEST_F(Known, L7NoTimerOfAClosedConnectionRemains) {
  for (int moment = 0; moment < 80; ++moment) {
    SCOPED_TRACE("after " + std::to_string(moment * 10) + " ms");
    Story story({.isShort = true}, 5);
    story.begin();
    story.run(moment * 10ms);
    Party& party = moment % 2 == 0 ? *story.offerer : *story.answerer;
    party.node.post([&] { party.close(); });
    story.run(1us);
    const loop::LoopReport held = party.node.report();
    EXPECT_EQ(held.guests, held.residents);
    EXPECT_LE(held.timersArmed, held.residents);
    const std::uint64_t before = party.node.timerTurns();
    story.run(60s);
    EXPECT_LE(party.node.timerTurns() - before, 6u);
    EXPECT_EQ(party.node.report().timersArmed, 0u);
    EXPECT_EQ(party.heardAfterEnd(), 0);
  }
}

}  // namespace
}  // namespace parley::worlds
