#include "server/server.h"

#include "server/test_bench.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::Method;
using test::at;
using test::Client;
using test::Reply;

using ServerTest = test::ServerTest;

TEST_F(ServerTest, TellsAClientItsAddress) {
  const Reply reply = alice.ask(Method::binding);
  EXPECT_TRUE(reply.isSuccess());
  EXPECT_EQ(reply.mapped(), alice.self);
  EXPECT_EQ(reply.view()->transaction(), alice.id);
  EXPECT_TRUE(reply.view()->checkFingerprint());
  alice.script.fingerprint = false;
  EXPECT_FALSE(alice.ask(Method::binding).view()->hasFingerprint()) << "only who uses it gets it";
}

TEST_F(ServerTest, TellsAClientItsIpv6Address) {
  use({.listen = {at("[2001:db8::9]:3478")}});
  Client client(host, at("[2001:db8::1]:4000"), at("[2001:db8::9]:3478"));
  EXPECT_EQ(client.ask(Method::binding).mapped(), client.self);
}

TEST_F(ServerTest, NamesTheAttributesItDoesNotKnow) {
  const Reply reply = alice.ask(Method::binding, [](stun::MessageBuilder& message) {
    message.addU32(Attribute{0x7001}, 1).addU32(Attribute{0xffff}, 1).addU32(Attribute{0x7002}, 1);
  });
  EXPECT_EQ(reply.error(), 420);
  const auto list = reply.view()->find(Attribute::unknownAttributes).value();
  EXPECT_EQ(toVector(list), (ByteVector{0x70, 0x01, 0x70, 0x02}));
}

TEST_F(ServerTest, SaysNothingToWhatIsNoRequestOfItsOwn) {
  const auto without = [&](stun::Class kind, Method method) {
    return alice.speak(stun::MessageBuilder(host.pool.take(), kind, method, {}).finish().bytes());
  };
  EXPECT_TRUE(without(stun::Class::success, Method::binding).empty());
  EXPECT_TRUE(without(stun::Class::error, Method::allocate).empty());
  EXPECT_TRUE(without(stun::Class::indication, Method::binding).empty());
  EXPECT_TRUE(without(stun::Class::request, Method::connect).empty());
  EXPECT_TRUE(without(stun::Class::request, Method::send).empty());
  EXPECT_EQ(server->stats().unexpected, 5u);
  EXPECT_TRUE(alice.speak(bytesOf("GET / HTTP/1.1")).empty());
  EXPECT_TRUE(alice.speak({}).empty());
  EXPECT_EQ(server->stats().malformed, 2u);
}

TEST_F(ServerTest, DropsAWrongFingerprint) {
  ByteVector bytes = toVector(alice.script.write(host.pool, Method::binding, {}).bytes());
  bytes.back() ^= 1;
  EXPECT_TRUE(alice.speak(bytes).empty());
  EXPECT_EQ(server->stats().malformed, 1u);
}

TEST_F(ServerTest, ListensAtSeveralAddressesAndTellsThemApart) {
  Config made = config();
  made.listen.push_back(at("192.0.2.9:3479"));
  use(made);
  EXPECT_EQ(server->addresses(), made.listen);
  Client other(host, alice.self, at("192.0.2.9:3479"));
  const Address first = alice.allocate().relayed().value();
  const Address second = other.allocate().relayed().value();
  EXPECT_NE(first, second);
  EXPECT_EQ(server->held(), (Held{.allocations = 2, .sockets = 4}));
}

TEST_F(ServerTest, SaysWhenAnAddressIsTaken) {
  EXPECT_FALSE(server->error());
  Config made = config();
  made.listen.push_back(made.listen[0]);
  use(made);
  EXPECT_EQ(server->error(), OpenError::addressInUse);
  EXPECT_TRUE(alice.ask(Method::binding).isSuccess()) << "the other one works";
}

TEST_F(ServerTest, NamesItsSoftwareOnlyToThoseWhoHaveProvedWhoTheyAre) {
  Config made = config();
  made.software = "test server";
  use(made);
  EXPECT_FALSE(alice.ask(Method::binding).view()->has(Attribute::software));
  EXPECT_FALSE(alice.ask(Method::allocate).view()->has(Attribute::software));
  EXPECT_EQ(alice.allocate().view()->findText(Attribute::software), "test server");
}

TEST_F(ServerTest, NothingIsLeftAfterClose) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  ASSERT_TRUE(alice.permit(peer).isSuccess());
  ASSERT_TRUE(alice.bind(0x4000, peer).isSuccess());
  EXPECT_EQ(server->held(),
            (Held{.allocations = 1, .permissions = 1, .channels = 1, .sockets = 2}));
  EXPECT_NE(host.due, never());
  server->close();
  EXPECT_EQ(server->held(), Held{});
  EXPECT_TRUE(host.sockets.empty());
  EXPECT_EQ(host.due, never());
  EXPECT_EQ(server->inconsistency(), nullptr);
  EXPECT_EQ(host.pool.inUse(), 0u);
  server->close();
  server->restart();
  EXPECT_TRUE(host.sockets.empty());
}

TEST_F(ServerTest, ARestartForgetsAllocationsAndNonces) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  const std::string nonce = alice.script.nonce;
  server->restart();
  EXPECT_EQ(server->held(), (Held{.sockets = 1}));
  EXPECT_EQ(host.sockets.size(), 1u);
  EXPECT_EQ(alice.ask(Method::refresh).error(), 438);
  EXPECT_EQ(alice.call(Method::refresh).error(), 437) << "it knows nothing of the allocation";
  EXPECT_NE(alice.script.nonce, nonce);
  EXPECT_TRUE(alice.allocate().isSuccess());
  EXPECT_EQ(server->stats().allocationsReset, 1u);
}

TEST_F(ServerTest, AStalledServerHearsNothingForATime) {
  server->stall(10s);
  EXPECT_EQ(alice.ask(Method::binding).size(), 0u);
  host.pass(9s);
  EXPECT_EQ(alice.ask(Method::binding).size(), 0u);
  host.pass(1s);
  EXPECT_TRUE(alice.ask(Method::binding).isSuccess());
  EXPECT_EQ(server->stats().stalled, 2u);
}

}  // namespace
}  // namespace parley::server
