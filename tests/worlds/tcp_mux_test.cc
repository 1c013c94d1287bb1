// A server with one TCP port for all its connections, and clients that cannot use UDP.

#include <gmock/gmock.h>

#include "call.h"
#include "core/limits.h"
#include "parley/tcp_mux.h"
#include "parley/udp_mux.h"

namespace parley::worlds {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kPort = 443;

struct TcpMuxWorld : testing::Test {
  sim::World world{37};
  sim::Node& server = world.addNode("server");
  std::shared_ptr<peer::LoopRealm> realm = std::make_shared<peer::LoopRealm>(server.host());
  std::unique_ptr<UdpMux> udp = std::make_unique<UdpMux>(realm, UdpMuxOptions{.port = kPort});
  std::unique_ptr<TcpMux> mux = std::make_unique<TcpMux>(realm, TcpMuxOptions{.port = kPort});
  std::vector<std::unique_ptr<Call>> calls;
  bool isLite = false;

  ~TcpMuxWorld() override {
    calls.clear();
    mux.reset();
    udp.reset();
    realm->detach();
  }

  // Behind a wall that lets TCP through and nothing else.
  sim::Node& addNode() {
    sim::Node& client = world.addNode("client " + std::to_string(calls.size()));
    sim::Link& link = world.connect(client, server, {.latency = 10ms});
    for (sim::Node* from : {&client, &server})
      link.from(*from).dropIf([](const sim::WireDatagram& datagram) {
        return datagram.protocol == sim::Protocol::udp;
      });
    return client;
  }
  Call& addCall(sim::Node& client, bool serverOffers = false) {
    Tuning tuning;
    tuning.udpMux = udp.get();
    tuning.tcpMux = mux.get();
    tuning.iceLite = isLite;
    calls.push_back(serverOffers
                        ? std::make_unique<Call>(world, server, client, RTCDataChannelInit{},
                                                 tuning, RTCConfiguration{}, Tuning{})
                        : std::make_unique<Call>(world, client, server, RTCDataChannelInit{},
                                                 Tuning{}, RTCConfiguration{}, tuning));
    return *calls.back();
  }
  void talkAndHear() {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      calls[i]->offerer.channel->send("up " + std::to_string(i));
      calls[i]->answerer.channel->send("down " + std::to_string(i));
    }
    world.runFor(2s);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      ASSERT_FALSE(calls[i]->answerer.received.empty());
      ASSERT_FALSE(calls[i]->offerer.received.empty());
      EXPECT_EQ(calls[i]->answerer.received.back(), "up " + std::to_string(i));
      EXPECT_EQ(calls[i]->offerer.received.back(), "down " + std::to_string(i));
    }
  }
  testing::AssertionResult isReleased(const sim::Node& node) const {
    const loop::LoopReport held = node.report();
    if (held.guests + held.residents + held.sockets + held.shares + held.timersArmed +
            held.packetsInUse + held.driver.streamsLingering ==
        0)
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << "guests " << held.guests << ", residents "
                                       << held.residents << ", sockets " << held.sockets;
  }
};

TEST_F(TcpMuxWorld, ServesManyOnOnePort) {
  for (int i = 0; i < 6; ++i) {
    isLite = i % 3 == 0;
    ASSERT_TRUE(addCall(addNode(), i % 2 == 0).connect(10s)) << calls.back()->failure;
  }
  talkAndHear();
  world.runFor(60s);
  talkAndHear();
  EXPECT_EQ(mux->stats().waiting, 0u);
  EXPECT_EQ(mux->stats().assigned, 6u);
  EXPECT_EQ(server.report().sockets, 2u + 6u) << "two ports, and a stream for each";
}

TEST_F(TcpMuxWorld, TellsItsPortAndNoOtherAddress) {
  Call& call = addCall(addNode());
  ASSERT_TRUE(call.connect(10s));
  std::string told;
  for (const RTCIceCandidate& candidate : call.answerer.candidates)
    told += candidate.candidate() + "\n";
  EXPECT_THAT(told, HasSubstr(" 443 typ host tcptype passive"));
  EXPECT_THAT(told, Not(HasSubstr("active")));
}

