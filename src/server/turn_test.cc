#include "server/server.h"
#include "server/test_bench.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::MessageBuilder;
using stun::Method;
using test::at;
using test::Client;
using test::ip;
using test::Reply;
using test::withLifetime;

struct TurnTest : test::ServerTest {
  Client bob{host, at("198.51.100.2:4000")};
};

TEST_F(TurnTest, ChallengesAndThenAllocates) {
  const Reply challenge = alice.ask(Method::allocate, test::askForUdp);
  EXPECT_EQ(challenge.error(), 401);
  EXPECT_EQ(challenge.view()->findText(Attribute::realm), "parley");
  ASSERT_TRUE(alice.script.learn(challenge));
  const Reply reply = alice.ask(Method::allocate, test::askForUdp);
  ASSERT_TRUE(reply.isSuccess());
  EXPECT_TRUE(reply.view()->checkIntegrity(alice.script.key()));
  EXPECT_EQ(reply.lifetime(), 600);
  EXPECT_EQ(reply.mapped(), alice.self);
  EXPECT_EQ(reply.relayed()->ip, ip("192.0.2.9"));
  const Allocation* made = server->allocations().findClient(alice.self);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->relayed(), reply.relayed());
  EXPECT_EQ(made->user(), "alice");
}

TEST_F(TurnTest, SignsTheAnswerAsTheRequestWas) {
  alice.script.integrity = stun::Integrity::sha256;
  const Reply reply = alice.allocate();
  EXPECT_TRUE(reply.isSuccess());
  EXPECT_TRUE(reply.view()->checkIntegritySha256(alice.script.key()));
  EXPECT_FALSE(reply.view()->hasIntegrity());
}

TEST_F(TurnTest, TheSameAllocateAgainGetsTheSameAnswerAndAnotherOneAMismatch) {
  const Reply first = alice.allocate();
  host.pass(10s);
  const Reply again = alice.askAgain(Method::allocate, test::askForUdp);
  EXPECT_EQ(again.relayed(), first.relayed());
  EXPECT_EQ(again.lifetime(), 590);
  EXPECT_EQ(alice.allocate().error(), 437);
  EXPECT_EQ(server->stats().allocationsMade, 1u);
}

