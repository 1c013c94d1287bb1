#include "turn/requests.h"

#include <gtest/gtest.h>

#include "stun/test_messages.h"

namespace parley::turn {
namespace {

using stun::Attribute;
using stun::Method;
using stun::test::idOf;

Address at(std::string_view text) { return Address::parse(text).value(); }

Request requestOf(std::uint8_t seed, Question question, Instant now) {
  stun::ClientTransaction transaction(idOf(seed));
  transaction.start(now);
  return {.question = std::move(question), .transaction = transaction, .asked = now};
}

TEST(Requests, AreFoundByIdAndByMethod) {
  Requests requests;
  requests.add(requestOf(1, {.method = Method::refresh}, Instant(1s)));
  requests.add(requestOf(
      2, {.method = Method::createPermission, .peers = {at("203.0.113.5:1"), at("203.0.113.6:1")}},
      Instant(1s)));
  EXPECT_EQ(requests.find(idOf(1))->question.method, Method::refresh);
  EXPECT_EQ(requests.find(idOf(3)), nullptr);
  EXPECT_EQ(requests.find(Method::createPermission)->question.peers.size(), 2u);
  EXPECT_EQ(requests.countOf(Method::refresh), 1u);
  EXPECT_EQ(requests.namesOf(at("203.0.113.6:9").ip), 1u);
  EXPECT_EQ(requests.namesOf(at("203.0.113.7:1").ip), 0u);
  EXPECT_GT(requests.memoryUsed(), 0u);
  EXPECT_EQ(requests.take(idOf(1)).transaction.id(), idOf(1));
  EXPECT_EQ(requests.size(), 1u);
}

TEST(Requests, TellWhichIsDueAndWhenTheNextIs) {
  Requests requests;
  EXPECT_EQ(requests.deadline(), never());
  requests.add(requestOf(1, {.method = Method::refresh}, Instant(2s)));
  requests.add(requestOf(2, {.method = Method::allocate}, Instant(1s)));
  EXPECT_EQ(requests.deadline(), Instant(1'500ms));
  EXPECT_EQ(requests.nextDue(Instant(1'499ms)), nullptr);
  EXPECT_EQ(requests.nextDue(Instant(1'500ms))->transaction.id(), idOf(2));
}

struct Writing : testing::Test {
  stun::MessageView write(const Question& question, const Config& config = {}) {
    packet = writeRequest(pool, idOf(1), question, config, {});
    return stun::MessageView::parse(packet.bytes()).value();
  }
  PacketPool pool{2};
  Packet packet;
};

TEST_F(Writing, AllocateNamesTransportFamilyAndLifetime) {
  Config config;
  config.family = stun::AddressFamily::v6;
  const auto view = write({.method = Method::allocate, .lifetime = 1'500ms}, config);
  EXPECT_EQ(view.findU8(Attribute::requestedTransport), stun::kTransportUdp);
  EXPECT_EQ(view.findU8(Attribute::requestedAddressFamily), 2);
  EXPECT_EQ(view.findU32(Attribute::lifetime), 2u);
}

TEST_F(Writing, AReleaseIsARefreshWithoutALifetime) {
  const Question question{.method = Method::refresh};
  EXPECT_TRUE(question.isRelease());
  EXPECT_EQ(write(question).findU32(Attribute::lifetime), 0u);
  EXPECT_FALSE((Question{.method = Method::refresh, .lifetime = 1s}.isRelease()));
}

TEST_F(Writing, PeersAndChannelsAreNamed) {
  const Address one = at("203.0.113.5:1"), two = at("[2001:db8::1]:2");
  const auto permission = write({.method = Method::createPermission, .peers = {one, two}});
  const auto peers = permission.findXorAddresses(Attribute::xorPeerAddress);
  ASSERT_EQ(peers.count, 2u);
  EXPECT_EQ(peers.list[1], two);
  const auto channel = write({.method = Method::channelBind, .peers = {one}, .number = 0x4007});
  EXPECT_EQ(channel.findChannelNumber(), 0x4007);
  EXPECT_EQ(channel.findXorAddress(Attribute::xorPeerAddress), one);
}

TEST_F(Writing, WithoutAPacketThereIsNone) {
  std::vector<Packet> all;
  while (Packet each = pool.take()) all.push_back(std::move(each));
  EXPECT_FALSE(writeRequest(pool, idOf(1), {.method = Method::refresh}, {}, {}));
}

}  // namespace
}  // namespace parley::turn
