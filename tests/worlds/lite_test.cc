// ICE-lite (RFC 8445 2.5): a server that answers checks and sends none.

#include <gtest/gtest.h>

#include "call.h"
#include "stun/message.h"

namespace parley::worlds {
namespace {

Tuning lite() {
  Tuning tuning;
  tuning.iceLite = true;
  return tuning;
}

struct LiteCase {
  bool isOffererLite;
  bool offererCloses;
};

struct Lite : testing::TestWithParam<LiteCase> {
  sim::World world{23};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
  bool isOffererLite = GetParam().isOffererLite;
  Call call{world,
            alice,
            bob,
            {},
            isOffererLite ? lite() : Tuning{},
            {.iceServers = {{{"stun:10.0.0.9"}, {}, {}}}},
            isOffererLite ? Tuning{} : lite()};
  End& server = isOffererLite ? call.offerer : call.answerer;
  End& client = isOffererLite ? call.answerer : call.offerer;
  int checks = 0;  // of the lite side

  void watch() {
    world.observe([this](const sim::Station& station, const sim::WireDatagram& datagram) {
      const auto message = stun::MessageView::parse(datagram.bytes);
      if (&station == &server.node && message && message->messageClass() == stun::Class::request)
        ++checks;
    });
  }
};

TEST_P(Lite, ConnectsWithoutAskingAndCloses) {
  watch();
  ASSERT_TRUE(call.connect()) << call.failure;
  EXPECT_NE(server.pc->localDescription()->sdp.find("a=ice-lite"), std::string::npos);
  EXPECT_EQ(client.pc->localDescription()->sdp.find("a=ice-lite"), std::string::npos);
  world.runFor(120s);
  EXPECT_EQ(checks, 0);
  EXPECT_EQ(server.states.back(), "connected");
  EXPECT_EQ(std::ranges::count(server.states, "disconnected"), 0);
  server.channel->send("from the server");
  client.channel->send("from the client");
  world.runFor(1s);
  EXPECT_EQ(server.received.size() + client.received.size(), 2u);
  EXPECT_EQ(server.pc->sctp()->transport()->iceTransport()->role(), RTCIceRole::controlled);
  EXPECT_EQ(client.pc->sctp()->transport()->iceTransport()->role(), RTCIceRole::controlling);

  End& closing = GetParam().offererCloses ? call.offerer : call.answerer;
  End& other = GetParam().offererCloses ? call.answerer : call.offerer;
  closing.node.post([&] { closing.pc->close(); });
  world.runFor(1s);
  EXPECT_EQ(closing.node.report().guests, 0u);
  EXPECT_FALSE(other.isOpen());
  other.node.post([&] { other.pc->close(); });
  world.runFor(1s);
  EXPECT_EQ(other.node.report().guests + other.node.report().sockets, 0u);
}

TEST_P(Lite, SilenceIsNoticedAndRecoveredFrom) {
  ASSERT_TRUE(call.connect()) << call.failure;
  link.cut();
  EXPECT_TRUE(world.runUntil([&] { return server.states.back() == "disconnected"; }, 20s));
  link.mend();
  EXPECT_TRUE(world.runUntil([&] { return server.states.back() == "connected"; }, 10s));
  link.cut();
  EXPECT_TRUE(world.runUntil([&] { return server.states.back() == "failed"; }, 45s));
}

INSTANTIATE_TEST_SUITE_P(Sides, Lite,
                         testing::Values(LiteCase{true, true}, LiteCase{true, false},
                                         LiteCase{false, true}, LiteCase{false, false}),
                         [](const auto& info) {
                           return std::string(info.param.isOffererLite ? "LiteOffers"
                                                                       : "FullOffers") +
                                  (info.param.offererCloses ? "AndCloses" : "AndIsClosed");
                         });

TEST(BothLite, NeverConnectAndSayThatTheyFailed) {
  sim::World world{3};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  world.connect(alice, bob);
  Call call(world, alice, bob, {}, lite());
  EXPECT_FALSE(call.connect(60s));
  EXPECT_EQ(call.offerer.states.back(), "failed");
}

}  // namespace
}  // namespace parley::worlds
