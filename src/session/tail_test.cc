#include "session/tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "session/test_peer.h"

namespace parley::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kFarewell = 2;  // datagrams: the ABORT and the close_notify

// Alice has a connection with a channel, and leaves. What she sends from then on is the tail's.
struct TailTest : testing::Test, test::Couple {
  void SetUp() override {
    ASSERT_TRUE(connect());
    ASSERT_TRUE(openChannel());
    net.runFor(1s);
    before_ = net.sent.size();
    toAlice_ = alice.host.sockets.begin()->second.local;
    fromBob_ = bob.host.sockets.begin()->second.local;
  }

  void close() {
    closedAt_ = net.now;
    alice.session.reset();
    alice.host.settle();
  }
  void loseWhatAliceSays() {
    net.passes = [this](const test::Flight& flight) { return flight.from != toAlice_; };
  }
  std::vector<test::Flight> said() const {
    std::vector<test::Flight> flights;
    for (std::size_t i = before_; i < net.sent.size(); ++i)
      if (net.sent[i].from == toAlice_) flights.push_back(net.sent[i]);
    return flights;
  }
  std::vector<std::int64_t> milliseconds() const {
    std::vector<std::int64_t> times;
    for (const test::Flight& flight : said())
      times.push_back(
          std::chrono::duration_cast<std::chrono::milliseconds>(flight.sent - closedAt_).count());
    return times;
  }
  std::vector<test::Flight> recordsOfBob() const {
    std::vector<test::Flight> flights;
    for (const test::Flight& flight : net.sent)
      if (flight.from == fromBob_ && flight.isDtls()) flights.push_back(flight);
    return flights;
  }

  std::size_t before_ = 0;
  Instant closedAt_{};
  Address toAlice_, fromBob_;
};

TEST_F(TailTest, RepeatsTheSameBytesAfterOneThreeSevenAndFifteenRoundTrips) {
  loseWhatAliceSays();
  close();
  net.runFor(7s);
  EXPECT_THAT(milliseconds(), ElementsAre(0, 0, 20, 20, 60, 60, 140, 140, 300, 300));
  const auto flights = said();
  for (std::size_t i = 0; i < flights.size(); ++i)
    EXPECT_EQ(flights[i].bytes, flights[i % kFarewell].bytes) << i;
}

TEST_F(TailTest, IsOverWhenThePeerSaysGoodbyeToo) {
  close();
  EXPECT_EQ(alice.host.residents(), 1u);
  net.runFor(20ms);
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_EQ(said().size(), static_cast<std::size_t>(kFarewell));
}

TEST_F(TailTest, IsHeardAtItsSecondAttempt) {
  loseWhatAliceSays();
  close();
  net.runFor(15ms);
  net.passes = {};
  net.runFor(30ms);
  EXPECT_EQ(bob.dtls(), DtlsState::closed);
  EXPECT_TRUE(bob.all<SctpStateChanged>().back().closedByPeer);
  EXPECT_TRUE(alice.host.isEmpty());
}

TEST_F(TailTest, RepeatsUntilTheAnswerGetsThrough) {
  net.passes = [&](const test::Flight& flight) {
    return flight.from != fromBob_ || !flight.isDtls();
  };
  close();
  net.runFor(15ms);
  EXPECT_EQ(bob.dtls(), DtlsState::closed);
  net.passes = {};
  net.runFor(30ms);  // bob's session is over, but answers the second goodbye as it did the first
  EXPECT_TRUE(alice.host.isEmpty());
}

