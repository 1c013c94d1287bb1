// The candidate pool (iceCandidatePoolSize, RFC 9429 3.5.4) of whole peers behind NATs, with a STUN
// and TURN server: what is ready at setLocalDescription, and that nothing of it is left.

#include <gmock/gmock.h>

#include "core/limits.h"
#include "parley/names.h"
#include "parley/udp_mux.h"
#include "relayed.h"

namespace parley::worlds {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const IpAddress kServer = IpAddress::v4({192, 0, 2, 9});
const IpAddress kOther = IpAddress::v4({192, 0, 2, 10});

RTCIceServer turn(const std::string& url) { return {{url}, "alice", "secret"}; }

struct PoolWorld {
  explicit PoolWorld(const std::string& url = "turn:192.0.2.9", std::uint8_t size = 2,
                     RTCIceTransportPolicy policy = RTCIceTransportPolicy::all)
      : PoolWorld(RTCConfiguration{.iceServers = {turn(url)},
                                   .iceTransportPolicy = policy,
                                   .iceCandidatePoolSize = size}) {}
  explicit PoolWorld(RTCConfiguration configuration)
      : call(world, alice, bob, {}, trusting(), std::move(configuration)) {
    world.connect(left, middle, {.latency = 10ms});
    world.connect(right, middle, {.latency = 15ms});
    world.connect(left, otherNode, {.latency = 10ms});
    world.connect(right, otherNode, {.latency = 10ms});
  }

  std::vector<std::string> types(const End& end) const {
    std::vector<std::string> types;
    for (const RTCIceCandidate& each : end.candidates)
      types.emplace_back(toString(each.type().value()));
    return types;
  }
  bool talks() { return isHeard(world, call); }
  void closeBoth() {
    alice.post([this] { call.offerer.pc->close(); });
    bob.post([this] { call.answerer.pc->close(); });
    world.runFor(9s);
  }
  std::string held() const { return heldBy({&alice, &bob}) + heldBy(server) + heldBy(other); }

