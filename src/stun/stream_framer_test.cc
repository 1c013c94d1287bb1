#include "stun/stream_framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/packet.h"
#include "core/wire.h"
#include "stun/builder.h"
#include "stun/channel_data.h"
#include "stun/message.h"

namespace parley::stun {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string request(std::size_t nonceLength) {
  PacketPool pool(1);
  MessageBuilder builder(pool.take(), Class::request, Method::allocate, TransactionId{1, 2, 3});
  builder.add(Attribute::nonce, bytesOf(std::string(nonceLength, 'n')));
  const Packet packet = builder.finish();
  return std::string(textOf(packet.bytes()));
}

std::string channelData(std::string_view data, std::size_t padding) {
  PacketPool pool(1);
  Packet packet = pool.copyOf(bytesOf(data));
  ChannelData::wrap(0x4001, packet);
  return std::string(textOf(packet.bytes())) + std::string(padding, '\0');
}

std::string withoutPadding(std::string message, std::size_t padding) {
  message.resize(message.size() - padding);
  return message;
}

std::vector<std::string> take(StreamFramer& framer) {
  std::vector<std::string> messages;
  while (const auto message = framer.next()) messages.emplace_back(textOf(*message));
  return messages;
}

std::vector<std::string> cut(StreamFramer& framer, std::string_view stream, std::size_t at) {
  framer.push(bytesOf(stream.substr(0, at)));
  auto messages = take(framer);
  framer.push(bytesOf(stream.substr(at)));
  for (std::string& message : take(framer)) messages.push_back(std::move(message));
  return messages;
}

TEST(StreamFramer, FindsTheSameMessagesWhereverTheStreamIsCut) {
  const std::vector<std::string> messages{request(0), channelData("12345", 3), channelData("", 0),
                                          request(40), channelData("1234", 0)};
  std::string stream;
  for (const std::string& message : messages) stream += message;
  const std::vector<std::string> expected{messages[0], withoutPadding(messages[1], 3), messages[2],
                                          messages[3], messages[4]};
  for (std::size_t at = 0; at <= stream.size(); ++at) {
    StreamFramer framer;
    EXPECT_EQ(cut(framer, stream, at), expected) << at;
    EXPECT_EQ(framer.held(), 0u);
  }
  StreamFramer dribbled;
  std::vector<std::string> found;
  for (const char& one : stream) {
    dribbled.push(bytesOf({&one, 1}));
    for (std::string& message : take(dribbled)) found.push_back(std::move(message));
  }
  EXPECT_EQ(found, expected);
}

TEST(StreamFramer, WhatItFindsCanBeParsed) {
  StreamFramer framer;
  framer.push(bytesOf(request(10) + channelData("abc", 1)));
  const auto first = framer.next();
  ASSERT_TRUE(first);
  EXPECT_TRUE(MessageView::parse(*first));
  const auto second = framer.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(textOf(ChannelData::parse(*second).value().data), "abc");
}

TEST(StreamFramer, GivesNothingBeforeThePaddingIsThere) {
  StreamFramer framer;
  framer.push(bytesOf(channelData("abc", 0)));
  EXPECT_THAT(take(framer), IsEmpty());
  EXPECT_FALSE(framer.failed());
  framer.push(bytesOf(std::string_view("\0", 1)));
  EXPECT_THAT(take(framer), ElementsAre(channelData("abc", 0)));
}

TEST(StreamFramer, FailsForGoodOnTheFirstByteThatFitsNothing) {
  for (const int first : {0x50, 0x7f, 0x80, 0xff, 0x16}) {
    StreamFramer framer;
    const std::string rest("\0\0\0\0\0\0\0\0\0\0", 10);
    framer.push(bytesOf(request(0) + static_cast<char>(first) + rest));
    EXPECT_THAT(take(framer), ElementsAre(request(0)));
    EXPECT_TRUE(framer.failed()) << first;
    framer.push(bytesOf(request(0)));
    EXPECT_THAT(take(framer), IsEmpty());
    EXPECT_EQ(framer.held(), 0u);
  }
}

TEST(StreamFramer, FailsOnALengthThatIsNoneOfStunOrLargerThanTheBound) {
  std::string odd = request(0);
  odd[3] = 5;
  StreamFramer one;
  one.push(bytesOf(odd.substr(0, 4)));
  EXPECT_FALSE(one.next());
  EXPECT_TRUE(one.failed());

  StreamFramer exact(request(40).size());
  exact.push(bytesOf(request(40)));
  EXPECT_TRUE(exact.next());
  StreamFramer small(request(40).size() - 1);
  small.push(bytesOf(request(40)));
  EXPECT_FALSE(small.next());
  EXPECT_TRUE(small.failed());

  StreamFramer channel(100);
  channel.push(bytesOf(channelData(std::string(97, 'x'), 0)));
  EXPECT_FALSE(channel.next());
  EXPECT_TRUE(channel.failed());
}

}  // namespace
}  // namespace parley::stun
