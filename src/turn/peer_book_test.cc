#include "turn/peer_book.h"

#include <gmock/gmock.h>

#include "core/limits.h"

namespace parley::turn {
namespace {

using testing::ElementsAre;
namespace bounds = limits::turn;

struct PeerBookTest : testing::Test {
  ~PeerBookTest() override { EXPECT_STREQ(book.inconsistency(), nullptr); }
  static Address peerOf(unsigned i, std::uint16_t port = 6'000) {
    return {
        IpAddress::v4({203, 0, static_cast<std::uint8_t>(i / 256), static_cast<std::uint8_t>(i)}),
        port};
  }
  void permit(const Address& who) {
    book.want(now, who);
    for (const Address& each : book.takeWanted(16)) book.grant(each.ip, now);
  }
  std::uint16_t bind(const Address& who) {
    book.wantChannel(now, who);
    const auto taken = book.takeWantedChannel(now);
    book.bind(who, now);
    return taken.value().second;
  }
  void pass(Duration time) {
    const Instant end = now + time;
    while (book.deadline() <= end) {
      now = std::max(now, book.deadline());
      book.onTimer(now);
      ASSERT_GT(book.deadline(), now);
    }
    now = end;
  }

  const Address peer = peerOf(1);
  Instant now{1'000s};
  PeerBook book;
};

TEST_F(PeerBookTest, AsksForAnAddressOnce) {
  EXPECT_EQ(book.want(now, peer), Standing::asking);
  EXPECT_EQ(book.want(now, peerOf(1, 7'000)), Standing::asking);
  EXPECT_FALSE(book.mayHear(peer.ip));
  EXPECT_THAT(book.takeWanted(16), ElementsAre(peerOf(1, 7'000)));
  EXPECT_TRUE(book.mayHear(peer.ip));
  EXPECT_EQ(book.want(now, peer), Standing::asking);
  EXPECT_FALSE(book.hasWanted());
  book.grant(peer.ip, now);
  EXPECT_EQ(book.want(now, peer), Standing::granted);
  EXPECT_EQ(book.permissionCount(), 1u);
}

TEST_F(PeerBookTest, TakesNoMorePeersThanFit) {
  for (unsigned i = 0; i < 5; ++i) book.want(now, peerOf(i));
  EXPECT_THAT(book.takeWanted(3), ElementsAre(peerOf(0), peerOf(1), peerOf(2)));
  EXPECT_THAT(book.takeWanted(3), ElementsAre(peerOf(3), peerOf(4)));
  EXPECT_TRUE(book.takeWanted(3).empty());
}

TEST_F(PeerBookTest, WhatIsUsedIsAskedForAgain) {
  permit(peer);
  pass(bounds::kPermissionRefresh - 1s);
  EXPECT_FALSE(book.hasWanted());
  pass(1s);
  EXPECT_TRUE(book.hasWanted());
  EXPECT_EQ(book.want(now, peer), Standing::granted);
}

TEST_F(PeerBookTest, WhatIsUnusedLapses) {
  permit(peer);
  pass(bounds::kPermissionRefresh);  // its first use is no older than that
  for (const Address& each : book.takeWanted(16)) book.grant(each.ip, now);
  pass(bounds::kPermissionRefresh);
  EXPECT_FALSE(book.hasWanted());
  EXPECT_TRUE(book.mayHear(peer.ip));
  pass(60s);
  EXPECT_FALSE(book.mayHear(peer.ip));
  EXPECT_EQ(book.permissionCount(), 0u);
  EXPECT_EQ(book.deadline(), never());
}

TEST_F(PeerBookTest, AChannelBringsItsPermission) {
  book.want(now, peer);
  EXPECT_EQ(book.wantChannel(now, peer), Standing::asking);
  EXPECT_TRUE(book.takeWanted(16).empty());
  EXPECT_EQ(book.takeWantedChannel(now), std::pair(peer, std::uint16_t{0x4000}));
  EXPECT_EQ(book.peerOf(0x4000), peer);  // the server may be quicker than its answer
  EXPECT_FALSE(book.channelFor(now, peer));
  book.bind(peer, now);
  EXPECT_EQ(book.channelFor(now, peer), 0x4000);
  EXPECT_EQ(book.want(now, peer), Standing::granted);
  EXPECT_EQ(book.channelCount(), 1u);
}

TEST_F(PeerBookTest, AChannelIsBoundAgainUnderItsNumber) {
  const std::uint16_t number = bind(peer);
  while (!book.takeWantedChannel(now)) {
    pass(30s);
    EXPECT_EQ(book.channelFor(now, peer), number);
    EXPECT_EQ(book.want(now, peer), Standing::granted);
    for (const Address& each : book.takeWanted(16)) book.grant(each.ip, now);
    ASSERT_LE(now, Instant(1'000s) + bounds::kChannelRefresh);
  }
  book.bind(peer, now);
  EXPECT_EQ(book.channelFor(now, peer), number);
}

TEST_F(PeerBookTest, ANumberIsNeverOfTwoPeers) {
  const std::uint16_t first = bind(peer);
  pass(bounds::kChannelLifetime + 1s);
  EXPECT_FALSE(book.channelFor(now, peer));
  EXPECT_EQ(bind(peer), first);  // the server may still know it
  pass(bounds::kChannelLifetime + bounds::kChannelHold + 1s);
  EXPECT_FALSE(book.peerOf(first));
  EXPECT_EQ(bind(peerOf(2)), first + 1);
  EXPECT_EQ(bind(peer), first + 2);
}

TEST_F(PeerBookTest, NumbersEnd) {
  int bound = 0;
  for (unsigned i = 0; i < 5'000; ++i) {
    const Address each = peerOf(i);
    if (book.wantChannel(now, each) != Standing::asking) break;
    ASSERT_TRUE(book.takeWantedChannel(now));
    book.bind(each, now);
    ++bound;
    if (i % bounds::kPeers != bounds::kPeers - 1) continue;
    pass(bounds::kPermissionRefresh);
    for (const Address& one : book.takeWanted(bounds::kPeers)) book.grant(one.ip, now);
    pass(1'000s);
  }
  EXPECT_EQ(bound, 0x1000);
}

TEST_F(PeerBookTest, WithoutItsChannelAPeerIsStillPermitted) {
  book.wantChannel(now, peer);
  book.takeWantedChannel(now);
  book.failChannel(now, peer, true);
  EXPECT_THAT(book.takeWanted(16), ElementsAre(peer));
  book.grant(peer.ip, now);
  EXPECT_EQ(book.wantChannel(now, peer), Standing::refused);
  EXPECT_EQ(book.want(now, peer), Standing::granted);
}

TEST_F(PeerBookTest, WhoIsRefusedIsAskedForAgainLater) {
  book.want(now, peer);
  book.takeWanted(16);
  book.refuse(now, peer.ip);
  EXPECT_EQ(book.want(now, peer), Standing::refused);
  EXPECT_EQ(book.wantChannel(now, peer), Standing::refused);
  EXPECT_FALSE(book.mayHear(peer.ip));
  pass(bounds::kRefusalHold);
  EXPECT_EQ(book.want(now, peer), Standing::asking);
}

TEST_F(PeerBookTest, OneOfSeveralIsAskedForAlone) {
  for (unsigned i = 0; i < 3; ++i) book.want(now, peerOf(i));
  for (const Address& each : book.takeWanted(16)) book.wantAlone(each.ip);
  EXPECT_THAT(book.takeWanted(16), ElementsAre(peerOf(0)));
  EXPECT_THAT(book.takeWanted(16), ElementsAre(peerOf(1)));
  EXPECT_THAT(book.takeWanted(16), ElementsAre(peerOf(2)));
}

TEST_F(PeerBookTest, AnUnansweredRefreshIsTriedAgainWhileThereIsTime) {
  permit(peer);
  pass(bounds::kPermissionRefresh);
  book.takeWanted(16);
  book.leaveUnanswered(now, peer.ip);
  pass(bounds::kRefreshRetry);
  EXPECT_THAT(book.takeWanted(16), ElementsAre(peer));
  pass(60s);
  book.leaveUnanswered(now, peer.ip);
  EXPECT_FALSE(book.mayHear(peer.ip));
  EXPECT_EQ(book.want(now, peer), Standing::asking);
}

TEST_F(PeerBookTest, HoldsTheLastSmallPacketOfEachPort) {
  const Address second = peerOf(1, 7'000);
  book.want(now, peer);
  book.hold(now, peer, bytesOf("one"));
  book.hold(now, peer, bytesOf("two"));
  book.hold(now, second, bytesOf("three"));
  book.hold(now, peerOf(1, 8'000), ByteVector(bounds::kHeldPacket + 1));
  const auto held = book.takeHeld(peer.ip);
  ASSERT_EQ(held.size(), 2u);
  EXPECT_EQ(textOf(held[0].bytes), "two");
  EXPECT_EQ(held[1].peer, second);
  EXPECT_TRUE(book.takeHeld(peer.ip).empty());
}

TEST_F(PeerBookTest, BeyondItsBoundWhoeverIsIdleGivesWay) {
  for (unsigned i = 0; i < bounds::kPeers; ++i) permit(peerOf(i));
  EXPECT_EQ(book.want(now, peerOf(500)), Standing::full);
  book.want(now, peerOf(7));
  book.takeWanted(16);
  book.refuse(now, peerOf(7).ip);
  EXPECT_EQ(book.want(now, peerOf(500)), Standing::asking);
  EXPECT_EQ(book.want(now, peerOf(501)), Standing::full);
  EXPECT_GT(book.memoryUsed(), 0u);
  book.clear();
  EXPECT_EQ(book.memoryUsed(), 0u);
}

}  // namespace
}  // namespace parley::turn
