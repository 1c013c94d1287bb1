#include "session/data_plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/test_host.h"

namespace parley::session {
namespace {

using channel::CloseError;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr StartSctp kStart{TransportId{0}, 5'000, 5'000, 262'144};

channel::Parameters labelled(std::string label) {
  channel::Parameters parameters;
  parameters.label = std::move(label);
  return parameters;
}

channel::Parameters negotiated(std::uint16_t stream) {
  channel::Parameters parameters;
  parameters.negotiated = true;
  parameters.stream = sctp::StreamId{stream};
  return parameters;
}

// A data plane whose packets are kept until somebody carries them.
struct Side final : PacketSink {
  explicit Side(test::Net& network) : net(network) {
    config.messageMax = 262'144;
    config.receiveWindow = 1u << 20;
    plane.route(*this);
  }
  void sendPacket(Step&, Packet packet) override { out.push_back(toVector(packet.bytes())); }

  Step step() { return {net.now, 0, net.pool, net.random, net.secrets, net.trace}; }
  void settle() {
    Step now = step();
    plane.settle(now);
    for (Event& event : plane.takeEvents()) events.push_back(std::move(event));
  }
  void open(std::uint32_t id, channel::Parameters parameters = {}) {
    Step now = step();
    plane.open(now, {ChannelId{id}, std::move(parameters)});
    settle();
  }
  void send(std::uint32_t id, std::string_view text) {
    Step now = step();
    plane.send(now, {ChannelId{id}, toVector(bytesOf(text)), false});
    settle();
  }

  // What happened, in one word each.
  std::vector<std::string> story() const {
    std::vector<std::string> words;
    for (const Event& event : events) {
      if (const auto* sctp = std::get_if<SctpStateChanged>(&event))
        words.push_back(sctp->state == SctpState::connected ? "connected"
                        : sctp->closedByPeer                ? "closed by peer"
                                                            : "closed");
      if (const auto* any = std::get_if<ChannelEvent>(&event)) words.push_back(wordOf(any->event));
    }
    return words;
  }
  static std::string wordOf(const channel::Event& event) {
    if (const auto* e = std::get_if<channel::Opened>(&event))
      return "opened " + std::to_string(e->channel.value);
    if (const auto* e = std::get_if<channel::Announced>(&event))
      return "announced " + e->parameters.label;
    if (const auto* e = std::get_if<channel::MessageArrived>(&event))
      return "message " + std::string(textOf(e->data));
    if (const auto* e = std::get_if<channel::Closed>(&event))
      return (e->error ? "failed " : "closed ") +
             std::to_string(e->channel.value & ~channel::kAnnouncedBit);
    if (std::holds_alternative<channel::BytesSent>(event)) return "sent";
    return "closing";
  }
  std::optional<CloseError> lastError() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event)
      if (const auto* any = std::get_if<ChannelEvent>(&*event))
        if (const auto* closed = std::get_if<channel::Closed>(&any->event)) return closed->error;
    return std::nullopt;
  }

  test::Net& net;
  Config config;
  DataPlane plane{config};
  std::vector<ByteVector> out;
  std::vector<Event> events;
};

struct DataPlaneTest : testing::Test {
  test::Net net;
  Side a{net}, b{net};

