// Two clients behind NATs that let nothing through talk over their relays on one server, in the
// words of TURN as they are on the wire.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/server.h"
#include "server/test_client.h"
#include "sim/world.h"
#include "stun/channel_data.h"

namespace parley::worlds {
namespace {

using server::test::Fill;
using server::test::Reply;
using stun::Method;

// A guest that asks one thing at a time, again if need be, and notes the data that comes.
class Caller final : public Host::Guest {
 public:
  Caller(sim::Node& node, const Address& server, std::string user, std::string password)
      : host_(node.host()), server_(server) {
    script.user = std::move(user);
    script.password = std::move(password);
    host_.enter(*this);
    socket_ = host_.openUdp(*this, {node.address()}).value().socket;
  }
  ~Caller() override { host_.leave(*this); }

  void ask(Method method, Fill fill = {}) {
    method_ = method;
    fill_ = std::move(fill);
    reply.reset();
    id_ = stun::newTransactionId(host_.step().secrets);
    repeat();
  }
  void sendTo(const Address& peer, std::string_view text) {
    Step& step = host_.step();
    send(server::test::writeSend(step.packets, stun::newTransactionId(step.secrets), peer,
                                 bytesOf(text)));
  }
  void sendOn(std::uint16_t number, std::string_view text) {
    Packet packet = host_.step().packets.copyOf(bytesOf(text));
    stun::ChannelData::wrap(number, packet);
    send(std::move(packet));
  }

  void onDatagram(Step&, Datagram datagram) override {
    const Bytes bytes = datagram.packet.bytes();
    if (const auto data = stun::ChannelData::parse(bytes)) {
      heard.push_back("channel: " + std::string(textOf(data->data)));
      return;
    }
    const Reply came(bytes);
    const auto message = came.view().value();
    if (message.messageClass() == stun::Class::indication) {
      heard.push_back("data: " + std::string(textOf(*message.find(stun::Attribute::data))));
      return;
    }
    if (message.transaction() != id_ || reply) return;
    if (++challenges_ < 4 && script.learn(came)) return ask(method_, fill_);
    challenges_ = 0;
    host_.wakeAt(*this, never());
    reply = came;
  }
  void onTimer(Step&) override { repeat(); }
  void onStepEnd(Step&) override {}

  server::test::Script script;
  std::optional<Reply> reply;
  std::vector<std::string> heard;

 private:
  void send(Packet packet) {
    host_.send({.socket = socket_, .remote = server_, .packet = std::move(packet)});
  }
  void repeat() {
    Step& step = host_.step();
    send(script.write(step.packets, method_, id_, fill_));
    host_.wakeAt(*this, step.now + 500ms);
  }

