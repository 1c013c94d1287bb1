// Whole peers behind NATs with STUN and TURN: what they gather, how they get through, and that
// close() leaves nothing with the server.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relayed.h"

namespace parley::worlds {
namespace {

using testing::Each;
using testing::Field;
using testing::IsEmpty;
using testing::SizeIs;

constexpr sim::NatOptions kCone{.mapping = sim::NatDependence::endpointIndependent,
                                .filtering = sim::NatDependence::addressAndPortDependent};

RTCIceServer turn() { return {{"turn:192.0.2.9"}, "alice", "secret"}; }
RTCIceServer stun() { return {{"stun:192.0.2.9"}, {}, {}}; }

struct RelayedTest : testing::Test {
  static server::Config serverConfig() {
    return serverAt(IpAddress::v4({192, 0, 2, 9}), "IP:192.0.2.9,DNS:turn.example");
  }

  void build(const sim::NatOptions& left, const sim::NatOptions& right,
             const sim::LinkOptions& weather = {}) {
    sim::Nat& a = world.addNat("left", IpAddress::v4({198, 51, 100, 1}), left);
    sim::Nat& b = world.addNat("right", IpAddress::v4({198, 51, 100, 2}), right);
    world.connect(a, middle, weather);
    world.connect(b, middle, weather);
    world.connect(a, b, weather);
    for (sim::Node* other : others) {
      world.connect(a, *other, weather);
      world.connect(b, *other, weather);
      world.connect(middle, *other, weather);
    }
    alice = &world.addNode("alice", {IpAddress::v4({192, 168, 1, 2})}, a);
    bob = &world.addNode("bob", {IpAddress::v4({192, 168, 1, 2})}, b);
  }
  Call& call(RTCConfiguration configuration) {
    made = std::make_unique<Call>(world, *alice, *bob, RTCDataChannelInit{}, trusting(),
                                  std::move(configuration));
    return *made;
  }
  static int count(const End& end, RTCIceCandidateType type) {
    return static_cast<int>(std::ranges::count_if(
        end.candidates, [type](const RTCIceCandidate& each) { return each.type() == type; }));
  }
  bool talks() {
    made->offerer.channel->send("hello");
    made->answerer.channel->send("hello, you");
    return world.runUntil(
        [&] { return made->offerer.received.size() == 1 && made->answerer.received.size() == 1; },
        30s);
  }
  void restart() {
    alice->post([this] {
      made->offerer.pc->restartIce();
      made->start();
    });
  }
  std::string left() const { return heldBy({alice, bob}) + heldBy(server); }

  sim::World world{6};
  sim::Node& middle = world.addNode("server", {IpAddress::v4({192, 0, 2, 9})});
  server::Server server{middle.host(), serverConfig()};
  std::vector<sim::Node*> others;  // before build()
  sim::Node* alice = nullptr;
  sim::Node* bob = nullptr;
  std::unique_ptr<Call> made;
};

TEST_F(RelayedTest, ConesMeetByStunAlone) {
  build(kCone, kCone);
  ASSERT_TRUE(call({.iceServers = {stun()}}).connect());
  EXPECT_EQ(count(made->offerer, RTCIceCandidateType::srflx), 1);
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 0u);
  const RTCIceCandidate& reflexive = made->offerer.candidates.back();
  EXPECT_EQ(reflexive.url(), "stun:192.0.2.9");
  EXPECT_EQ(reflexive.relatedAddress(), "192.168.1.2");
  EXPECT_EQ(reflexive.address(), "198.51.100.1");
}

TEST_F(RelayedTest, SymmetricNatsMeetOverRelays) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  EXPECT_EQ(count(made->offerer, RTCIceCandidateType::host), 1);
  EXPECT_EQ(count(made->offerer, RTCIceCandidateType::srflx), 1);
  ASSERT_EQ(count(made->offerer, RTCIceCandidateType::relay), 1);
  const auto relay = std::ranges::find(made->offerer.candidates, RTCIceCandidateType::relay,
                                       &RTCIceCandidate::type);
  EXPECT_EQ(relay->url(), "turn:192.0.2.9");
  EXPECT_EQ(relay->relayProtocol(), RTCIceServerTransportProtocol::udp);
  EXPECT_EQ(relay->relatedAddress(), "198.51.100.1");
  EXPECT_TRUE(talks());
  EXPECT_GT(server.stats().packetsToPeers, 0u);
}

