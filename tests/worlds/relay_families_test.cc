// Relayed addresses of both families from one server (RFC 8656 7.1).

#include <gmock/gmock.h>

#include "call.h"
#include "server/server.h"

namespace parley::worlds {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

struct RelayFamilies : testing::Test {
  static server::Config serverConfig(bool hasV6) {
    server::Config made;
    made.listen = {{ip("192.0.2.9"), 3'478}};
    made.listenTcp = {{ip("192.0.2.9"), 3'478}};
    made.authentication.users = {{"alice", "secret"}};
    made.relays = {{ip("192.0.2.9"), ip("192.0.2.9")}};
    if (hasV6) made.relays.push_back({ip("2001:db8::9"), ip("2001:db8::9")});
    return made;
  }
  void build(bool hasV6) {
    server.emplace(middle.host(), serverConfig(hasV6));
    sim::Nat& nat = world.addNat("nat", ip("198.51.100.1"),
                                 {.mapping = sim::NatDependence::addressAndPortDependent,
                                  .filtering = sim::NatDependence::addressAndPortDependent});
    world.connect(nat, middle, {.latency = 5ms});
    world.connect(bob, middle, {.latency = 5ms});
    alice = &world.addNode("alice", {ip("192.168.1.2")}, nat);
  }
  Call& call(const char* url = "turn:192.0.2.9", bool ofBoth = true) {
    made = std::make_unique<Call>(
        world, *alice, bob, RTCDataChannelInit{}, Tuning{.ipv6Relays = ofBoth},
        RTCConfiguration{.iceServers = {{{url}, "alice", "secret"}}}, Tuning{});
    return *made;
  }
  std::vector<std::string> relayed() const {
    std::vector<std::string> addresses;
    for (const RTCIceCandidate& each : made->offerer.candidates)
      if (each.type() == RTCIceCandidateType::relay) addresses.push_back(*each.address());
    std::ranges::sort(addresses);
    return addresses;
  }
  void closeAndExpectNothingLeft() {
    made->offerer.pc->close();
    made->answerer.pc->close();
    world.runFor(15s);
    const loop::LoopReport held = alice->report();
    EXPECT_EQ(held.guests + held.sockets + held.allocations + held.permissions + held.transactions,
              0u);
    EXPECT_EQ(server->held().allocations, 0u);
  }

  sim::World world{43};
  sim::Node& middle = world.addNode("server", {ip("192.0.2.9"), ip("2001:db8::9")});
  sim::Node& bob = world.addNode("bob", {ip("2001:db8::b0b")});
  std::optional<server::Server> server;
  sim::Node* alice = nullptr;
  std::unique_ptr<Call> made;
};

TEST_F(RelayFamilies, APeerOfIpv4ReachesOneOfIpv6) {
  build(true);
  ASSERT_TRUE(call().connect()) << made->failure;
  EXPECT_THAT(relayed(), ElementsAre("192.0.2.9", "2001:db8::9"));
  EXPECT_THAT(made->offerer.candidateErrors, IsEmpty());
  const auto ice = made->offerer.pc->sctp()->transport()->iceTransport();
  ASSERT_TRUE(world.runUntil([&] { return ice->getSelectedCandidatePair().has_value(); }, 5s));
  const auto pair = ice->getSelectedCandidatePair();
  EXPECT_EQ(pair->local.address(), "2001:db8::9");
  EXPECT_EQ(pair->remote.address(), "2001:db8::b0b");
  EXPECT_EQ(server->held().allocations, 2u);
  EXPECT_EQ(server->held().permissions, 1u) << "of the one that can reach it";
  made->offerer.channel->send("from four to six");
  EXPECT_TRUE(world.runUntil([&] { return made->answerer.received.size() == 1; }, 5s));
  closeAndExpectNothingLeft();
}

TEST_F(RelayFamilies, OverTcpAsWell) {
  build(true);
  ASSERT_TRUE(call("turn:192.0.2.9?transport=tcp").connect());
  EXPECT_THAT(relayed(), ElementsAre("192.0.2.9", "2001:db8::9"));
  closeAndExpectNothingLeft();
}

TEST_F(RelayFamilies, Ipv6IsNotAskedForUnlessWanted) {
  build(true);
  EXPECT_FALSE(call("turn:192.0.2.9", false).connect(5s));
  EXPECT_THAT(relayed(), ElementsAre("192.0.2.9"));
}

TEST_F(RelayFamilies, AServerOfOneFamilySaysSo) {
  build(false);
  EXPECT_FALSE(call().connect(5s));
  EXPECT_THAT(relayed(), ElementsAre("192.0.2.9"));
  EXPECT_THAT(made->offerer.candidateErrors,
              ElementsAre(Field(&RTCPeerConnectionIceErrorEvent::errorCode, 440)));
  EXPECT_EQ(made->offerer.candidateErrors[0].url, "turn:192.0.2.9");
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
  closeAndExpectNothingLeft();
}

TEST_F(RelayFamilies, ARestartKeepsBoth) {
  build(true);
  ASSERT_TRUE(call().connect());
  const auto before = server->stats().allocationsMade;
  alice->post([&] { made->offerer.pc->restartIce(); });
  made->start();
  world.runFor(10s);
  EXPECT_EQ(made->failure, "");
  EXPECT_EQ(server->stats().allocationsMade, before);
  EXPECT_EQ(relayed().size(), 4u) << "both, told of two generations";
  closeAndExpectNothingLeft();
}

}  // namespace
}  // namespace parley::worlds
