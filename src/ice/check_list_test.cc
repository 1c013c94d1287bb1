#include "ice/check_list.h"

#include <gtest/gtest.h>

#include "ice/priority.h"

namespace parley::ice {
namespace {

Pair pairOf(std::uint32_t id, std::uint64_t priority) {
  Pair pair;
  pair.id = {id};
  pair.path = {{1}, {IpAddress::v4({10, 0, 0, 1}), static_cast<std::uint16_t>(id)}};
  pair.priority = priority;
  pair.foundation = id;
  return pair;
}

std::vector<std::uint32_t> idsOf(const CheckList& list) {
  std::vector<std::uint32_t> ids;
  for (const Pair& pair : list.pairs()) ids.push_back(pair.id.value);
  return ids;
}

TEST(CheckList, KeepsTheBestFirst) {
  CheckList list;
  for (const std::uint32_t id : {3u, 1u, 2u}) list.add(pairOf(id, id), 10);
  EXPECT_EQ(idsOf(list), (std::vector<std::uint32_t>{3, 2, 1}));
}

TEST(CheckList, TakesAPathOnlyOnce) {
  CheckList list;
  list.add(pairOf(1, 5), 10);
  Pair again = pairOf(1, 9);
  again.id = {77};
  EXPECT_EQ(list.add(again, 10)->id, PairId{1});
  EXPECT_EQ(list.pairs().size(), 1u);
}

TEST(CheckList, WhenFullABetterPairPushesOutTheWorstThatNothingCameOf) {
  CheckList list;
  for (const std::uint32_t id : {1u, 2u, 3u}) list.add(pairOf(id, id * 10), 3);
  EXPECT_EQ(list.add(pairOf(4, 5), 3), nullptr);
  list.find(PairId{1})->known = true;
  list.trigger(*list.find(PairId{2}));
  ASSERT_NE(list.add(pairOf(5, 25), 3), nullptr);
  EXPECT_EQ(idsOf(list), (std::vector<std::uint32_t>{3, 5, 1}));
  EXPECT_FALSE(list.hasTriggered());  // the queue forgot it too
  list.find(PairId{3})->state = PairState::inProgress;
  list.find(PairId{5})->valid = true;
  EXPECT_EQ(list.add(pairOf(6, 99), 3), nullptr);
}

TEST(CheckList, TriggeredChecksLeaveInTheirOrderAndOnce) {
  CheckList list;
  for (const std::uint32_t id : {1u, 2u, 3u}) list.add(pairOf(id, id), 10);
  for (const std::uint32_t id : {1u, 3u, 1u}) list.trigger(*list.find(PairId{id}));
  EXPECT_EQ(list.takeTriggered()->id, PairId{1});
  list.removeIf([](const Pair& pair) { return pair.id == PairId{3}; });
  EXPECT_EQ(list.takeTriggered(), nullptr);
}

TEST(CheckList, IsExhaustedWhenEveryPairHasEnded) {
  CheckList list;
  EXPECT_TRUE(list.isExhausted());
  Pair* pair = list.add(pairOf(1, 1), 10);
  EXPECT_FALSE(list.isExhausted());
  pair->state = PairState::inProgress;
  EXPECT_FALSE(list.isExhausted());
  pair->state = PairState::failed;
  EXPECT_TRUE(list.isExhausted());
}

TEST(CheckList, ReordersWithTheRole) {
  CheckList list;
  Pair a = pairOf(1, 0), b = pairOf(2, 0);
  a.localPriority = 10, a.remotePriority = 5;
  b.localPriority = 5, b.remotePriority = 10;
  list.add(a, 10);
  list.add(b, 10);
  list.reorder(Role::controlling);
  EXPECT_EQ(idsOf(list), (std::vector<std::uint32_t>{1, 2}));
  list.reorder(Role::controlled);
  EXPECT_EQ(idsOf(list), (std::vector<std::uint32_t>{2, 1}));
}

TEST(PairPriority, IsTheSameSeenFromBothSides) {
  for (const std::uint32_t a : {1u, 500u, 0x7fffffffu, 0xffffffffu}) {
    for (const std::uint32_t b : {1u, 500u, 0x7fffffffu, 0xffffffffu}) {
      EXPECT_EQ(pairPriority(Role::controlling, a, b), pairPriority(Role::controlled, b, a));
    }
  }
  EXPECT_EQ(pairPriority(Role::controlling, 3, 2), (2ull << 32) + 6 + 1);
}

TEST(CanPair, AsksForTheSameFamilyProtocolAndReach) {
  const auto candidate = [](const char* line) { return *Candidate::parse(line); };
  const Candidate v4 = candidate("candidate:1 1 udp 1 192.0.2.1 1 typ host");
  const Candidate v6 = candidate("candidate:1 1 udp 1 2001:db8::1 1 typ host");
  const Candidate local6 = candidate("candidate:1 1 udp 1 fe80::1 1 typ host");
  const Candidate active = candidate("candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active");
  const Candidate passive = candidate("candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype passive");
  EXPECT_TRUE(canPair(v4, v4));
  EXPECT_FALSE(canPair(v4, v6));
  EXPECT_FALSE(canPair(v6, local6));
  EXPECT_TRUE(canPair(local6, local6));
  EXPECT_FALSE(canPair(v4, passive));
  EXPECT_TRUE(canPair(active, passive));
  EXPECT_FALSE(canPair(passive, active));
  EXPECT_FALSE(canPair(active, active));
  const Candidate so = candidate("candidate:1 1 tcp 1 192.0.2.1 8 typ host tcptype so");
  EXPECT_TRUE(canPair(so, so));
  EXPECT_FALSE(canPair(active, so));
}

TEST(CanPair, KeepsWhatANameHidesFromTurnServers) {
  const Candidate host = *Candidate::parse("candidate:1 1 udp 1 192.0.2.1 1 typ host");
  const Candidate relayed =
      *Candidate::parse("candidate:1 1 udp 1 192.0.2.9 1 typ relay raddr 0.0.0.0 rport 0");
  Candidate named = host;
  named.hostname = "a.local";
  EXPECT_TRUE(canPair(relayed, host));
  EXPECT_TRUE(canPair(host, named));
  EXPECT_FALSE(canPair(relayed, named));
}

TEST(Zones, BelongToTheSideThatHasThem) {
  const IpAddress mine = IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 4);
  const Address remote = *Address::parse("[fe80::2]:5");
  const Address zoned = withZoneOf(remote, mine);
  EXPECT_EQ(zoned.ip.scope(), 4u);
  EXPECT_TRUE(sameWithoutZone(zoned, remote));
  EXPECT_NE(zoned, remote);
  const Address wide = *Address::parse("[2001:db8::2]:5");
  EXPECT_EQ(withZoneOf(wide, mine), wide);
}

}  // namespace
}  // namespace parley::ice