  sim::World world{23};
  sim::Node& middle = world.addNode("server", {kServer});
  sim::Node& otherNode = world.addNode("other", {kOther});
  server::Server server{middle.host(), serverAt(kServer, "IP:192.0.2.9")};
  server::Server other{otherNode.host(), serverAt(kOther, "IP:192.0.2.10")};
  sim::Nat& left = world.addNat("left", IpAddress::v4({198, 51, 100, 1}), kSymmetric);
  sim::Nat& right = world.addNat("right", IpAddress::v4({198, 51, 100, 2}), kSymmetric);
  sim::Node& alice = world.addNode("alice", {IpAddress::v4({192, 168, 1, 2})}, left);
  sim::Node& bob = world.addNode("bob", {IpAddress::v4({192, 168, 1, 2})}, right);
  Call call;
};

struct Pool : testing::Test, PoolWorld {};

TEST_F(Pool, NothingIsSeenOfItBeforeSetLocalDescription) {
  world.runFor(60s);
  EXPECT_EQ(server.held().allocations, 4u);  // two of each peer
  EXPECT_EQ(call.offerer.pc->iceGatheringState(), RTCIceGatheringState::new_);
  EXPECT_THAT(call.offerer.candidates, IsEmpty());
  EXPECT_THAT(call.offerer.candidateErrors, IsEmpty());
  EXPECT_EQ(call.offerer.pc->signalingState(), RTCSignalingState::stable);
}

TEST_F(Pool, WhatIsReadyIsToldWithoutAWordToTheServer) {
  world.runFor(2s);
  const std::uint64_t before = server.stats().requests;
  call.start();
  const auto isComplete = [&] {
    return call.offerer.pc->iceGatheringState() == RTCIceGatheringState::complete;
  };
  ASSERT_TRUE(world.runUntil(isComplete, 5s));
  EXPECT_EQ(server.stats().requests, before);
  EXPECT_THAT(types(call.offerer), UnorderedElementsAre("host", "srflx", "relay"));
  for (const RTCIceCandidate& each : call.offerer.candidates)
    EXPECT_EQ(each.usernameFragment(), call.offerer.candidates[0].usernameFragment());
}

TEST_F(Pool, TheyMeetAndWhatWasLeftOverIsGivenBackWithTheAnswer) {
  world.runFor(2s);
  EXPECT_EQ(server.held().allocations, 4u);
  ASSERT_TRUE(call.connect());
  EXPECT_TRUE(talks());
  world.runFor(2s);
  EXPECT_EQ(server.stats().allocationsMade, 4u);
  EXPECT_EQ(server.held().allocations, 2u);
  EXPECT_EQ(alice.report().sockets, 2u);  // of the host candidate and of the relay
  closeBoth();
  EXPECT_EQ(held(), "");
  EXPECT_EQ(server.stats().allocationsExpired, 0u);
}

TEST_F(Pool, AnIceRestartIsServedByWhatStands) {
  world.runFor(2s);
  ASSERT_TRUE(call.connect());
  const std::uint64_t before = server.stats().allocationsMade;
  alice.post([this] { call.offerer.pc->restartIce(); });
  call.start();
  world.runFor(5s);
  EXPECT_EQ(server.stats().allocationsMade, before);
  EXPECT_EQ(server.held().allocations, 2u);
  EXPECT_TRUE(talks());
}

TEST_F(Pool, AnHourOfWaitingKeepsIt) {
  world.runFor(3'600s);
  EXPECT_EQ(server.stats().allocationsMade, 4u);
  EXPECT_EQ(server.stats().allocationsExpired, 0u);
  ASSERT_TRUE(call.connect());
  EXPECT_TRUE(talks());
}

TEST_F(Pool, OtherServersTakeItsPlace) {
  world.runFor(2s);
  alice.post([this] {
    RTCConfiguration configuration = call.offerer.pc->getConfiguration();
    configuration.iceServers = {turn("turn:192.0.2.10")};
    call.offerer.pc->setConfiguration(configuration);
  });
  world.runFor(2s);
  EXPECT_EQ(server.held().allocations, 2u);  // of the other peer
  EXPECT_EQ(other.held().allocations, 2u);
  ASSERT_TRUE(call.connect());
  EXPECT_TRUE(talks());
  closeBoth();
  EXPECT_EQ(held(), "");
}

TEST_F(Pool, ASmallerOneIsGivenBackAndALargerOneGathered) {
  const auto resize = [&](std::uint8_t size) {
    alice.post([this, size] {
      RTCConfiguration configuration = call.offerer.pc->getConfiguration();
      configuration.iceCandidatePoolSize = size;
      call.offerer.pc->setConfiguration(configuration);
    });
    world.runFor(3s);
    return server.held().allocations;
  };
  world.runFor(1s);
  EXPECT_EQ(resize(0), 2u);  // of the other peer
  EXPECT_EQ(resize(1), 3u);
  EXPECT_EQ(resize(255), 2u + limits::ice::kPool);
  closeBoth();
  EXPECT_EQ(held(), "");
}

TEST_F(Pool, AServerThatForgotWhatItHadIsAskedAgain) {
  world.runFor(2s);
  middle.post([this] { server.restart(); });
  world.runFor(3'600s);  // until each of them was to be refreshed
  EXPECT_EQ(server.held().allocations, 4u);
  ASSERT_TRUE(call.connect());
  EXPECT_TRUE(talks());
}

TEST_F(Pool, APolicyThatCameLaterHoldsForIt) {
  world.runFor(2s);
  alice.post([this] {
    RTCConfiguration configuration = call.offerer.pc->getConfiguration();
    configuration.iceTransportPolicy = RTCIceTransportPolicy::relay;
    call.offerer.pc->setConfiguration(configuration);
  });
  world.runFor(2s);
  EXPECT_EQ(server.stats().allocationsMade, 4u);
  ASSERT_TRUE(call.connect());
  EXPECT_THAT(types(call.offerer), ElementsAre("relay"));
  EXPECT_EQ(call.offerer.candidates[0].relatedAddress(), "0.0.0.0");
  EXPECT_TRUE(talks());
}

TEST(PoolOf, AServerThatRefusesIsToldOfAfterAdoptionOnly) {
  PoolWorld at(RTCConfiguration{.iceServers = {{{"turn:192.0.2.9"}, "alice", "wrong"}},
                                .iceCandidatePoolSize = 1});
  at.world.runFor(30s);
  EXPECT_THAT(at.call.offerer.candidateErrors, IsEmpty());
  at.call.start();
  at.world.runFor(15s);
  ASSERT_THAT(at.call.offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(at.call.offerer.candidateErrors[0].errorCode, 401);
}

TEST(PoolOf, ASharedPortIsFoundByTheFragment) {
  sim::World world{29};
  sim::Node& client = world.addNode("client");
  sim::Node& server = world.addNode("server");
  world.connect(client, server, {.latency = 10ms});
  const auto realm = std::make_shared<peer::LoopRealm>(server.host());
  auto mux = std::make_unique<UdpMux>(realm, UdpMuxOptions{.port = 3'478});
  {
    const RTCConfiguration pooled{.iceCandidatePoolSize = 3};
    Call call(world, client, server, {}, {}, pooled, Tuning{.udpMux = mux.get()});
    world.runFor(1s);
    EXPECT_EQ(server.report().shares, 3u);
    ASSERT_TRUE(call.connect());
    for (const RTCIceCandidate& each : call.answerer.candidates) EXPECT_EQ(each.port(), 3'478);
    world.runFor(1s);
    EXPECT_EQ(server.report().shares, 1u);
    client.post([&] { call.offerer.pc->close(); });
    server.post([&] { call.answerer.pc->close(); });
    world.runFor(9s);
  }
  EXPECT_EQ(server.report().shares, 0u);
  mux.reset();
  realm->detach();
  EXPECT_EQ(server.report().sockets + client.report().sockets, 0u);
}

// --- close() cut in at each step

struct CuttingPool : testing::TestWithParam<const char*> {
  static constexpr Duration kAhead = 300ms;  // the pool is still gathered when the call begins

  static PoolWorld& begin(PoolWorld& at) {
    at.world.at(kAhead, [&at] { at.call.start(); });
    return at;
  }
  std::size_t steps() const {
    PoolWorld at(GetParam(), 3);
    begin(at);
    std::size_t count = 0;
    for (const Instant end = at.world.now() + 2s; at.world.schedule().next() <= end; ++count)
      at.world.schedule().runNext();
    EXPECT_TRUE(at.call.isOpen()) << at.call.failure;
    return count;
  }
  void cutAfter(std::size_t steps) const {
    PoolWorld at(GetParam(), 3);
    begin(at);
    for (std::size_t step = 0; step < steps; ++step) at.world.schedule().runNext();
    at.alice.post([&] { at.call.offerer.pc->close(); });
    at.world.runFor(9s);
    EXPECT_EQ(at.alice.report().guests, 0u) << "its tails have ended";
    at.closeBoth();
    EXPECT_EQ(at.held(), "");
  }
};

TEST_P(CuttingPool, NothingIsLeftWithAnybody) {
  constexpr std::size_t kCuts = 60;
  cutAlong(steps(), kCuts, [this](std::size_t at) { cutAfter(at); });
}

INSTANTIATE_TEST_SUITE_P(Ways, CuttingPool, waysToServer(), nameOfWay);

}  // namespace
}  // namespace parley::worlds
