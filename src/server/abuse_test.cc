#include "server/server.h"
#include "server/test_bench.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::Method;
using test::at;
using test::Client;
using test::ip;
using test::Reply;

using AbuseTest = test::ServerTest;

Address source(int n) {
  return {IpAddress::v4({198, 18, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)}),
          static_cast<std::uint16_t>(1'024 + n)};
}

TEST_F(AbuseTest, T2WhatStandsBehindTheIntegrityIsNotHeard) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  alice.script.fingerprint = false;
  ByteVector bytes = toVector(alice.script.write(host.pool, Method::refresh, alice.id).bytes());
  const ByteVector zero{0x00, 0x0d, 0, 4, 0, 0, 0, 0};  // LIFETIME 0, by somebody on the path
  bytes.insert(bytes.end(), zero.begin(), zero.end());
  bytes[3] = static_cast<std::uint8_t>(bytes[3] + zero.size());
  EXPECT_EQ(Reply(alice.speak(bytes).at(0)).lifetime(), 600);
  EXPECT_EQ(server->held().allocations, 1u);
}

TEST_F(AbuseTest, T4ListsABoundedNumberOfUnknownAttributes) {
  const Reply reply = alice.ask(Method::binding, [](stun::MessageBuilder& message) {
    for (std::uint16_t i = 0; i < 40; ++i) message.add(Attribute(0x7000 + i));
    message.add(Attribute{0x7000});
  });
  EXPECT_EQ(reply.error(), 420);
  EXPECT_EQ(reply.view()->find(Attribute::unknownAttributes)->size(), 32u);
}

