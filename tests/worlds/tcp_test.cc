// Calls over TCP candidates (RFC 6544), where UDP does not pass and where it does.

#include <gmock/gmock.h>

#include <numeric>

#include "call.h"
#include "core/limits.h"

namespace parley::worlds {
namespace {

using testing::HasSubstr;
using testing::Not;

Tuning with(TcpCandidates candidates) {
  Tuning tuning;
  tuning.tcpCandidates = candidates;
  return tuning;
}

testing::AssertionResult isReleased(const sim::Node& node) {
  const loop::LoopReport held = node.report();
  const std::size_t sum = held.guests + held.residents + held.sockets + held.timersArmed +
                          held.packetsInUse + held.transactions + held.driver.streamsLingering;
  if (sum == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "guests " << held.guests << ", residents " << held.residents << ", sockets "
         << held.sockets << ", timers " << held.timersArmed << ", lingering "
         << held.driver.streamsLingering;
}

struct TcpWorld {
  sim::World world{31};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
  std::unique_ptr<Call> made;
  int segments = 0;

  void blockUdp(sim::Node& a, sim::Node& b) {
    sim::Link& between = *world.linkBetween(a, b);
    for (sim::Node* from : {&a, &b})
      between.from(*from).dropIf([](const sim::WireDatagram& datagram) {
        return datagram.protocol == sim::Protocol::udp;
      });
  }
  void countSegments() {
    world.observe([this](const sim::Station&, const sim::WireDatagram& datagram) {
      if (datagram.protocol == sim::Protocol::tcp) ++segments;
    });
  }
  Call& call(const Tuning& offerers, const Tuning& answerers) {
    made = std::make_unique<Call>(world, alice, bob, RTCDataChannelInit{}, offerers,
                                  RTCConfiguration{}, answerers);
    return *made;
  }
};

std::string pairOf(const End& end) {
  const auto pair = end.pc->sctp()->transport()->iceTransport()->getSelectedCandidatePair();
  if (!pair) return "none";
  const auto text = [](const RTCIceCandidate& candidate) {
    const auto type = candidate.tcpType();
    return candidate.protocol() == RTCIceProtocol::udp ? std::string("udp")
           : !type                                     ? std::string("tcp")
           : *type == RTCIceTcpCandidateType::active   ? std::string("active")
           : *type == RTCIceTcpCandidateType::passive  ? std::string("passive")
                                                       : std::string("so");
  };
  return text(pair->local) + "-" + text(pair->remote);
}

// Who listens, and is the connection made by the one that controls?
struct Tcp : testing::TestWithParam<bool>, TcpWorld {
  bool offererListens = GetParam();

  Call& blockedCall() {
    blockUdp(alice, bob);
    return offererListens ? call(with(TcpCandidates::all), Tuning{})
                          : call(Tuning{}, with(TcpCandidates::all));
  }
  End& listener() const { return offererListens ? made->offerer : made->answerer; }
  End& connector() const { return offererListens ? made->answerer : made->offerer; }
  sim::Node& listenersNode() { return offererListens ? alice : bob; }
};

INSTANTIATE_TEST_SUITE_P(Listening, Tcp, testing::Bool(), [](const auto& one) {
  return one.param ? "TheOffererListens" : "TheAnswererListens";
});

TEST_P(Tcp, CarriesACallWhereUdpIsBlocked) {
  ASSERT_TRUE(blockedCall().connect(5s)) << made->failure;
  world.runFor(120s);
  EXPECT_EQ(pairOf(listener()), "passive-active");
  EXPECT_EQ(pairOf(connector()), "active-passive");
  for (const End* end : {&made->offerer, &made->answerer}) {
    EXPECT_EQ(end->states.back(), "connected");
    EXPECT_EQ(std::ranges::count(end->states, "disconnected"), 0);
  }
  const std::string large(200'000, 'x');
  made->offerer.channel->send(large);
  made->answerer.channel->send(large);
  EXPECT_TRUE(world.runUntil(
      [&] { return made->offerer.received.size() + made->answerer.received.size() == 2; }, 20s));
  EXPECT_EQ(listenersNode().report().sockets, 3u) << "UDP, the listener and one stream";
}

TEST_P(Tcp, TellsCandidatesOfTheListenerOnly) {
  ASSERT_TRUE(blockedCall().connect(5s));
  std::string told, silent;
  for (const RTCIceCandidate& candidate : listener().candidates) told += candidate.candidate();
  for (const RTCIceCandidate& candidate : connector().candidates) silent += candidate.candidate();
  EXPECT_THAT(told, HasSubstr("tcptype passive"));
  EXPECT_THAT(told, HasSubstr(" 9 typ host tcptype active"));
  EXPECT_THAT(silent, Not(HasSubstr("tcp")));
}

TEST_P(Tcp, ClosingIsHeardAndLeavesNothing) {
  for (const bool listenerCloses : {true, false}) {
    ASSERT_TRUE(blockedCall().connect(5s));
    world.runFor(1s);
    End& closer = listenerCloses ? listener() : connector();
    End& other = listenerCloses ? connector() : listener();
    closer.channel->send("the last word");
    closer.pc->close();
    world.runFor(100ms);
    EXPECT_EQ(other.closes, 1);
    EXPECT_TRUE(isReleased(closer.node));
    other.pc->close();
    world.runFor(10s);
    EXPECT_TRUE(isReleased(other.node));
    made.reset();
  }
}

TEST_P(Tcp, ClosingIsHeardBehindAllThatWaits) {
  world.connect(alice, bob, {.latency = 20ms, .bitsPerSecond = 1'000'000});
  ASSERT_TRUE(blockedCall().connect(5s));
  for (int i = 0; i < 16; ++i) connector().channel->send(std::string(200'000, 'x'));
  world.runFor(3s);
  connector().pc->close();
  EXPECT_TRUE(world.runUntil([&] { return listener().closes == 1; }, 8s));
  listener().pc->close();
  world.runFor(20s);
  EXPECT_TRUE(isReleased(connector().node));
  EXPECT_TRUE(isReleased(listener().node));
}

TEST_P(Tcp, ClosingFlushesWhatWasSent) {
  ASSERT_TRUE(blockedCall().connect(5s));
  const std::string large(100'000, 'x');
  connector().channel->send(large);
  connector().pc->close({.flush = 10s});
  EXPECT_TRUE(world.runUntil([&] { return listener().closes == 1; }, 10s));
  EXPECT_EQ(listener().received.size(), 1u);
  world.runFor(1s);
  EXPECT_TRUE(isReleased(connector().node));
}

TEST_P(Tcp, ARestartUsesTheListenerAndTheStreamAgain) {
  ASSERT_TRUE(blockedCall().connect(5s));
  const std::vector<std::uint16_t> ports = listenersNode().ports();
  for (int round = 0; round < 3; ++round) {
    made->offerer.node.post([&] { made->offerer.pc->restartIce(); });
    made->start();
    made->offerer.channel->send("during");
    world.runFor(10s);
  }
  EXPECT_EQ(made->failure, "");
  EXPECT_EQ(made->answerer.received.size(), 3u);
  EXPECT_EQ(pairOf(connector()), "active-passive");
  EXPECT_EQ(listenersNode().ports(), ports);
  EXPECT_EQ(listenersNode().report().sockets, 3u);
  EXPECT_EQ(connector().node.report().sockets, 2u);
}

TEST_P(Tcp, AConnectionThatBreaksIsMadeAgain) {
  ASSERT_TRUE(blockedCall().connect(5s));
  world.runFor(5s);
  const std::uint64_t soFar = listenersNode().report().driver.streamBytesReceived;
  listenersNode().setTcpFaults({.resetAt = soFar + 1});
  connector().channel->send("breaks it");
  world.runFor(100ms);
  listenersNode().setTcpFaults({});
  listener().channel->send("after all");
  EXPECT_TRUE(world.runUntil(
      [&] { return connector().received.size() == 1 && listener().received.size() == 1; }, 5s));
  world.runFor(10s);
  EXPECT_EQ(listener().states.back(), "connected");
  EXPECT_EQ(connector().states.back(), "connected");
  EXPECT_EQ(listenersNode().report().sockets, 3u);
}

TEST_P(Tcp, IsNotTouchedWhereUdpPasses) {
  countSegments();
  Call& open = offererListens ? call(with(TcpCandidates::all), Tuning{})
                              : call(Tuning{}, with(TcpCandidates::all));
  ASSERT_TRUE(open.connect());
  world.runFor(60s);
  EXPECT_EQ(pairOf(open.offerer), "udp-udp");
  EXPECT_EQ(segments, 0);
}

TEST_P(Tcp, TakesOverWhenUdpStops) {
  Call& open = offererListens ? call(with(TcpCandidates::all), Tuning{})
                              : call(Tuning{}, with(TcpCandidates::all));
  ASSERT_TRUE(open.connect());
  world.runFor(5s);
  blockUdp(alice, bob);
  open.offerer.channel->send("by another way");
  EXPECT_TRUE(world.runUntil([&] { return open.answerer.received.size() == 1; }, 20s));
  EXPECT_EQ(pairOf(connector()), "active-passive");
  EXPECT_EQ(std::ranges::count(connector().states, "failed"), 0);
}

TEST_P(Tcp, AListenerMayBeLite) {
  blockUdp(alice, bob);
  Tuning lite = with(TcpCandidates::all);
  lite.iceLite = true;
  offererListens ? call(lite, Tuning{}) : call(Tuning{}, lite);
  ASSERT_TRUE(made->connect(5s)) << made->failure;
  for (const RTCIceCandidate& candidate : listener().candidates)
    EXPECT_THAT(candidate.candidate(), Not(HasSubstr("active")));
  world.runFor(60s);
  EXPECT_EQ(listener().states.back(), "connected");
  connector().pc->close();
  world.runFor(1s);
  EXPECT_EQ(listener().closes, 1);
}

TEST_P(Tcp, HidesTheAddressesOfItsCandidates) {
  sim::Segment& home = world.addSegment("home");
  home.join(alice);
  home.join(bob);
  blockUdp(alice, bob);
  Tuning hiding = with(TcpCandidates::all);
  hiding.hideAddresses = true;
  offererListens ? call(hiding, Tuning{}) : call(Tuning{}, hiding);
  ASSERT_TRUE(made->connect(10s)) << made->failure;
  const std::string address = listenersNode().address().toString();
  for (const RTCIceCandidate& candidate : listener().candidates)
    EXPECT_THAT(candidate.candidate(), Not(HasSubstr(address)));
  EXPECT_THAT(listener().pc->localDescription()->sdp, Not(HasSubstr(address)));
}

// --- both or none

struct TcpBoth : testing::Test, TcpWorld {};

TEST_F(TcpBoth, ListenAndConnect) {
  blockUdp(alice, bob);
  Call& both = call(with(TcpCandidates::all), with(TcpCandidates::all));
  ASSERT_TRUE(both.connect(5s));
  world.runFor(60s);
  EXPECT_EQ(alice.report().sockets, 3u) << "the stream that is not used is closed";
  EXPECT_EQ(bob.report().sockets, 3u);
  both.offerer.pc->close();
  both.answerer.pc->close();
  world.runFor(10s);
  EXPECT_TRUE(isReleased(alice));
  EXPECT_TRUE(isReleased(bob));
}

TEST_F(TcpBoth, WithoutAnyOpenNothing) {
  countSegments();
  blockUdp(alice, bob);
  Call& deaf = call(with(TcpCandidates::none), with(TcpCandidates::all));
  EXPECT_FALSE(deaf.connect(10s));
  EXPECT_EQ(segments, 0);
}

TEST_F(TcpBoth, RelayOnlyHasNoneOfThem) {
  made =
      std::make_unique<Call>(world, alice, bob, RTCDataChannelInit{}, with(TcpCandidates::all),
                             RTCConfiguration{.iceTransportPolicy = RTCIceTransportPolicy::relay});
  countSegments();
  EXPECT_FALSE(made->connect(5s));
  EXPECT_EQ(alice.report().sockets, 0u);
  EXPECT_EQ(segments, 0);
}

TEST_F(TcpBoth, AListenerMovesWithItsAddress) {
  blockUdp(alice, bob);
  Call& moving = call(with(TcpCandidates::all), Tuning{});
  ASSERT_TRUE(moving.connect(5s));
  world.runFor(3s);
  alice.removeAddress(alice.address());
  alice.addAddress(*IpAddress::parse("10.9.9.9"), InterfaceKind::cellular);
  moving.offerer.channel->send("from there");
  EXPECT_TRUE(world.runUntil([&] { return moving.answerer.received.size() == 1; }, 20s));
  EXPECT_EQ(alice.report().sockets, 3u);
}

// --- strangers at the listener

class Stranger final : public Host::Guest {
 public:
  Stranger(sim::Node& node, const Address& to, std::string text) : node_(node), text_(text) {
    node_.host().enter(*this);
    for (int i = 0; i < kStreams; ++i)
      streams_.push_back(node_.host().connectTcp(*this, {.remote = to}).value());
  }
  ~Stranger() override { node_.host().leave(*this); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onStreamOpened(Step&, SocketId stream, const Address&) override {
    if (!text_.empty()) (void)node_.host().write(stream, bytesOf(text_));
  }
  void onStreamBytes(Step&, SocketId, MutableBytes bytes) override { heard += bytes.size(); }
  void onStreamClosed(Step&, SocketId, StreamEnd) override { ++closed; }

  static constexpr int kStreams = 40;
  std::size_t heard = 0;
  int closed = 0;

 private:
  sim::Node& node_;
  std::string text_;
  std::vector<SocketId> streams_;
};

struct TcpStrangers : testing::Test, TcpWorld {
  sim::Node& eve = world.addNode("eve");

  void SetUp() override {
    world.connect(eve, alice, {.latency = 5ms});
    blockUdp(alice, bob);
    call(with(TcpCandidates::all), Tuning{});
    made->start();
    world.runFor(10ms);
  }
  Address listening() const {
    for (const RTCIceCandidate& each : made->offerer.candidates)
      if (each.tcpType() == RTCIceTcpCandidateType::passive)
        return {*IpAddress::parse(*each.address()), *each.port()};
    return {};
  }
};

TEST_F(TcpStrangers, WhoSpeakNoChecksAreClosedAtOnce) {
  Stranger loud(eve, listening(), std::string("\0\5hello", 7));
  Stranger wild(eve, listening(), "GET / HTTP/1.1\r\n\r\n");
  world.runFor(1s);
  EXPECT_EQ(loud.closed, Stranger::kStreams);
  EXPECT_EQ(wild.closed, Stranger::kStreams);
  EXPECT_EQ(loud.heard + wild.heard, 0u);
}

TEST_F(TcpStrangers, WhoAreSilentAreFewAndDoNotStay) {
  Stranger silent(eve, listening(), {});
  world.runFor(1s);
  EXPECT_EQ(silent.closed,
            Stranger::kStreams - static_cast<int>(limits::ice::kTcpUnprovedBySource));
  EXPECT_TRUE(made->connect(10s) || made->isOpen()) << "the peer gets in beside them";
  world.runFor(limits::ice::kTcpProof);
  EXPECT_EQ(silent.closed, Stranger::kStreams);
  EXPECT_TRUE(made->isOpen());
}

}  // namespace
}  // namespace parley::worlds