TEST_F(TailTest, GivesUpAtItsLimitAndClosesTheSocket) {
  loseWhatAliceSays();
  close();
  net.runFor(7'990ms);
  EXPECT_EQ(alice.host.sockets.size(), 1u);
  net.runFor(20ms);
  EXPECT_TRUE(alice.host.isEmpty());
}

TEST_F(TailTest, AnswersAPeerThatGoesOnTalkingAtMostEightTimes) {
  loseWhatAliceSays();
  close();
  net.runFor(1s);
  const std::size_t repeats = said().size();
  for (int i = 0; i < 30; ++i) {
    bob.send(announced, "are you there?");
    net.runFor(100ms);
  }
  EXPECT_EQ(said().size() - repeats,
            static_cast<std::size_t>(limits::loop::kTailAnswers * kFarewell));
}

TEST_F(TailTest, AnAnswerIsTheFarewellOnceMore) {
  loseWhatAliceSays();
  close();
  net.runFor(1s);
  const std::size_t repeats = said().size();
  net.passes = {};
  bob.send(announced, "are you there?");
  net.runFor(50ms);
  ASSERT_EQ(said().size(), repeats + kFarewell);
  EXPECT_EQ(said().back().bytes, said()[1].bytes);
  EXPECT_EQ(bob.dtls(), DtlsState::closed);
  EXPECT_TRUE(alice.host.isEmpty());
}

TEST_F(TailTest, WhatWasUnderWayWhenAliceLeftIsNoReasonToRepeatAnything) {
  for (int i = 0; i < 8; ++i) {
    bob.send(announced, "under way");
    net.runFor(1ms);
  }
  before_ = net.sent.size();
  close();
  net.runFor(19ms);
  EXPECT_EQ(said().size(), static_cast<std::size_t>(kFarewell));
}

TEST_F(TailTest, AnswersNobodyElse) {
  loseWhatAliceSays();
  close();
  bob.send(announced, "for alice");
  net.runFor(1s);
  const std::size_t repeats = said().size();
  for (const test::Flight& flight : recordsOfBob())
    net.inject({.from = *Address::parse("192.0.2.66:6666"),
                .to = toAlice_,
                .bytes = flight.bytes,
                .sent = {}});
  net.runFor(10ms);
  EXPECT_EQ(said().size(), repeats);
}

TEST_F(TailTest, AnswersNoReplayAndNoForgery) {
  loseWhatAliceSays();
  close();
  net.runFor(1s);
  const std::size_t repeats = said().size();
  for (const test::Flight& flight : recordsOfBob()) {
    net.inject(flight);
    test::Flight forged = flight;
    forged.bytes.back() ^= 1;
    forged.bytes[10] ^= 0x40;  // another sequence number
    net.inject(std::move(forged));
  }
  net.inject({.from = fromBob_, .to = toAlice_, .bytes = {}, .sent = {}});
  net.inject({.from = fromBob_, .to = toAlice_, .bytes = {23}, .sent = {}});
  net.runFor(10ms);
  EXPECT_EQ(said().size(), repeats);
  EXPECT_EQ(alice.host.residents(), 1u);
}

TEST_F(TailTest, NeverAnswersStunSoThatThePeersConsentExpires) {
  loseWhatAliceSays();
  close();
  std::size_t checks = 0;
  net.runFor(7s);
  for (std::size_t i = before_; i < net.sent.size(); ++i)
    if (net.sent[i].from == fromBob_ && net.sent[i].isStun()) ++checks;
  EXPECT_GT(checks, 0u);
  for (const test::Flight& flight : said()) EXPECT_FALSE(flight.isStun());
}

TEST_F(TailTest, GivesEveryPacketBack) {
  loseWhatAliceSays();
  close();
  net.runFor(500ms);
  EXPECT_EQ(net.pool.inUse(), 0u);
}

TEST_F(TailTest, IsNotMadeWhereThereAreTooMany) {
  alice.host.strangers = limits::loop::kTails;
  close();
  alice.host.strangers = 0;
  EXPECT_TRUE(alice.host.isEmpty());
  EXPECT_EQ(said().size(), static_cast<std::size_t>(kFarewell)) << "said once all the same";
}

TEST_F(TailTest, IsNotMadeWhenThePeerHasVanishedLongAgo) {
  loseWhatAliceSays();
  net.runFor(40s);
  ASSERT_EQ(bob.ice(), IceState::failed);
  bob.session.reset();
  EXPECT_TRUE(bob.host.isEmpty()) << "there is no path it could be told on";
}

TEST(TailWithoutTime, IsNotMade) {
  test::Net net;
  test::Peer alice(net, "10.0.0.1", true, {}, [](Config& config) { config.tail = {}; });
  test::Peer bob(net, "10.0.0.2", false);
  alice.create();
  bob.create();
  bob.applyRemote(alice);
  alice.applyRemote(bob);
  alice.startSecure(bob);
  bob.startSecure(alice);
  ASSERT_TRUE(net.runUntil([&] { return bob.isConnected() && alice.isConnected(); }, 5s));
  alice.session.reset();
  EXPECT_TRUE(alice.host.isEmpty());
  net.runFor(1s);
  EXPECT_EQ(bob.dtls(), DtlsState::closed);
}

}  // namespace
}  // namespace parley::session
