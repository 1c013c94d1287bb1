// TURN over DTLS (turns:...?transport=udp): whole peers and a server behind DTLS of OpenSSL's.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dtls_front.h"
#include "relayed.h"

namespace parley::worlds {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* kUrl = "turns:turn.example?transport=udp";

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

struct DtlsRelay : testing::Test {
  static server::Config serverConfig() {
    server::Config made;
    made.listen = {{ip("192.0.2.9"), 3'478}};
    made.authentication.users = {{"alice", "secret"}};
    return made;
  }
  DtlsRelay() { world.setName("turn.example", {ip("192.0.2.9")}); }

  void build(const sim::LinkOptions& weather = {}) {
    world.connect(alice, middle, weather);
    world.connect(bob, middle, weather);
  }
  Call& call(const char* url = kUrl) {
    made = std::make_unique<Call>(
        world, alice, bob, RTCDataChannelInit{}, trusting(),
        RTCConfiguration{.iceServers = {{{url}, "alice", "secret"}},
                         .iceTransportPolicy = RTCIceTransportPolicy::relay});
    return *made;
  }
  bool talks() { return isHeard(world, *made); }
  void close() {
    alice.post([&] { made->offerer.pc->close(); });
    bob.post([&] { made->answerer.pc->close(); });
  }
  std::string left() const { return heldBy({&alice, &bob}) + heldBy(server); }

  sim::World world{72};
  sim::Node& middle = world.addNode("server", {ip("192.0.2.9")});
  sim::Node& alice = world.addNode("alice", {ip("198.51.100.1")});
  sim::Node& bob = world.addNode("bob", {ip("198.51.100.2")});
  server::Server server{middle.host(), serverConfig()};
  DtlsFront front{middle.host(),
                  {ip("192.0.2.9"), 5'349},
                  {ip("192.0.2.9"), 3'478},
                  authority().issue({.names = "DNS:turn.example"})};
  std::unique_ptr<Call> made;
};

TEST_F(DtlsRelay, PeersMeetTalkAndLeaveNothing) {
  build();
  ASSERT_TRUE(call().connect());
  EXPECT_TRUE(talks());
  EXPECT_EQ(front.clients(), 2u);
  EXPECT_EQ(made->offerer.candidates.at(0).relayProtocol(), RTCIceServerTransportProtocol::udp);
  EXPECT_EQ(made->offerer.candidates.at(0).url(), kUrl);
  close();
  world.runFor(9s);
  EXPECT_EQ(left(), "");
  EXPECT_EQ(front.clients(), 0u) << "close_notify follows the Refresh";
  EXPECT_EQ(front.goodbyes, 2u);
  EXPECT_EQ(server.stats().allocationsExpired, 0u);
}

TEST_F(DtlsRelay, UnderLossAndReordering) {
  build({.latency = 25ms, .jitter = 10ms, .loss = 0.2, .duplicate = 0.05, .reorder = 0.1});
  ASSERT_TRUE(call().connect(60s));
  EXPECT_TRUE(talks());
  close();
  world.runFor(9s);
  EXPECT_EQ(left(), "");
}

TEST_F(DtlsRelay, AnHourIsOneAllocation) {
  build();
  ASSERT_TRUE(call().connect());
  world.runFor(3'600s);
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 2u);
}

TEST_F(DtlsRelay, ARestartUsesWhatStands) {
  build();
  ASSERT_TRUE(call().connect());
  alice.post([&] {
    made->offerer.pc->restartIce();
    made->start();
  });
  world.runFor(15s);
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 2u);
}

TEST_F(DtlsRelay, ClosingAtAnyMomentLeavesNothing) {
  build({.latency = 5ms});
  for (int moment = 0; moment < 120; moment += 3) {
    SCOPED_TRACE(moment);
    call().start();
    world.runFor(std::chrono::milliseconds(moment));
    close();
    world.runFor(9s);
    EXPECT_EQ(left(), "");
  }
}

TEST_F(DtlsRelay, ACertificateOfAnotherNameIsRefused) {
  build();
  world.setName("other.example", {ip("192.0.2.9")});
  call("turns:other.example?transport=udp").start();
  world.runFor(5s);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 701);
  EXPECT_EQ(made->offerer.candidateErrors[0].errorText,
            "DTLS: The certificate is of another host.");
  EXPECT_EQ(server.stats().requests, 0u);
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
}

TEST_F(DtlsRelay, AServerThatDoesNotAnswerIsGivenUp) {
  build();
  front.isMute = true;
  call().start();
  world.runFor(40s);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 701);
  EXPECT_THAT(made->offerer.candidateErrors[0].errorText, HasSubstr("did not end in time"));
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
}

}  // namespace
}  // namespace parley::worlds