  Host& host_;
  Address server_;
  SocketId socket_{};
  Method method_{};
  Fill fill_;
  stun::TransactionId id_{};
  int challenges_ = 0;
};

constexpr sim::NatOptions kClosed{.mapping = sim::NatDependence::addressAndPortDependent,
                                  .filtering = sim::NatDependence::addressAndPortDependent};

struct RelayingTest : testing::Test {
  static server::Config config() {
    server::Config made;
    made.listen = {{IpAddress::v4({192, 0, 2, 9}), 3'478}};
    made.authentication.users = {{"alice", "secret"}, {"bob", "hidden"}};
    return made;
  }
  explicit RelayingTest(const sim::LinkOptions& weather = {}) {
    world.connect(left, middle, weather);
    world.connect(right, middle, weather);
  }
  ~RelayingTest() override { EXPECT_STREQ(server.inconsistency(), nullptr); }

  Reply call(Caller& caller, Method method, Fill fill = {}) {
    caller.ask(method, std::move(fill));
    EXPECT_TRUE(world.runUntil([&] { return caller.reply.has_value(); }, 60s));
    return caller.reply.value_or(Reply());
  }
  Address allocate(Caller& caller) {
    return call(caller, Method::allocate, server::test::askForUdp).relayed().value_or(Address{});
  }
  void connect() {
    aliceRelay = allocate(alice);
    bobRelay = allocate(bob);
    ASSERT_TRUE(
        call(alice, Method::createPermission, server::test::withPeer(bobRelay)).isSuccess());
    ASSERT_TRUE(
        call(bob, Method::channelBind, server::test::withChannel(0x4000, aliceRelay)).isSuccess());
  }
  // Says it over and over until it has come, for links that lose.
  bool comes(Caller& to, const std::string& text, const std::function<void()>& say) {
    for (int tries = 0; tries < 50; ++tries) {
      say();
      if (world.runUntil([&] { return std::ranges::find(to.heard, text) != to.heard.end(); }, 1s))
        return true;
    }
    return false;
  }

  sim::World world{11};
  sim::Node& middle = world.addNode("server", {IpAddress::v4({192, 0, 2, 9})});
  sim::Nat& left = world.addNat("left", IpAddress::v4({198, 51, 100, 1}), kClosed);
  sim::Nat& right = world.addNat("right", IpAddress::v4({198, 51, 100, 2}), kClosed);
  sim::Node& aliceNode = world.addNode("alice", {IpAddress::v4({192, 168, 1, 2})}, left);
  sim::Node& bobNode = world.addNode("bob", {IpAddress::v4({192, 168, 1, 2})}, right);
  server::Server server{middle.host(), config()};
  Caller alice{aliceNode, config().listen[0], "alice", "secret"};
  Caller bob{bobNode, config().listen[0], "bob", "hidden"};
  Address aliceRelay, bobRelay;
};

TEST_F(RelayingTest, TwoClientsBehindClosedNatsTalk) {
  connect();
  alice.sendTo(bobRelay, "hello");
  bob.sendOn(0x4000, "hello, alice");
  world.runFor(1s);
  EXPECT_THAT(bob.heard, testing::ElementsAre("channel: hello"));
  EXPECT_THAT(alice.heard, testing::ElementsAre("data: hello, alice"));
  EXPECT_EQ(server.stats().packetsToPeers, 2u);
  EXPECT_EQ(server.stats().packetsToClients, 2u);
  EXPECT_EQ(server.held(),
            (server::Held{.allocations = 2, .permissions = 2, .channels = 1, .sockets = 3}));
}

TEST_F(RelayingTest, Inv6NothingIsLeftOfAllocationsOnceTheyAreDeletedOrTheServerCloses) {
  connect();
  EXPECT_EQ(call(alice, Method::refresh, server::test::withLifetime(0)).lifetime(), 0);
  EXPECT_EQ(server.held(),
            (server::Held{.allocations = 1, .permissions = 1, .channels = 1, .sockets = 2}));
  server.close();
  world.runFor(1s);
  EXPECT_EQ(server.held(), server::Held{});
  const loop::LoopReport report = middle.report();
  EXPECT_EQ(report.guests + report.sockets + report.timersArmed + report.packetsInUse, 0u);
}

TEST_F(RelayingTest, WithoutRefreshEverythingEndsByItself) {
  connect();
  world.runFor(600s);
  EXPECT_EQ(server.held(), (server::Held{.sockets = 1}));
  EXPECT_EQ(middle.report().timersArmed, 0u);
  EXPECT_EQ(server.stats().allocationsExpired, 2u);
}

TEST_F(RelayingTest, AfterARestartClientsStartAnew) {
  connect();
  server.restart();
  bob.sendOn(0x4000, "into the void");
  EXPECT_EQ(call(alice, Method::refresh).error(), 437);
  connect();
  alice.sendTo(bobRelay, "hello");
  world.runFor(1s);
  EXPECT_THAT(bob.heard, testing::ElementsAre("channel: hello"));
}

TEST_F(RelayingTest, AStallIsSatOutByRetransmission) {
  connect();
  server.stall(5s);
  EXPECT_TRUE(call(alice, Method::refresh).isSuccess());
  EXPECT_GT(server.stats().stalled, 5u);
}

struct RelayingInBadWeatherTest : RelayingTest {
  RelayingInBadWeatherTest()
      : RelayingTest({.jitter = 50ms, .loss = 0.3, .duplicate = 0.3, .reorder = 0.2}) {
    server.setFaults({.loseAnswer = 0.3});
  }
};

TEST_F(RelayingInBadWeatherTest, TwoClientsTalkAndEachHasOneAllocation) {
  connect();
  EXPECT_TRUE(comes(bob, "channel: hello", [&] { alice.sendTo(bobRelay, "hello"); }));
  EXPECT_TRUE(comes(alice, "data: hello", [&] { bob.sendOn(0x4000, "hello"); }));
  EXPECT_EQ(server.stats().allocationsMade, 2u) << "whatever came twice";
}

}  // namespace
}  // namespace parley::worlds