TEST_F(TurnTest, KeepsLifetimesWithinBounds) {
  const auto granted = [&](Client& client, std::uint32_t asked) {
    return client.allocate(withLifetime(asked)).lifetime();
  };
  EXPECT_EQ(granted(alice, 10), 600);
  EXPECT_EQ(granted(bob, 100'000), 3'600);
  EXPECT_EQ(alice.call(Method::refresh, withLifetime(1'200)).lifetime(), 1'200);
  EXPECT_EQ(alice.call(Method::refresh).lifetime(), 600);
  EXPECT_EQ(alice.call(Method::refresh, withLifetime(0xffff'ffff)).lifetime(), 3'600);
}

TEST_F(TurnTest, RefusesWhatItCannotAllocate) {
  using enum Attribute;
  const auto refused = [&](const test::Fill& fill) {
    const int code = alice.call(Method::allocate, fill).error();
    EXPECT_EQ(server->held().allocations, 0u);
    return code;
  };
  EXPECT_EQ(refused({}), 400) << "no transport";
  EXPECT_EQ(refused([](MessageBuilder& m) { m.add(requestedTransport, bytesOf("x")); }), 400);
  EXPECT_EQ(refused([](MessageBuilder& m) { m.addU8(requestedTransport, 6); }), 442);
  const auto udp = [&](const test::Fill& more) {
    return refused([&](MessageBuilder& m) {
      test::askForUdp(m);
      more(m);
    });
  };
  EXPECT_EQ(udp([](MessageBuilder& m) { m.add(dontFragment); }), 420);
  EXPECT_EQ(udp([](MessageBuilder& m) { m.add(evenPort, bytesOf("\x80")); }), 508);
  EXPECT_EQ(udp([](MessageBuilder& m) { m.addU64(reservationToken, 1); }), 508);
  EXPECT_EQ(
      udp([](MessageBuilder& m) { m.addU64(reservationToken, 1).add(evenPort, bytesOf("\x80")); }),
      400);
  EXPECT_EQ(udp([](MessageBuilder& m) { m.addU8(requestedAddressFamily, 2); }), 440);
  EXPECT_EQ(udp([](MessageBuilder& m) { m.addU8(requestedAddressFamily, 7); }), 440);
  EXPECT_EQ(udp([](MessageBuilder& m) { m.add(lifetime, bytesOf("1")); }), 400);
  EXPECT_EQ(udp([](MessageBuilder& m) {
              m.addU8(requestedAddressFamily, 1).addU8(additionalAddressFamily, 2);
            }),
            400);
  host.failOpen = true;
  EXPECT_EQ(udp([](MessageBuilder&) {}), 508);
  EXPECT_EQ(server->stats().allocationsRefused, 11u) << "420 is decided before";
}

TEST_F(TurnTest, GivesAnEvenPortAndLeavesTheOddOnesAlone) {
  Config made = config();
  made.relayPortMin = 50'001;
  made.relayPortMax = 50'003;
  use(made);
  const auto even = [](MessageBuilder& m) { m.add(Attribute::evenPort, ByteVector{0}); };
  EXPECT_EQ(alice.allocate(even).relayed()->port, 50'002);
  EXPECT_EQ(bob.allocate(even).error(), 508) << "there is no other";
  EXPECT_EQ(host.sockets.size(), 2u);
  EXPECT_EQ(bob.allocate([](MessageBuilder& m) { m.add(Attribute::evenPort); }).error(), 400);
}

TEST_F(TurnTest, GivesTheFamilyThatWasAskedFor) {
  Config made = config();
  made.relays = {{ip("192.0.2.9"), ip("203.0.113.99")}, {ip("2001:db8::9"), ip("2001:db8::9")}};
  use(made);
  const auto six = [](MessageBuilder& m) { m.addU8(Attribute::requestedAddressFamily, 2); };
  EXPECT_EQ(alice.allocate(six).relayed()->ip, ip("2001:db8::9"));
  EXPECT_EQ(bob.allocate().relayed()->ip, ip("203.0.113.99")) << "as the NAT shows it";
  EXPECT_EQ(alice.permit(peer).error(), 443);
  EXPECT_EQ(alice.bind(0x4000, peer).error(), 443);
  EXPECT_EQ(alice
                .call(Method::refresh,
                      [](MessageBuilder& m) { m.addU8(Attribute::requestedAddressFamily, 1); })
                .error(),
            443);
  EXPECT_TRUE(alice.call(Method::refresh, six).isSuccess());
}

TEST_F(TurnTest, SaysThatItGivesNoSecondFamily) {
  const Reply reply =
      alice.allocate([](MessageBuilder& m) { m.addU8(Attribute::additionalAddressFamily, 2); });
  EXPECT_TRUE(reply.isSuccess());
  EXPECT_TRUE(reply.view()->has(Attribute::addressErrorCode));
}

TEST_F(TurnTest, KeepsQuotasByUserAndInAll) {
  Config made = config();
  made.allocationsMax = 3;
  made.allocationsPerUserMax = 2;
  use(made);
  std::vector<Client> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(host, at("198.51.100.1:" + std::to_string(5'000 + i)));
    if (i >= 3) clients.back().script = {.user = "bob", .password = "hidden"};
  }
  EXPECT_TRUE(clients[0].allocate().isSuccess());
  EXPECT_TRUE(clients[1].allocate().isSuccess());
  EXPECT_EQ(clients[2].allocate().error(), 486);
  EXPECT_TRUE(clients[3].allocate().isSuccess());
  EXPECT_EQ(clients[4].allocate().error(), 508);
  EXPECT_EQ(server->stats().allocationsRefused, 2u);
  EXPECT_EQ(clients[0].call(Method::refresh, withLifetime(0)).lifetime(), 0);
  EXPECT_TRUE(clients[2].allocate().isSuccess());
}

TEST_F(TurnTest, AnAllocationIsItsUsersAlone) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  alice.script = {.user = "bob", .password = "hidden"};
  EXPECT_EQ(alice.call(Method::refresh, withLifetime(0)).error(), 441);
  EXPECT_EQ(alice.permit(peer).error(), 441);
  EXPECT_EQ(alice.bind(0x4000, peer).error(), 441);
  EXPECT_EQ(server->held(), (Held{.allocations = 1, .sockets = 2}));
}

TEST_F(TurnTest, WithoutAnAllocationThereIsNothingToRefresh) {
  EXPECT_EQ(alice.call(Method::refresh, withLifetime(0)).error(), 437);
  EXPECT_EQ(alice.permit(peer).error(), 437);
  EXPECT_EQ(alice.bind(0x4000, peer).error(), 437);
  alice.sendTo(peer, "hello");
  alice.sendOn(0x4000, "hello");
  EXPECT_EQ(server->stats().noAllocation, 2u);
}

TEST_F(TurnTest, AnAllocationEndsUnlessItIsRefreshed) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  host.pass(599s);
  ASSERT_TRUE(alice.call(Method::refresh).isSuccess());
  host.pass(599s);
  EXPECT_EQ(server->held().allocations, 1u);
  host.pass(1s);
  EXPECT_EQ(server->held(), (Held{.sockets = 1}));
  EXPECT_EQ(server->stats().allocationsExpired, 1u);
  EXPECT_EQ(host.due, never());
}

TEST_F(TurnTest, RelaysBothWaysWithAPermission) {
  const Address relay = alice.allocate().relayed().value();
  alice.sendTo(peer, "too early");
  fromPeer(relay, peer, "too early");
  EXPECT_TRUE(host.sent.empty());
  EXPECT_EQ(server->stats().noPermission, 2u);
  ASSERT_TRUE(alice.permit(peer).isSuccess());
  alice.sendTo(peer, "hello");
  EXPECT_EQ(atPeer(peer), std::vector<std::string>{"hello"});
  EXPECT_EQ(host.sent.back().from, relay);
  fromPeer(relay, peer, "and back");
  ASSERT_EQ(alice.heard().size(), 1u);
  const Reply data(alice.heard()[0]);
  EXPECT_EQ(data.view()->method(), Method::data);
  EXPECT_EQ(data.view()->messageClass(), stun::Class::indication);
  EXPECT_EQ(data.address(Attribute::xorPeerAddress), peer);
  EXPECT_EQ(textOf(data.view()->find(Attribute::data).value()), "and back");
  EXPECT_EQ(server->stats().bytesToPeers, 5u);
  EXPECT_EQ(server->stats().bytesToClients, 8u);
  fromPeer(relay, at("203.0.113.6:6000"), "a stranger");
  EXPECT_TRUE(host.sent.empty());
}

TEST_F(TurnTest, RelaysOnAChannelBothWays) {
  const Address relay = alice.allocate().relayed().value();
  alice.sendOn(0x4000, "not bound");
  EXPECT_EQ(server->stats().noChannel, 1u);
  ASSERT_TRUE(alice.bind(0x4000, peer).isSuccess());
  alice.sendOn(0x4000, "hello");
  EXPECT_EQ(atPeer(peer), std::vector<std::string>{"hello"});
  fromPeer(relay, peer, "and back");
  const ByteVector bytes = alice.heard().at(0);
  const auto data = stun::ChannelData::parse(bytes).value();
  EXPECT_EQ(data.number, 0x4000);
  EXPECT_EQ(textOf(data.data), "and back");
  Address otherPort = peer;
  otherPort.port = 1;
  fromPeer(relay, otherPort, "by indication");
  EXPECT_EQ(Reply(alice.heard().at(0)).address(Attribute::xorPeerAddress), otherPort);
}

TEST_F(TurnTest, RelaysAnEmptyAndALargeDatagramAndNoneThatDoesNotFit) {
  const Address relay = alice.allocate().relayed().value();
  ASSERT_TRUE(alice.permit(peer).isSuccess());
  fromPeer(relay, peer, "");
  EXPECT_EQ(Reply(alice.heard().at(0)).view()->find(Attribute::data)->size(), 0u);
  alice.sendTo(peer, "");
  EXPECT_EQ(atPeer(peer), std::vector<std::string>{""});
  fromPeer(relay, peer, std::string(1'400, 'x'));
  EXPECT_EQ(Reply(alice.heard().at(0)).view()->find(Attribute::data)->size(), 1'400u);
  fromPeer(relay, peer, std::string(1'590, 'x'));
  EXPECT_TRUE(host.sent.empty());
  EXPECT_EQ(server->stats().tooLarge, 1u);
}

TEST_F(TurnTest, PermissionsAndChannelsEndByThemselves) {
  const Address relay = alice.allocate(withLifetime(3'600)).relayed().value();
  ASSERT_TRUE(alice.bind(0x4000, peer).isSuccess());
  host.pass(300s);
  EXPECT_EQ(server->held().permissions, 0u);
  alice.sendOn(0x4000, "no permission");
  fromPeer(relay, peer, "no permission");
  EXPECT_TRUE(host.sent.empty());
  ASSERT_TRUE(alice.permit(peer).isSuccess());
  alice.sendOn(0x4000, "again");
  EXPECT_EQ(atPeer(peer).size(), 1u);
  host.pass(300s);
  EXPECT_EQ(server->held().channels, 0u);
  EXPECT_TRUE(alice.bind(0x4001, peer).isSuccess()) << "the peer is free again";
  EXPECT_EQ(server->stats().noPermission, 2u);
}

TEST_F(TurnTest, CreatesPermissionsForSeveralPeersOrForNone) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  const auto both = [&](const Address& second) {
    return alice.call(Method::createPermission, [&](MessageBuilder& m) {
      m.addXorAddress(Attribute::xorPeerAddress, peer)
          .addXorAddress(Attribute::xorPeerAddress, second);
    });
  };
  EXPECT_EQ(both(at("127.0.0.1:1")).error(), 403);
  EXPECT_EQ(both(at("[2001:db8::1]:1")).error(), 443);
  EXPECT_EQ(server->held().permissions, 0u);
  EXPECT_TRUE(both(at("203.0.113.6:1")).isSuccess());
  EXPECT_EQ(server->allocations().findClient(alice.self)->permissions(host.step().now).size(), 2u);
  EXPECT_EQ(alice.call(Method::createPermission).error(), 400);
  EXPECT_EQ(alice
                .call(Method::createPermission,
                      [](MessageBuilder& m) { m.add(Attribute::xorPeerAddress, bytesOf("odd")); })
                .error(),
            400);
}

TEST_F(TurnTest, RefusesConflictingChannels) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  ASSERT_TRUE(alice.bind(0x4000, peer).isSuccess());
  EXPECT_TRUE(alice.bind(0x4000, peer).isSuccess());
  EXPECT_EQ(alice.bind(0x4000, at("203.0.113.6:6000")).error(), 400);
  EXPECT_EQ(alice.bind(0x4001, peer).error(), 400);
  EXPECT_EQ(alice.bind(0x3fff, at("203.0.113.6:6000")).error(), 400);
  EXPECT_EQ(alice.bind(0x5000, at("203.0.113.6:6000")).error(), 400);
  EXPECT_EQ(alice.call(Method::channelBind, test::withPeer(peer)).error(), 400);
}

TEST_F(TurnTest, ARefreshToZeroClosesTheRelayAtOnce) {
  const Address relay = alice.allocate().relayed().value();
  ASSERT_TRUE(alice.bind(0x4000, peer).isSuccess());
  EXPECT_EQ(alice.call(Method::refresh, withLifetime(0)).lifetime(), 0);
  EXPECT_EQ(server->held(), (Held{.sockets = 1}));
  fromPeer(relay, peer, "anybody?");
  EXPECT_TRUE(host.sent.empty());
  EXPECT_EQ(server->stats().allocationsDeleted, 1u);
}

TEST_F(TurnTest, TwoClientsMeetThroughTheirRelays) {
  const Address fromAlice = alice.allocate().relayed().value();
  const Address fromBob = bob.allocate().relayed().value();
  ASSERT_TRUE(alice.permit(fromBob).isSuccess());
  ASSERT_TRUE(bob.bind(0x4000, fromAlice).isSuccess());
  alice.sendTo(fromBob, "hello");
  ASSERT_EQ(atPeer(fromBob).size(), 1u);
  fromPeer(fromBob, fromAlice, "hello");
  EXPECT_EQ(stun::ChannelData::parse(bob.heard().at(0))->number, 0x4000);
}

TEST_F(TurnTest, WhenThePoolIsEmptyOnlyThePacketIsLost) {
  const Address relay = alice.allocate().relayed().value();
  ASSERT_TRUE(alice.permit(peer).isSuccess());
  host.pool.refuseAt(host.pool.asked() + 1);
  fromPeer(relay, peer, "lost");
  EXPECT_TRUE(host.sent.empty());
  host.pool.refuseAt(host.pool.asked() + 2);  // the first is the request
  EXPECT_EQ(alice.ask(Method::refresh).size(), 0u);
  EXPECT_EQ(server->stats().tooLarge, 2u);
  EXPECT_TRUE(alice.ask(Method::refresh).isSuccess());
}

}  // namespace
}  // namespace parley::server