  void start(Side& side, bool client) {
    Step step = side.step();
    side.plane.start(step, kStart, client);
    side.settle();
  }
  void startBoth() {
    start(a, true);
    start(b, false);
  }
  void connect() {
    for (Side* side : {&a, &b}) {
      Step step = side->step();
      side->plane.connect(step);
      side->settle();
    }
    carry();
  }
  // Everything under way, as if in one step per direction.
  void carry() {
    for (int round = 0; round < 50 && !(a.out.empty() && b.out.empty()); ++round) {
      deliver(a, b);
      deliver(b, a);
      net.now += 1ms;
    }
  }
  void deliver(Side& from, Side& to) {
    Step step = to.step();
    for (const ByteVector& packet : std::exchange(from.out, {})) to.plane.receive(step, packet);
    to.settle();
  }
};

TEST_F(DataPlaneTest, ChannelsOpenedBeforeThereIsAnAssociationOpenInOrderOnceItStands) {
  a.open(1, labelled("one"));
  a.open(2, labelled("two"));
  EXPECT_THAT(a.story(), IsEmpty());
  startBoth();
  EXPECT_THAT(a.story(), IsEmpty());
  connect();
  EXPECT_THAT(a.story(), ElementsAre("connected", "opened 1", "opened 2"));
  EXPECT_THAT(b.story(), ElementsAre("connected", "announced one", "announced two"));
}

TEST_F(DataPlaneTest, AChannelClosedBeforeThereIsAnAssociationIsClosedAtOnceAndNeverOpened) {
  a.open(1);
  Step step = a.step();
  a.plane.close(step, {ChannelId{1}});
  a.plane.close(step, {ChannelId{1}});  // again: nothing
  a.plane.close(step, {ChannelId{9}});  // never heard of
  EXPECT_THAT(a.plane.takeEvents().size(), 1u);
  startBoth();
  connect();
  EXPECT_THAT(b.story(), ElementsAre("connected"));
}

TEST_F(DataPlaneTest, NothingLeavesBeforeDtlsIsUp) {  // D-4
  a.open(1);
  startBoth();
  a.send(1, "early");
  EXPECT_THAT(a.out, IsEmpty());
  EXPECT_EQ(a.plane.deadline(), never());
}

TEST_F(DataPlaneTest, SendsAndReceivesWithoutATransportAreHarmless) {
  Step step = a.step();
  a.plane.receive(step, bytesOf("no association"));
  a.plane.send(step, {ChannelId{1}, {1}, true});
  a.plane.consumed(step, {ChannelId{1}, 1});
  a.plane.onTimer(step);
  a.plane.unroute();
  start(a, true);
  a.plane.connect(step);
  a.settle();
  EXPECT_THAT(a.out, IsEmpty());
}

TEST_F(DataPlaneTest, ALaterDescriptionOnlyChangesTheLimitAndTheTransport) {
  startBoth();
  connect();
  Step step = a.step();
  a.plane.start(step, {TransportId{7}, 5'000, 5'000, 16}, true);
  EXPECT_EQ(a.plane.transport(), TransportId{7});
  a.open(1, labelled(""));
  carry();
  a.send(1, "seventeen letters");
  carry();
  a.send(1, "sixteen letters.");
  carry();
  EXPECT_THAT(b.story(), ElementsAre("connected", "announced ", "message sixteen letters."));
}

TEST_F(DataPlaneTest, AFailedPathEndsEveryChannelWithItsReason) {
  startBoth();
  connect();
  a.open(1);
  carry();
  Step step = a.step();
  a.plane.fail(step, false, "DTLS failed");
  a.settle();
  EXPECT_THAT(a.story(), ElementsAre("connected", "opened 1", "closed", "failed 1"));
  EXPECT_STREQ(a.lastError()->reason, "DTLS failed");
  EXPECT_EQ(a.lastError()->why, CloseError::Why::associationFailed);
  EXPECT_EQ(a.plane.deadline(), never());
}

TEST_F(DataPlaneTest, FailsOnceOnly) {
  startBoth();
  connect();
  Step step = a.step();
  a.plane.fail(step, true, "closed");
  a.plane.fail(step, false, "again");
  a.plane.connect(step);
  a.settle();
  EXPECT_THAT(a.story(), ElementsAre("connected", "closed by peer"));
}

TEST_F(DataPlaneTest, AChannelOpenedAfterTheEndIsClosedAtOnce) {
  startBoth();
  connect();
  Step step = a.step();
  a.plane.fail(step, false, "over");
  a.open(1);
  EXPECT_THAT(a.story(), ElementsAre("connected", "closed", "failed 1"));
  EXPECT_EQ(a.lastError()->why, CloseError::Why::associationClosed);
}

TEST_F(DataPlaneTest, APeersAbortEndsEveryChannelAndSaysWho) {
  startBoth();
  connect();
  a.open(1, labelled("one"));
  carry();
  Step step = a.step();
  a.plane.abort(step);
  carry();
  EXPECT_THAT(b.story(), ElementsAre("connected", "announced one", "closed by peer", "failed 0"));
  EXPECT_TRUE(b.lastError()->abortedByPeer);
  EXPECT_THAT(a.story(), ElementsAre("connected", "opened 1")) << "who aborts is told nothing";
}

TEST_F(DataPlaneTest, WhatCameRightBeforeTheAbortIsHandedOutBeforeTheEnd) {
  startBoth();
  connect();
  a.open(1, labelled("one"));
  a.send(1, "hello");
  Step step = a.step();
  a.plane.abort(step);
  ASSERT_GT(a.out.size(), 1u);
  deliver(a, b);  // all in one step
  EXPECT_THAT(b.story(), ElementsAre("connected", "announced one", "message hello",
                                     "closed by peer", "failed 0"));
}

TEST_F(DataPlaneTest, WhatCameRightBeforeTheEndOfDtlsIsHandedOutBeforeIt) {
  startBoth();
  connect();
  a.open(1, labelled("one"));
  carry();
  a.send(1, "hello");
  Step step = b.step();
  for (const ByteVector& packet : a.out) b.plane.receive(step, packet);
  b.plane.fail(step, true, "the peer closed DTLS");
  b.settle();
  EXPECT_THAT(b.story(), ElementsAre("connected", "announced one", "message hello",
                                     "closed by peer", "failed 0"));
}

TEST_F(DataPlaneTest, AStreamThatIsTakenIsAnErrorOfThatChannelOnly) {
  startBoth();
  connect();
  a.open(1, negotiated(5));
  a.open(2, negotiated(5));
  a.open(3, negotiated(6));
  EXPECT_THAT(a.story(), ElementsAre("connected", "opened 1", "failed 2", "opened 3"));
  EXPECT_EQ(a.lastError()->why, CloseError::Why::protocolViolation);
}

TEST_F(DataPlaneTest, StoppingClosesWhatWaitsToo) {
  a.open(1);
  Step step = a.step();
  a.plane.stop(step);
  a.settle();
  for (Event& event : a.plane.takeEvents()) a.events.push_back(std::move(event));
  EXPECT_THAT(a.story(), ElementsAre("closed 1"));
}

TEST_F(DataPlaneTest, AfterStoppingAnotherAssociationMayBegin) {
  startBoth();
  connect();
  a.open(1, labelled("one"));
  carry();
  for (Side* side : {&a, &b}) {
    Step step = side->step();
    side->plane.stop(step);
    side->out.clear();
    for (Event& event : side->plane.takeEvents()) side->events.push_back(std::move(event));
    side->plane.route(*side);
  }
  EXPECT_THAT(a.story(), ElementsAre("connected", "opened 1", "closed", "failed 1"));
  EXPECT_EQ(a.lastError()->why, CloseError::Why::associationClosed);  // W3C: no error event
  a.events.clear();
  b.events.clear();
  a.open(2, labelled("two"));
  startBoth();
  connect();
  EXPECT_THAT(a.story(), ElementsAre("connected", "opened 2"));
  EXPECT_THAT(b.story(), ElementsAre("connected", "announced two"));
}

}  // namespace
}  // namespace parley::session
