#include "stun/channel_data.h"

#include <gtest/gtest.h>

#include "stun/test_messages.h"

namespace parley::stun {
namespace {

TEST(ChannelData, ReadsANumberAndItsDataAndLeavesThePaddingOut) {
  const ByteVector bytes = test::fromHex("4001 0003 616263 00");
  ASSERT_TRUE(ChannelData::looksLike(bytes));
  const auto message = ChannelData::parse(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->number, 0x4001);
  EXPECT_EQ(textOf(message->data), "abc");
}

TEST(ChannelData, RefusesOtherNumbersAndLengthsBeyondTheEnd) {  // T-9
  for (const char* hex : {"", "40", "4000", "400000", "40000001", "3fff0000", "50000000"}) {
    EXPECT_FALSE(ChannelData::parse(test::fromHex(hex))) << hex;
  }
  EXPECT_TRUE(ChannelData::parse(test::fromHex("40000000")));
  EXPECT_TRUE(ChannelData::parse(test::fromHex("4fff0000")));
}

TEST(ChannelData, WrapsWhatItCanReadAgain) {
  PacketPool pool(8);
  Packet packet = pool.copyOf(bytesOf("a datagram"));
  ChannelData::wrap(0x4abc, packet);
  const auto message = ChannelData::parse(packet.bytes());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->number, 0x4abc);
  EXPECT_EQ(textOf(message->data), "a datagram");
}

}  // namespace
}  // namespace parley::stun