TEST_F(RelayedTest, SymmetricNatsDoNotMeetByStunAlone) {
  build(kSymmetric, kSymmetric);
  EXPECT_FALSE(call({.iceServers = {stun()}}).connect(60s));
}

TEST_F(RelayedTest, T13CloseLeavesNothingWithTheServer) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  world.runFor(2s);  // a pair is nominated
  EXPECT_GT(alice->report().allocations, 0u);
  EXPECT_GT(alice->report().permissions, 0u);
  alice->post([&] { made->offerer.pc->close(); });
  world.runFor(2s);
  EXPECT_EQ(made->answerer.channel->readyState(), RTCDataChannelState::closed);
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(2s);
  EXPECT_EQ(left(), "");
  EXPECT_GE(server.stats().allocationsDeleted, 2u);
  EXPECT_EQ(server.stats().allocationsExpired, 0u);
}

TEST_F(RelayedTest, T13CloseLeavesNothingUnderLossAndStaleNonces) {
  build(kSymmetric, kSymmetric, {.latency = 25ms, .loss = 0.3});
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect(60s));
  server.rotateNonces();
  alice->post([&] { made->offerer.pc->close(); });
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(8s);
  EXPECT_EQ(left(), "");
}

TEST_F(RelayedTest, RelayOnlyTellsNoAddressOfOurs) {
  build(kCone, kCone);
  std::set<std::string> heard;  // by the other side, from where
  world.observeArrivals([&](const sim::Station& at, const sim::WireDatagram& datagram) {
    if (&at == bob) heard.insert(datagram.source.ip.toString());
  });
  ASSERT_TRUE(
      call({.iceServers = {turn(), stun()}, .iceTransportPolicy = RTCIceTransportPolicy::relay})
          .connect());
  for (const RTCIceCandidate& each : made->offerer.candidates) {
    EXPECT_EQ(each.type(), RTCIceCandidateType::relay);
    EXPECT_EQ(each.relatedAddress(), "0.0.0.0");
    EXPECT_EQ(each.relatedPort(), 0);
  }
  EXPECT_THAT(made->offerer.candidates, SizeIs(1));
  EXPECT_THAT(made->offerer.pc->localDescription()->sdp,
              testing::Not(testing::HasSubstr("192.168")));
  EXPECT_TRUE(talks());
  EXPECT_THAT(heard, testing::ElementsAre("192.0.2.9"));
  world.stopObserving();
}

struct OverStreams : RelayedTest, testing::WithParamInterface<const char*> {
  RTCConfiguration relayed() const {
    return {.iceServers = {{{GetParam()}, "alice", "secret"}},
            .iceTransportPolicy = RTCIceTransportPolicy::relay};
  }
};

TEST_P(OverStreams, PeersMeetTalkAndLeaveNothing) {
  build(kSymmetric, kSymmetric, {.latency = 20ms, .loss = 0.05});
  ASSERT_TRUE(call(relayed()).connect());
  world.runFor(2s);
  EXPECT_TRUE(talks());
  const bool isTls = std::string_view(GetParam()).starts_with("turns");
  EXPECT_EQ(made->offerer.candidates.at(0).relayProtocol(),
            isTls ? RTCIceServerTransportProtocol::tls : RTCIceServerTransportProtocol::tcp);
  alice->post([&] { made->offerer.pc->close(); });
  world.runFor(4s);
  EXPECT_EQ(made->answerer.channel->readyState(), RTCDataChannelState::closed);
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(8s);
  EXPECT_EQ(left(), "");
}

TEST_P(OverStreams, AnHourIsOneAllocation) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call(relayed()).connect());
  world.runFor(3'600s);
  EXPECT_TRUE(talks());
  EXPECT_EQ(made->offerer.states.back(), "connected");
}

TEST_P(OverStreams, ClosingBeforeTheConnectionStandsLeavesNothing) {
  build(kSymmetric, kSymmetric);
  call(relayed()).start();
  world.runFor(Duration(30'000));
  alice->post([&] { made->offerer.pc->close(); });
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(8s);
  EXPECT_EQ(left(), "");
}

TEST_P(OverStreams, AServerThatRestartsLosesTheConnectionAndNothingElse) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call(relayed()).connect());
  world.runFor(2s);
  server.restart();
  world.runFor(60s);
  EXPECT_EQ(made->offerer.states.back(), "failed");
  alice->post([&] { made->offerer.pc->close(); });
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(8s);
  EXPECT_EQ(left(), "");
}