TEST_F(AbuseTest, T5AnswersToStrangersAreFewAndShort) {
  int answers = 0;
  std::size_t largest = 0;
  for (int i = 0; i < 1'000; ++i) {
    Client forged(host, {ip("198.18.0.1"), static_cast<std::uint16_t>(1'024 + i)});
    const Reply reply = forged.ask(Method::allocate);
    answers += reply.size() > 0;
    largest = std::max(largest, reply.size());
  }
  EXPECT_EQ(answers, 10) << "one source, whatever its port";
  EXPECT_LE(largest, 68u) << "20, ERROR-CODE 8, REALM 12, NONCE 20, FINGERPRINT 8";
  EXPECT_EQ(server->stats().rateLimited, 990u);
  host.pass(1s);
  EXPECT_EQ(Client(host, at("198.18.0.1:9")).ask(Method::allocate).error(), 401);
  EXPECT_TRUE(alice.allocate().isSuccess()) << "others do not suffer";
}

TEST_F(AbuseTest, T5BindingAnswersAreRateLimitedToo) {
  int answers = 0;
  for (int i = 0; i < 1'000; ++i) answers += alice.ask(Method::binding).isSuccess();
  EXPECT_EQ(answers, 10);
}

TEST_F(AbuseTest, T5AStrictServerNeverSendsAStrangerMoreThanItSent) {
  Config made = config();
  made.strict = true;
  use(made);
  EXPECT_EQ(alice.ask(Method::binding).size(), 0u);
  EXPECT_EQ(alice.ask(Method::allocate, test::askForUdp).size(), 0u);
  EXPECT_EQ(server->stats().tooShort, 2u);
  const std::string padding(64, 'x');
  const auto padded = [&](stun::MessageBuilder& message) {
    test::askForUdp(message);
    message.addText(Attribute::software, padding);
  };
  for (int i = 0; i < 100; ++i) EXPECT_EQ(alice.ask(Method::allocate, padded).error(), 401);
  EXPECT_TRUE(alice.call(Method::allocate, padded).isSuccess());
}

TEST_F(AbuseTest, T6StrangersLeaveNothingBehind) {
  const std::size_t before = server->memoryUsed();
  const Held held = server->held();
  for (int i = 0; i < 10'000; ++i) {
    Client forged(host, source(i));
    forged.ask(Method::allocate, test::askForUdp);
    forged.ask(Method::binding);
    forged.script.realm = "parley";
    forged.script.nonce = "forged";
    forged.script.password = "guess";
    forged.ask(Method::allocate, test::askForUdp);
    forged.sendTo(peer, "x");
    forged.sendOn(0x4000, "x");
  }
  EXPECT_EQ(server->memoryUsed(), before);
  EXPECT_EQ(server->held(), held);
  EXPECT_EQ(host.due, never());
}

TEST_F(AbuseTest, T10NoPeerIsReachedByAnyWayThatThePolicyRefuses) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  for (const char* text : {"127.0.0.1:22", "0.0.0.0:22", "169.254.169.254:80", "224.0.0.1:5353",
                           "255.255.255.255:9"}) {
    EXPECT_EQ(alice.permit(at(text)).error(), 403) << text;
    EXPECT_EQ(alice.bind(0x4000, at(text)).error(), 403) << text;
    alice.sendTo(at(text), "x");
    EXPECT_TRUE(host.sent.empty()) << text;
  }
  EXPECT_EQ(server->held().permissions, 0u);
}

TEST_F(AbuseTest, T10TheServersOwnPortsAreNoPeersButItsRelaysAre) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  EXPECT_EQ(alice.bind(0x4000, at("192.0.2.9:22")).error(), 403);
  ASSERT_TRUE(alice.permit(at("192.0.2.9:22")).isSuccess()) << "a permission has no port";
  alice.sendTo(at("192.0.2.9:22"), "x");
  alice.sendTo(at("192.0.2.9:3478"), "x");
  EXPECT_TRUE(host.sent.empty());
  EXPECT_EQ(server->stats().forbiddenPeer, 2u);
  Client bob(host, at("198.51.100.2:4000"));
  const Address relay = bob.allocate().relayed().value();
  alice.sendTo(relay, "x");
  EXPECT_EQ(atPeer(relay).size(), 1u);
  ASSERT_TRUE(alice.bind(0x4000, relay).isSuccess());
  ASSERT_TRUE(bob.call(Method::refresh, test::withLifetime(0)).isSuccess());
  alice.sendOn(0x4000, "x");
  EXPECT_TRUE(host.sent.empty()) << "the port may be somebody else's by now";
}

TEST_F(AbuseTest, T10TestsMayAllowWhatIsRefusedByDefault) {
  Config made = config();
  made.peers = {.allowsLoopback = true, .allowsOwn = true};
  use(made);
  ASSERT_TRUE(alice.allocate().isSuccess());
  EXPECT_TRUE(alice.bind(0x4000, at("127.0.0.1:22")).isSuccess());
  EXPECT_TRUE(alice.bind(0x4001, at("192.0.2.9:22")).isSuccess());
}

TEST_F(AbuseTest, T11PortsAndQuotasComeBack) {
  Config made = config();
  made.relayPortMin = 50'000;
  made.relayPortMax = 50'003;
  use(made);
  const std::size_t before = server->memoryUsed();
  ASSERT_TRUE(alice.allocate().isSuccess());
  ASSERT_EQ(alice.call(Method::refresh, test::withLifetime(0)).lifetime(), 0);
  for (int i = 0; i < 5'000; ++i) {
    if (i % 100 == 0) {  // the whole way round: credentials, quotas, and by time
      ASSERT_TRUE(alice.allocate().isSuccess());
      host.pass(600s);
      ASSERT_EQ(server->held(), (Held{.sockets = 1}));
      continue;
    }
    const bool made1 = alice.call(Method::allocate, test::askForUdp).isSuccess();
    const bool gone = alice.call(Method::refresh, test::withLifetime(0)).lifetime() == 0;
    ASSERT_TRUE(made1 && gone) << i;
  }
  EXPECT_EQ(server->held(), (Held{.sockets = 1}));
  EXPECT_EQ(host.sockets.size(), 1u);
  EXPECT_EQ(server->memoryUsed(), before);
  std::vector<Client> clients;
  clients.reserve(5);
  for (int i = 0; i < 5; ++i) clients.emplace_back(host, source(i));
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(clients[static_cast<std::size_t>(i)].allocate().isSuccess());
  EXPECT_EQ(clients[4].allocate().error(), 508) << "the ports are out";
}

TEST_F(AbuseTest, PermissionsAndChannelsOfAnAllocationAreBounded) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  std::size_t given = 0, bound = 0;
  for (int i = 0; i < 200; ++i) given += alice.permit(source(i)).isSuccess();
  EXPECT_EQ(given, limits::server::kPermissions);
  for (int i = 0; i < 200; ++i) {
    Address port = source(i % 10);
    port.port = static_cast<std::uint16_t>(i + 1);
    bound += alice.bind(static_cast<std::uint16_t>(0x4000 + i), port).isSuccess();
  }
  EXPECT_EQ(bound, limits::server::kChannels);
}

}  // namespace
}  // namespace parley::server
