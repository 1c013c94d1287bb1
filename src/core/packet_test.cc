#include "core/packet.h"

namespace parley {
namespace {

const std::uint8_t kHello[] = {'h', 'e', 'l', 'l', 'o'};

TEST(Packet, GrowsIntoItsHeadAndTailRoom) {
  PacketPool pool(4);
  Packet packet = pool.copyOf(kHello);
  EXPECT_EQ(packet.headroom(), PacketPool::kHeadroom);
  packet.prepend(1)[0] = '<';
  packet.append(1)[0] = '>';
  EXPECT_EQ(textOf(packet.bytes()), "<hello>");
  packet.trimFront(1);
  packet.trimBack(2);
  EXPECT_EQ(textOf(packet.bytes()), "hell");
}

TEST(Packet, GivesItsBlockBackWhenTheLastViewIsGone) {
  PacketPool pool(1);
  Packet first = pool.copyOf(kHello);
  Packet second = first.share();
  first = {};
  EXPECT_EQ(pool.inUse(), 1u);
  EXPECT_EQ(textOf(second.bytes()), "hello");
  second = {};
  EXPECT_EQ(pool.inUse(), 0u);
  EXPECT_TRUE(pool.take());
}

TEST(Packet, MovesWithoutCountingTwice) {
  PacketPool pool(1);
  Packet packet = pool.take();
  Packet moved = std::move(packet);
  EXPECT_FALSE(packet);
  EXPECT_TRUE(moved);
  EXPECT_EQ(pool.inUse(), 1u);
}

TEST(Packet, KeepsALentViewByCopyingIt) {
  PacketPool pool(1);
  std::uint8_t buffer[] = {1, 2, 3};
  Packet lent = Packet::lend(buffer);
  EXPECT_TRUE(lent.isLent());
  lent.mutableBytes()[0] = 7;  // decrypting in place
  Packet kept = std::move(lent).keep(pool);
  buffer[0] = 0;
  EXPECT_EQ(kept.bytes()[0], 7);
  EXPECT_FALSE(kept.isLent());
}

TEST(PacketPool, RefusesAndCountsBeyondItsBound) {
  PacketPool pool(2);
  const Packet first = pool.take(), second = pool.take();
  EXPECT_FALSE(pool.take());
  EXPECT_EQ(pool.refused(), 1u);
}

TEST(PacketPool, GivesBackTheSlabsOfWhichNothingIsInUse) {
  PacketPool pool(1'000);
  std::vector<Packet> packets(300);
  for (Packet& packet : packets) packet = pool.copyOf(kHello);
  EXPECT_EQ(pool.slabs(), 5u);
  packets.erase(packets.begin(), packets.begin() + 250);  // two slabs have some in use
  pool.trim();
  EXPECT_GE(pool.slabs(), 1u);
  EXPECT_LE(pool.slabs(), 2u);
  EXPECT_EQ(pool.inUse(), 50u);
  for (const Packet& packet : packets) EXPECT_EQ(textOf(packet.bytes()), "hello");
  packets.resize(400);  // what was kept is handed out once, and what is missing is made again
  for (Packet& packet : packets) packet = pool.copyOf(kHello);
  EXPECT_EQ(pool.inUse(), 400u);
  EXPECT_EQ(pool.slabs(), 7u);
  packets.clear();
  pool.trim();
  EXPECT_EQ(pool.slabs(), 0u);
  EXPECT_TRUE(pool.copyOf(kHello));
}

TEST(PacketPool, RefusesACopyThatDoesNotFitABlock) {
  PacketPool pool(2);
  const ByteVector large(PacketPool::kBody + PacketPool::kTailroom + 1);
  EXPECT_FALSE(pool.copyOf(large));
  EXPECT_EQ(pool.inUse(), 0u);
}

TEST(PacketDeathTest, StopsWhenASharedBlockIsWritten) {
  PacketPool pool(2);
  Packet packet = pool.copyOf(kHello);
  const Packet second = packet.share();
  EXPECT_DEATH(packet.mutableBytes(), "broken invariant");
}

}  // namespace
}  // namespace parley