INSTANTIATE_TEST_SUITE_P(All, OverStreams,
                         testing::Values("turn:192.0.2.9?transport=tcp", "turns:192.0.2.9"));

server::Faults redirecting(const Address& to) {
  server::Faults faults;
  faults.errors = {{.code = stun::ErrorCode::tryAlternate,
                    .method = stun::Method::allocate,
                    .probability = 1,
                    .isBeforeCredentials = true}};
  faults.alternate = to;
  return faults;
}

TEST_F(RelayedTest, T8ARedirectIsFollowed) {
  const IpAddress ip = IpAddress::v4({192, 0, 2, 10});
  others = {&world.addNode("other", {ip})};
  server::Config config = serverConfig();
  config.listen = {{ip, 3'478}};
  config.listenTcp = config.listenTls = {};
  server::Server other(others[0]->host(), config);
  server.setFaults(redirecting({ip, 3'478}));
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 0u);
  EXPECT_GE(other.stats().allocationsMade, 2u);
  alice->post([&] { made->offerer.pc->close(); });
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(9s);
  EXPECT_EQ(left(), "");
  EXPECT_EQ(other.held().allocations, 0u);
}

TEST_F(RelayedTest, T8CirclesAndWaysToThisMachineEnd) {
  build(kCone, kCone);
  for (const char* to : {"192.0.2.9:3478", "127.0.0.1:3478", "0.0.0.0:1", "224.0.0.1:3478"}) {
    SCOPED_TRACE(to);
    server.setFaults(redirecting(*Address::parse(to)));
    const std::uint64_t before = server.stats().requests;
    ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
    world.runFor(15s);
    ASSERT_THAT(made->offerer.candidateErrors, testing::Not(IsEmpty()));
    EXPECT_EQ(made->offerer.candidateErrors.back().errorCode, 300);
    EXPECT_LT(server.stats().requests, before + 30);
    EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
  }
}

TEST_F(RelayedTest, ACertificateOfAnotherNameIsRefused) {
  build(kCone, kCone);
  world.setName("other.example", {IpAddress::v4({192, 0, 2, 9})});
  call({.iceServers = {{{"turns:other.example"}, "alice", "secret"}}}).start();
  world.runFor(5s);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 701);
  EXPECT_THAT(made->offerer.candidateErrors[0].errorText, testing::HasSubstr("TLS"));
  EXPECT_EQ(server.stats().requests, 0u);  // nothing was said to it
}

TEST_F(RelayedTest, WrongCredentialsAreToldAndTheRestGoesOn) {
  build(kCone, kCone);
  ASSERT_TRUE(call({.iceServers = {{{"turn:192.0.2.9"}, "alice", "wrong"}}}).connect());
  world.runFor(15s);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  const RTCPeerConnectionIceErrorEvent& error = made->offerer.candidateErrors[0];
  EXPECT_EQ(error.errorCode, 401);
  EXPECT_EQ(error.url, "turn:192.0.2.9");
  EXPECT_EQ(error.address, "192.168.1.2");
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
}

TEST_F(RelayedTest, AServerThatDoesNotAnswerEndsGatheringAllTheSame) {
  build(kCone, kCone);
  ASSERT_TRUE(call({.iceServers = {{{"stun:203.0.113.77"}, {}, {}}, stun()}}).connect());
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::gathering);
  world.runFor(15s);
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 701);
}

TEST_F(RelayedTest, AServerThatCannotHelpIsToldOf) {
  build(kCone, kCone);
  ASSERT_TRUE(call({.iceServers = {{{"stuns:192.0.2.9"}, {}, {}}, stun()}}).connect());
  EXPECT_THAT(made->offerer.candidateErrors,
              testing::ElementsAre(Field(&RTCPeerConnectionIceErrorEvent::url, "stuns:192.0.2.9")));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 701);
}

TEST_F(RelayedTest, ServersMayHaveNames) {
  build(kSymmetric, kSymmetric);
  world.setName("turn.example", {IpAddress::v4({192, 0, 2, 9})});
  ASSERT_TRUE(
      call({.iceServers = {{{"turn:turn.example", "turn:none.example"}, "alice", "secret"}}})
          .connect());
  EXPECT_THAT(
      made->offerer.candidateErrors,
      testing::ElementsAre(Field(&RTCPeerConnectionIceErrorEvent::url, "turn:none.example")));
}