TEST_F(TcpMuxWorld, SeveralConnectionsOfOneClientAreKeptApart) {
  sim::Node& client = addNode();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(addCall(client).connect(10s));
  talkAndHear();
}

TEST_F(TcpMuxWorld, ARestartKeepsItsStream) {
  Call& call = addCall(addNode());
  ASSERT_TRUE(call.connect(10s));
  for (int round = 0; round < 3; ++round) {
    call.offerer.node.post([&] { call.offerer.pc->restartIce(); });
    call.start();
    world.runFor(5s);
    talkAndHear();
  }
  EXPECT_EQ(call.failure, "");
  EXPECT_EQ(mux->stats().assigned, 1u);
}

TEST_F(TcpMuxWorld, AStreamThatBreaksIsFoundAgain) {
  Call& call = addCall(addNode());
  ASSERT_TRUE(call.connect(10s));
  world.runFor(3s);
  call.offerer.node.setTcpFaults({.resetAt = 1});
  call.answerer.channel->send("breaks it");
  world.runFor(50ms);
  call.offerer.node.setTcpFaults({});
  world.runFor(3s);
  talkAndHear();
  EXPECT_GE(mux->stats().assigned, 2u);
}

TEST_F(TcpMuxWorld, ClosingIsHeardAndLeavesNothing) {
  for (const bool serverCloses : {true, false}) {
    Call& call = addCall(addNode());
    ASSERT_TRUE(call.connect(10s));
    End& closer = serverCloses ? call.answerer : call.offerer;
    End& other = serverCloses ? call.offerer : call.answerer;
    closer.pc->close();
    world.runFor(100ms);
    EXPECT_EQ(other.closes, 1);
    other.pc->close();
  }
  world.runFor(10s);
  EXPECT_EQ(server.report().sockets, 2u);
  for (const auto& call : calls) EXPECT_TRUE(isReleased(call->offerer.node));
  mux.reset();
  udp.reset();
  world.runFor(1s);
  EXPECT_TRUE(isReleased(server));
}

TEST_F(TcpMuxWorld, ItMayGoBeforeItsConnections) {
  Call& call = addCall(addNode());
  ASSERT_TRUE(call.connect(10s));
  mux.reset();
  talkAndHear();
  call.answerer.pc->close();
  world.runFor(1s);
  EXPECT_EQ(call.offerer.closes, 1);
}

// --- strangers

struct Stranger final : Host::Guest {
  Stranger(sim::Node& node, const Address& to, int count, std::string text_)
      : host(node.host()), text(std::move(text_)) {
    host.enter(*this);
    for (int i = 0; i < count; ++i) (void)host.connectTcp(*this, {.remote = to});
  }
  ~Stranger() override { host.leave(*this); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onStreamOpened(Step&, SocketId stream, const Address&) override {
    if (!text.empty()) (void)host.write(stream, bytesOf(text));
  }
  void onStreamClosed(Step&, SocketId, StreamEnd) override { ++closed; }

  Host& host;
  std::string text;
  int closed = 0;
};

TEST_F(TcpMuxWorld, StrangersKeepNobodyOut) {
  sim::Node& eve = world.addNode("eve");
  world.connect(eve, server, {.latency = 5ms});
  const Address port{server.address(), kPort};
  const Stranger silent(eve, port, 100, {});
  const Stranger loud(eve, port, 20, "GET / HTTP/1.1\r\n\r\n");
  world.runFor(1s);
  EXPECT_EQ(silent.closed, 100 - static_cast<int>(limits::mux::kStreamsBySource));
  EXPECT_EQ(loud.closed, 20);
  ASSERT_TRUE(addCall(addNode()).connect(10s));
  talkAndHear();
  world.runFor(limits::ice::kTcpProof);
  EXPECT_EQ(silent.closed, 100);
  EXPECT_EQ(mux->stats().waiting, 0u);
}

}  // namespace
}  // namespace parley::worlds
