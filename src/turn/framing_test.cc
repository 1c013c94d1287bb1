#include "turn/framing.h"

#include <gtest/gtest.h>

#include "core/trace.h"
#include "stun/channel_data.h"
#include "stun/message.h"
#include "stun/test_messages.h"

namespace parley::turn {
namespace {

using stun::Attribute;

struct Framing : testing::Test {
  PacketPool pool{4};
  Random random{1};
  stun::test::SeededSecrets secrets{2};
  NoTrace trace;
  Step step{Instant(1s), 0, pool, random, secrets, trace};
};

TEST_F(Framing, ASendIndicationIsReadBack) {
  for (const char* text : {"203.0.113.5:6000", "[2001:db8::7]:65535"}) {
    for (std::size_t size = 0; size < 9; ++size) {
      const Address peer = Address::parse(text).value();
      const ByteVector data(size, 'x');
      const Packet packet = wrapInSend(step, peer, pool.copyOf(data));
      const auto view = stun::MessageView::parse(packet.bytes());
      ASSERT_TRUE(view);
      EXPECT_EQ(view->messageClass(), stun::Class::indication);
      EXPECT_EQ(view->method(), stun::Method::send);
      EXPECT_EQ(view->findXorAddress(Attribute::xorPeerAddress), peer);
      EXPECT_TRUE(equal(view->find(Attribute::data).value(), data));
    }
  }
}

TEST_F(Framing, StaysInTheBlockOfTheData) {
  Packet data = pool.copyOf(bytesOf("data"));
  const std::uint8_t* before = data.bytes().data();
  const Packet packet =
      wrapInSend(step, Address::parse("203.0.113.5:6000").value(), std::move(data));
  EXPECT_EQ(packet.bytes().data() + 36, before);
  EXPECT_EQ(pool.inUse(), 1u);
}

TEST_F(Framing, MovesWhatHasNoRoom) {
  ByteVector bytes = toVector(bytesOf("lent"));
  const Packet packet = wrapInChannel(step, 0x4000, false, Packet::lend(bytes));
  EXPECT_EQ(textOf(stun::ChannelData::parse(packet.bytes()).value().data), "lent");
}

TEST_F(Framing, PadsChannelDataOnlyWhenTold) {
  for (std::size_t size = 0; size < 9; ++size) {
    const ByteVector data(size, 'x');
    const Packet plain = wrapInChannel(step, 0x4001, false, pool.copyOf(data));
    EXPECT_EQ(plain.size(), 4 + size);
    const Packet padded = wrapInChannel(step, 0x4001, true, pool.copyOf(data));
    EXPECT_EQ(padded.size() % 4, 0u);
    EXPECT_EQ(stun::ChannelData::parse(padded.bytes()).value().data.size(), size);
  }
}

TEST_F(Framing, DropsWhatFitsNoBlock) {
  ByteVector large(4'000, 'x');
  const Address peer = Address::parse("203.0.113.5:6000").value();
  EXPECT_FALSE(wrapInSend(step, peer, Packet::lend(large)));
  std::vector<Packet> all;
  while (Packet packet = pool.take()) all.push_back(std::move(packet));
  ByteVector small(4, 'x');
  EXPECT_FALSE(wrapInSend(step, peer, Packet::lend(small)));
}

}  // namespace
}  // namespace parley::turn