TEST_F(RelayedTest, AnIceRestartKeepsTheAllocation) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  const auto before = server.stats().allocationsMade;
  restart();
  world.runFor(10s);
  EXPECT_EQ(server.stats().allocationsMade, before);
  EXPECT_EQ(count(made->offerer, RTCIceCandidateType::relay), 2);
  EXPECT_TRUE(talks());
}

TEST_F(RelayedTest, AnIceRestartFindsOutThatTheServerHasForgotten) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  const auto before = server.stats().allocationsMade;
  middle.post([&] { server.restart(); });
  world.runFor(1s);
  restart();
  world.runFor(15s);
  EXPECT_EQ(server.stats().allocationsMade, before + 2);
  EXPECT_TRUE(talks());
}

// A session that nobody talks to.
struct Lonely final : session::Session::Listener {
  explicit Lonely(sim::Node& node)
      : session(node.host(),
                dtls::Context::make(
                    crypto::Identity::generate(node.host().step().secrets, 0).value_or(nullptr)),
                {.gather = {.servers = {{.isRelay = true,
                                         .host = "192.0.2.9",
                                         .port = 3'478,
                                         .username = "alice",
                                         .password = "secret",
                                         .url = "turn:192.0.2.9"}}}},
                *this) {}

  void onEvents(std::vector<session::Event> events) override {
    for (const session::Event& event : events)
      if (const auto* found = std::get_if<session::CandidateFound>(&event))
        relays += found->relayTransport.has_value();
  }

  session::Session session;
  int relays = 0;
};

// As when a user's thread hands both over at once.
TEST_F(RelayedTest, ARestartThatReplacesOneTakenBackInTheSameStepHasItsRelay) {
  build(kSymmetric, kSymmetric);
  constexpr session::TransportId kId{1};
  std::unique_ptr<Lonely> lonely;
  const auto fresh = [&] { return ice::Credentials::generate(alice->host().step().secrets); };
  alice->post([&] {
    lonely = std::make_unique<Lonely>(*alice);
    lonely->session.execute(session::CreateTransport{kId, fresh()});
  });
  world.runFor(2s);
  ASSERT_EQ(lonely->relays, 1);
  middle.post([&] { server.restart(); });
  alice->post([&] { lonely->session.execute(session::RestartIce{kId, fresh()}); });
  world.runFor(2s);
  ASSERT_EQ(lonely->relays, 2) << "the server had forgotten the first";
  alice->post([&] {
    lonely->session.execute(session::CancelIceRestart{kId});
    lonely->session.execute(session::RestartIce{kId, fresh()});
  });
  world.runFor(2s);
  EXPECT_EQ(lonely->relays, 3);
  EXPECT_EQ(server.stats().allocationsMade, 2u) << "which is the second";
  EXPECT_EQ(alice->report().allocations, 1u);
  alice->post([&] { lonely.reset(); });
  world.runFor(9s);
  EXPECT_EQ(left(), "");
}

TEST_F(RelayedTest, WhatIsSentSoonAfterThatComes) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  world.runFor(5s);
  middle.post([&] { server.restart(); });
  world.runFor(1s);
  restart();
  world.runFor(5s);
  EXPECT_TRUE(talks());
}

// The two may still use different paths then.
TEST_F(RelayedTest, ACloseBeforeTheNominationIsAnswered) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  alice->post([&] { made->offerer.pc->close(); });
  world.runFor(1s);
  EXPECT_EQ(alice->report().guests, 0u) << "its tail has heard the answer";
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(1s);
  EXPECT_EQ(left(), "");
}

TEST_F(RelayedTest, AnIdleRelayStaysReachableThroughItsNatAndIsGivenBack) {
  sim::NatOptions forgetful = kCone;
  forgetful.lifetime = 20s;
  forgetful.ports = sim::NatPorts::random;
  build(forgetful, forgetful);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  world.runFor(120s);  // over the cones: nothing goes through the relays
  alice->post([&] { made->offerer.pc->close(); });
  bob->post([&] { made->answerer.pc->close(); });
  world.runFor(8s);
  EXPECT_EQ(left(), "");
}

TEST_F(RelayedTest, AnHourOverARelayIsOneAllocation) {
  build(kSymmetric, kSymmetric);
  ASSERT_TRUE(call({.iceServers = {turn()}}).connect());
  world.runFor(3'600s);
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsExpired, 0u);
  EXPECT_EQ(made->offerer.states.back(), "connected");
}

}  // namespace
}  // namespace parley::worlds
