#include <gmock/gmock.h>

#include "stun/builder.h"
#include "stun/channel_data.h"
#include "stun/credentials.h"
#include "turn/bench.h"

namespace parley::turn {
namespace {

using stun::Attribute;
using stun::Class;
using stun::ErrorCode;
using stun::Method;

struct Hostile : test::Bench {
  // The transaction of what waits to be carried.
  stun::TransactionId asked() const {
    return stun::MessageView::parse(up.back()).value().transaction();
  }
  stun::MessageBuilder answer(Class kind, Method method, const stun::TransactionId& id) {
    return {host.pool.take(), kind, method, id};
  }
  void give(Packet packet) {
    ASSERT_TRUE(packet);
    Bench::give(packet.bytes());
    while (auto event = client->nextEvent()) events.push_back(std::move(*event));
    EXPECT_STREQ(client->inconsistency(), nullptr);
  }
  void challenge(ErrorCode code, std::string_view realm, std::string_view nonce) {
    give(answer(Class::error, Method::allocate, asked())
             .addError(code)
             .addText(Attribute::realm, realm)
             .addText(Attribute::nonce, nonce)
             .finish());
  }
  stun::MessageBuilder success() {
    auto message = answer(Class::success, Method::allocate, asked());
    message.addXorAddress(Attribute::xorRelayedAddress, test::at("192.0.2.1:50000"))
        .addXorAddress(Attribute::xorMappedAddress, self)
        .addU32(Attribute::lifetime, 600);
    return message;
  }
  static crypto::Digest key() {
    return stun::longTermKey(stun::PasswordAlgorithm::md5, "alice", "realm", "secret");
  }
};

TEST_F(Hostile, AnUnsignedSuccessIsNotBelieved) {
  client->allocate(host.step());
  give(success().finish());
  challenge(ErrorCode::unauthenticated, "realm", "nonce");
  give(success().finish());
  give(success().finish(stun::Integrity::sha1, bytesOf("guess")));
  give(success().finish(stun::Integrity::sha256, key()));  // not as we signed
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(client->stats().unauthenticated, 4u);
  give(success().finish(stun::Integrity::sha1, key()));
  EXPECT_EQ(all<Allocated>().size(), 1u);
  up.clear();
}

TEST_F(Hostile, AnotherTransactionIsNotOurs) {
  client->allocate(host.step());
  challenge(ErrorCode::unauthenticated, "realm", "nonce");
  auto id = asked();
  id[3] ^= 1;
  give(answer(Class::success, Method::allocate, id).finish(stun::Integrity::sha1, key()));
  give(answer(Class::success, Method::refresh, asked()).finish(stun::Integrity::sha1, key()));
  give(answer(Class::request, Method::binding, id).finish());
  give(answer(Class::indication, Method::binding, id).finish());
  EXPECT_EQ(client->stats().unexpected, 4u);
  EXPECT_TRUE(events.empty());
}

TEST_F(Hostile, ASuccessWithoutItsAddressesIsNone) {
  client->allocate(host.step());
  challenge(ErrorCode::unauthenticated, "realm", "nonce");
  give(answer(Class::success, Method::allocate, asked()).finish(stun::Integrity::sha1, key()));
  give(success().add(Attribute{0x7fff}).finish(stun::Integrity::sha1, key()));
  EXPECT_EQ(client->stats().malformed, 2u);
  EXPECT_TRUE(events.empty());
}

TEST_F(Hostile, TheRealmDoesNotChange) {
  client->allocate(host.step());
  challenge(ErrorCode::unauthenticated, "realm", "nonce");
  const std::size_t before = up.size();
  challenge(ErrorCode::staleNonce, "evil", "nonce");
  challenge(ErrorCode::staleNonce, "realm", "");
  EXPECT_EQ(client->stats().unauthenticated, 2u);
  EXPECT_EQ(up.size(), before);
  give(success().finish(stun::Integrity::sha1, key()));
  EXPECT_EQ(all<Allocated>().size(), 1u);
}

TEST_F(Hostile, AReasonIsShortAndPrintable) {
  client->allocate(host.step());
  give(answer(Class::error, Method::allocate, asked())
           .addError(ErrorCode::forbidden, "no\x1b[31m\n\xff" + std::string(600, 'x'))
           .finish());
  ASSERT_EQ(all<Failed>().size(), 1u);
  const std::string reason = all<Failed>()[0].reason;
  EXPECT_EQ(reason.size(), limits::turn::kReason);
  EXPECT_TRUE(reason.starts_with("no?[31m??xx")) << reason;
}

TEST_F(Hostile, UnsignedErrorsEndNothingThatStands) {
  allocate();
  loseUp = 0;
  pass(539s);
  client->onTimer(host.step());
  host.pass(1s);
  client->onTimer(host.step());
  ASSERT_EQ(up.size(), 1u);
  for (const auto code : {ErrorCode::allocationMismatch, ErrorCode::serverError,
                          ErrorCode::forbidden, ErrorCode::tryAlternate})
    give(answer(Class::error, Method::refresh, asked()).addError(code).finish());
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(client->stats().unauthenticated, 4u);
  settle();
  pass(3'600s);
  EXPECT_TRUE(client->isAllocated());
}

TEST_F(Hostile, DataOfStrangersIsDropped) {
  allocate();
  send(peer, "hello");
  const auto from = [&](const Address& who) {
    give(answer(Class::indication, Method::data, {})
             .addXorAddress(Attribute::xorPeerAddress, who)
             .add(Attribute::data, bytesOf("x"))
             .finish(stun::Integrity::none, {}, false));
  };
  from(other);
  EXPECT_EQ(client->stats().noPermission, 1u);
  EXPECT_TRUE(got.empty());
  from({peer.ip, 1});
  EXPECT_EQ(got.size(), 1u);
  Packet packet = host.pool.copyOf(bytesOf("x"));
  stun::ChannelData::wrap(0x4000, packet);
  give(std::move(packet));
  EXPECT_EQ(client->stats().noPermission, 2u);
}

TEST_F(Hostile, BrokenIndicationsAreDropped) {
  allocate();
  send(peer, "hello");
  const auto data = [&](auto&& fill) {
    auto message = answer(Class::indication, Method::data, {});
    fill(message);
    give(message.finish(stun::Integrity::none, {}, false));
  };
  data([](auto&) {});
  data([&](auto& message) { message.addXorAddress(Attribute::xorPeerAddress, peer); });
  data([&](auto& message) { message.add(Attribute::data, bytesOf("x")); });
  data([&](auto& message) {
    message.addXorAddress(Attribute::xorPeerAddress, peer)
        .add(Attribute::data, bytesOf("x"))
        .add(Attribute{0x7fff});
  });
  Bench::give(ByteVector{0x40, 0x00, 0x00, 0x09, 'x'});
  Bench::give(ByteVector{0x4f, 0xff});
  Bench::give(ByteVector{});
  EXPECT_EQ(client->stats().malformed, 7u);
  EXPECT_TRUE(got.empty());
}

TEST_F(Hostile, BytesFromNowhereChangeNothing) {
  allocate();
  send(peer, "hello");
  Random bytes(5);
  for (int i = 0; i < 20'000; ++i) {
    ByteVector made(bytes.below(80));
    for (auto& each : made) each = static_cast<std::uint8_t>(bytes.u32());
    if (made.size() >= 20 && i % 2 == 0) {
      constexpr std::array<std::uint8_t, 8> kHeader{0x01, 0x13, 0, 0, 0x21, 0x12, 0xa4, 0x42};
      std::ranges::copy(kHeader, made.begin());
      made.resize(made.size() & ~std::size_t{3});
      made[3] = static_cast<std::uint8_t>(made.size() - 20);
    }
    Bench::give(made);
  }
  settle();
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(sentUp, 4u);
  const Stats& stats = client->stats();
  EXPECT_EQ(stats.malformed + stats.unexpected + stats.noPermission + stats.unauthenticated,
            20'000u);
}

TEST_F(Hostile, AnEmptyPoolIsAsLoss) {
  std::vector<Packet> all;
  while (Packet packet = host.pool.take()) all.push_back(std::move(packet));
  client->allocate(host.step());
  EXPECT_TRUE(up.empty());
  all.clear();
  pass(1s);
  EXPECT_TRUE(client->isAllocated());
}

TEST_F(Hostile, WhatItHoldsIsCounted) {
  allocate();
  const std::size_t before = client->memoryUsed();
  lossUp = 1;
  for (unsigned i = 0; i < 200; ++i)
    send({IpAddress::v4({203, 0, 113, static_cast<std::uint8_t>(i)}), 6'000},
         std::string(limits::turn::kHeldPacket, 'x'));
  EXPECT_GT(client->memoryUsed(), before + limits::turn::kPeers * limits::turn::kHeldPacket);
  EXPECT_LT(client->memoryUsed(), before + limits::turn::kPeers * 2 * limits::turn::kHeldPacket);
}

}  // namespace
}  // namespace parley::turn
