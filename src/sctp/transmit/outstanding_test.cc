#include "sctp/transmit/outstanding.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace parley::sctp {
namespace {

constexpr Instant kNow{1'000s};

struct Sender {
  explicit Sender(Tsn first = {1}) : outstanding(first, true) {}

  void send(std::size_t chunks, SendOptions options = {}, std::uint16_t stream = 0) {
    OutMessage message{{{stream}, {51}, ByteVector(chunks * 100, 1)}, options, never(), {}};
    if (options.lifetime) message.expires = kNow + *options.lifetime;
    queue.push(std::move(message));
    outstanding.begin(*queue.pop(kNow));
    while (outstanding.hasCurrent()) {
      queue.noteSent(outstanding.current(), 100);
      outstanding.cut(100, packet++, kNow);
    }
  }
  Outstanding::SackOutcome sack(std::uint32_t cumulative, std::vector<SackChunk::Gap> gaps = {},
                                Instant now = kNow) {
    SackChunk chunk;
    chunk.cumulativeTsn = {cumulative};
    chunk.gaps = std::move(gaps);
    const auto outcome = outstanding.onSack(chunk, now, queue);
    EXPECT_TRUE(outstanding.isConsistent());
    return outcome;
  }

  SendQueue queue;
  Outstanding outstanding;
  std::uint64_t packet = 1;
};

TEST(Outstanding, ForgetsWhatIsAcknowledgedAndMeasuresTheRoundTrip) {
  Sender s;
  s.send(3);
  const auto outcome = s.sack(2, {}, kNow + 30ms);
  EXPECT_TRUE(outcome.valid && outcome.cumulativeAdvanced);
  EXPECT_EQ(outcome.ackedBytes, 2u * 116);
  EXPECT_EQ(outcome.roundTrip, Duration(30ms));
  EXPECT_EQ(s.outstanding.payloadInFlight(), 100u);
  s.sack(3);
  EXPECT_TRUE(s.outstanding.empty());
}

TEST(Outstanding, RefusesAcknowledgementsOfWhatWasNeverSent) {  // S-8
  Sender s;
  s.send(5);
  EXPECT_FALSE(s.sack(6).valid);
  EXPECT_FALSE(s.sack(0x7fff'0000).valid);
  EXPECT_FALSE(s.sack(0, {{2, 6}}).valid);
  EXPECT_FALSE(s.sack(0, {{2, 65'535}}).valid);
  EXPECT_FALSE(s.sack(0, {{4, 2}}).valid);
  EXPECT_FALSE(s.sack(0, {{0, 2}}).valid);
  EXPECT_EQ(s.outstanding.payloadInFlight(), 500u);
  EXPECT_TRUE(s.sack(0, {{2, 5}}).valid);
}

TEST(Outstanding, FindsALossOnceThreeLaterPacketsArrived) {
  Sender s;
  s.send(6);
  EXPECT_FALSE(s.sack(0, {{2, 2}}).newLoss);
  EXPECT_FALSE(s.sack(0, {{2, 3}}).newLoss);
  EXPECT_TRUE(s.sack(0, {{2, 4}}).newLoss);
  ASSERT_TRUE(s.outstanding.hasLost());
  EXPECT_EQ(s.outstanding.resendFirstLost(s.packet++, kNow).tsn, Tsn{1});
  EXPECT_FALSE(s.sack(0, {{2, 5}}).newLoss);  // it has only just left again
  EXPECT_FALSE(s.outstanding.hasLost());
  s.send(4);
  EXPECT_TRUE(s.sack(0, {{2, 10}}).newLoss);  // and was lost a second time
}

TEST(Outstanding, TakesBackWhatThePeerTakesBack) {
  Sender s;
  s.send(5);
  s.sack(0, {{2, 3}});
  EXPECT_EQ(s.outstanding.payloadInFlight(), 300u);
  s.sack(0, {{3, 3}});
  EXPECT_EQ(s.outstanding.payloadInFlight(), 400u);
  s.sack(5);
  EXPECT_EQ(s.outstanding.payloadInFlight(), 0u);
}

TEST(Outstanding, IgnoresAnOlderSack) {
  Sender s;
  s.send(5);
  s.sack(3);
  const auto outcome = s.sack(1, {{1, 1}});
  EXPECT_TRUE(outcome.valid && outcome.stale);
  EXPECT_EQ(s.outstanding.payloadInFlight(), 200u);
}

TEST(Outstanding, GivesAMessageUpWholeAndSaysSoToThePeer) {
  Sender s;
  SendOptions never_;
  never_.retransmitsMax = 0;
  s.send(3, never_, 4);
  s.send(1);
  s.sack(1, {{3, 3}});
  s.outstanding.onTimeout(kNow, s.queue);
  ASSERT_TRUE(s.outstanding.needsForwardTsn());
  const auto forward = s.outstanding.forwardTsn(100);
  EXPECT_EQ(forward.newCumulativeTsn, Tsn{3});
  ASSERT_EQ(forward.skipped.size(), 1u);
  EXPECT_EQ(forward.skipped[0].stream, StreamId{4});
  EXPECT_EQ(s.outstanding.abandonedMessages(), 1u);
  s.sack(4);
  EXPECT_TRUE(s.outstanding.empty());
  EXPECT_FALSE(s.outstanding.needsForwardTsn());
}

TEST(Outstanding, AnEndThatWasNeverCutGetsATsnOfItsOwn) {
  Sender s;
  SendOptions brief;
  brief.lifetime = 1s;
  OutMessage message{{{0}, {51}, ByteVector(300, 1)}, brief, kNow + 1s, {}};
  s.queue.push(std::move(message));
  s.outstanding.begin(*s.queue.pop(kNow));
  s.queue.noteSent(s.outstanding.current(), 100);
  s.outstanding.cut(100, 1, kNow);
  s.sack(1);
  s.outstanding.giveUpExpiredCurrent(kNow + 2s, s.queue);
  EXPECT_FALSE(s.outstanding.hasCurrent());
  ASSERT_TRUE(s.outstanding.needsForwardTsn());
  EXPECT_EQ(s.outstanding.forwardTsn(100).newCumulativeTsn, Tsn{2});
  EXPECT_EQ(s.queue.bytes(), 0u);
}

TEST(Outstanding, NamesNoMoreStreamsThanFit) {
  Sender s;
  SendOptions none;
  none.retransmitsMax = 0;
  for (std::uint16_t stream = 0; stream < 10; ++stream) s.send(1, none, stream);
  s.outstanding.onTimeout(kNow, s.queue);
  const auto forward = s.outstanding.forwardTsn(4);
  EXPECT_EQ(forward.skipped.size(), 4u);
  EXPECT_EQ(forward.newCumulativeTsn, Tsn{4});
}

// S-8, S-11, INV-4: whatever the peer says, the books add up.
TEST(Outstanding, KeepsItsBooksUnderRandomSacks) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const Tsn first{0xffff'ffff - static_cast<std::uint32_t>(random.below(60))};
    Sender s(first);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t what = random.below(10);
      if (what < 3) {
        SendOptions options;
        if (random.below(2)) options.retransmitsMax = static_cast<std::uint16_t>(random.below(3));
        s.send(1 + random.below(8), options, static_cast<std::uint16_t>(random.below(3)));
      } else if (what == 3) {
        s.outstanding.onTimeout(kNow, s.queue);
      } else if (what == 4) {
        while (s.outstanding.hasLost()) s.outstanding.resendFirstLost(s.packet++, kNow);
      } else {
        std::vector<SackChunk::Gap> gaps;
        for (std::uint64_t n = random.below(4); n > 0; --n) {
          const auto from = static_cast<std::uint16_t>(random.below(30));
          gaps.push_back({from, static_cast<std::uint16_t>(from + random.below(8))});
        }
        if (random.below(3)) std::ranges::sort(gaps, {}, &SackChunk::Gap::first);
        const auto at = static_cast<std::uint32_t>(s.outstanding.acknowledged() +
                                                   static_cast<std::int64_t>(random.below(6)) - 2);
        s.sack((first + (at - 1)).value, gaps);
      }
      ASSERT_TRUE(s.outstanding.isConsistent()) << seed;
      if (s.outstanding.needsForwardTsn()) {
        const Tsn to = s.outstanding.forwardTsn(2).newCumulativeTsn;
        ASSERT_FALSE(isAfter(to, s.outstanding.nextTsn() - 1));
      }
    }
    s.sack((s.outstanding.nextTsn() - 1).value);
    ASSERT_TRUE(s.outstanding.empty());
    ASSERT_EQ(s.outstanding.bytesInFlight(), 0u);
    ASSERT_TRUE(s.queue.isQuiet({0}) && s.queue.isQuiet({1}) && s.queue.isQuiet({2}));
  }
}

}  // namespace
}  // namespace parley::sctp
