#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/test_peer.h"

namespace parley::session {
namespace {

using testing::IsEmpty;

struct SessionClose : testing::Test, test::Couple {};

TEST_F(SessionClose, ASessionThatDidNothingLeavesNothing) {
  alice.execute(Close{});
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_THAT(alice.events, IsEmpty());
}

TEST_F(SessionClose, BeforeAnythingIsConnectedThereIsNobodyToTell) {
  alice.create();
  alice.open(1);
  alice.events.clear();
  alice.execute(Close{});
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_THAT(net.sent, IsEmpty());
  EXPECT_THAT(alice.events, IsEmpty());
}

TEST_F(SessionClose, NoCommandIsObeyedAndNoEventComesAfterIt) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.events.clear();
  alice.execute(Close{});
  alice.execute(Close{});
  alice.create();
  alice.open(2);
  alice.send(ChannelId{1}, "too late");
  alice.execute(Consumed{ChannelId{1}, 5});
  alice.execute(StopSctp{});
  net.runFor(1s);
  EXPECT_THAT(alice.events, IsEmpty());
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_THAT(bob.messages(), IsEmpty());
}

TEST_F(SessionClose, TellsThePeerWithinHalfARoundTrip) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.execute(Close{});
  net.runFor(net.delay);
  EXPECT_EQ(bob.allOfChannels<channel::Closed>().size(), 1u);
  EXPECT_EQ(bob.all<SctpStateChanged>().back().state, SctpState::closed);
  EXPECT_EQ(bob.dtls(), DtlsState::closed);
  EXPECT_TRUE(bob.all<DtlsStateChanged>().back().closedByPeer);
}

TEST_F(SessionClose, WhatWasSentRightBeforeItArrivesBeforeTheEnd) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.session->execute(SendMessage{ChannelId{1}, toVector(bytesOf("last words")), false});
  alice.execute(Close{});  // in the same step
  net.runFor(net.delay);
  ASSERT_THAT(bob.messages(), testing::ElementsAre("last words"));
  std::size_t message = 0, closed = 0;
  for (std::size_t i = 0; i < bob.events.size(); ++i) {
    const auto* event = std::get_if<ChannelEvent>(&bob.events[i]);
    if (event && std::holds_alternative<channel::MessageArrived>(event->event)) message = i;
    if (std::holds_alternative<SctpStateChanged>(bob.events[i])) closed = i;
  }
  EXPECT_LT(message, closed);
}

TEST_F(SessionClose, AChannelThatWasOpenedRightBeforeItIsAnnouncedAndClosed) {
  ASSERT_TRUE(connect());
  alice.open(1);
  alice.send(ChannelId{1}, "short but complete");
  alice.execute(Close{});
  net.runFor(net.delay);
  EXPECT_EQ(bob.allOfChannels<channel::Announced>().size(), 1u);
  EXPECT_THAT(bob.messages(), testing::ElementsAre("short but complete"));
  EXPECT_EQ(bob.allOfChannels<channel::Closed>().size(), 1u);
}

TEST_F(SessionClose, BothAtOnceIsNoTrouble) {
  ASSERT_TRUE(connect());
  alice.execute(Close{});
  bob.execute(Close{});
  net.runFor(50ms);
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_TRUE(bob.host.isEmpty());
}

TEST_F(SessionClose, TheOtherSideClosesAfterwardsAndLeavesNothing) {
  ASSERT_TRUE(connect());
  alice.execute(Close{});
  net.runFor(100ms);
  EXPECT_EQ(bob.host.sockets.size(), 1u);
  bob.execute(Close{});
  net.runFor(9s);
  EXPECT_TRUE(bob.host.isEmpty());
}

// A goodbye that is repeated is answered as often as a tail may answer, and not for ever.
TEST_F(SessionClose, ARepeatedGoodbyeIsAnsweredABoundedNumberOfTimes) {
  ASSERT_TRUE(connect());
  const Address ofBob = bob.host.sockets.begin()->second.local;
  alice.execute(Close{});
  net.runFor(50ms);
  test::Flight goodbye;
  for (const test::Flight& flight : net.sent)
    if (flight.to == ofBob && flight.first() == 21) goodbye = flight;
  ASSERT_FALSE(goodbye.bytes.empty());
  const auto answers = [&] {
    std::size_t count = 0;
    for (const test::Flight& flight : net.sent)
      if (flight.from == ofBob && flight.first() == 21) ++count;
    return count;
  };
  ASSERT_EQ(answers(), 1u);
  for (int i = 0; i < 20; ++i) net.inject(goodbye);
  net.runFor(10ms);
  EXPECT_EQ(answers(), 9u);
}

// close() cut in after every millisecond of a connection that is being made: from either side, by
// command or by destruction, and nothing stays once the tails are over.
TEST(SessionCloseAnytime, LeavesTheHostClean) {
  for (int moment = 0; moment < 160; ++moment) {
    test::Couple couple;
    couple.net.delay = 7ms;
    couple.alice.open(1);
    if (moment % 3 == 0)
      couple.net.passes = [lost = 0](const auto&) mutable { return ++lost % 5 != 0; };
    couple.signal();
    couple.net.runFor(Duration(moment * 1ms));
    test::Peer& closer = moment % 2 == 0 ? couple.alice : couple.bob;
    test::Peer& other = moment % 2 == 0 ? couple.bob : couple.alice;
    const std::size_t events = closer.events.size();
    if (moment % 4 < 2)
      closer.execute(Close{});
    else
      closer.session.reset();
    EXPECT_EQ(closer.host.guests(), closer.host.residents()) << moment;
    couple.net.runFor(9s);
    EXPECT_TRUE(closer.host.isEmpty()) << moment;
    EXPECT_EQ(closer.events.size(), events) << moment;
    other.session.reset();
    couple.net.runFor(9s);
    EXPECT_TRUE(other.host.isEmpty()) << moment;
    EXPECT_EQ(couple.net.pool.inUse(), 0u) << moment;
  }
}

}  // namespace
}  // namespace parley::session
