// Peers that hide their own addresses (draft-ietf-mmusic-mdns-ice-candidates 3.1), and some that
// are told which not to use.

#include <gmock/gmock.h>

#include "call.h"
#include "core/limits.h"
#include "server/server.h"

namespace parley::worlds {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kServer = "192.0.2.9";

struct Hiding : testing::Test {
  static server::Config serverConfig() {
    server::Config made;
    made.listen = {{*IpAddress::parse(kServer), 3'478}};
    made.authentication.users = {{"alice", "secret"}};
    return made;
  }
  static RTCConfiguration servers() {
    return {.iceServers = {{{"stun:192.0.2.9"}, {}, {}},
                           {{"turn:192.0.2.9"}, "alice", "secret"},
                           {{"stun:192.0.2.9:9"}, {}, {}}}};
  }

  Call& call(const RTCConfiguration& configuration,
             const Tuning& tuning = {.hideAddresses = true}) {
    made = std::make_unique<Call>(world, alice, bob, RTCDataChannelInit{}, tuning, configuration);
    made->rewriteCandidate = [this](std::string text) {
      signalled.push_back(text);
      return text;
    };
    return *made;
  }
  bool connect() {
    const auto listen = [this](std::string sdp) {
      signalled.push_back(sdp);
      return sdp;
    };
    made->start(listen, listen);
    return world.runUntil([&] { return made->isOpen(); }, 30s);
  }
  // All that an application can see of an end's own addresses.
  std::vector<std::string> seen(const End& end) const {
    std::vector<std::string> texts;
    const auto add = [&](const RTCIceCandidate& candidate) {
      texts.push_back(candidate.candidate() + " " + candidate.toJSON() + " " +
                      candidate.address().value_or("") + " " +
                      candidate.relatedAddress().value_or("") + " ");
    };
    for (const RTCIceCandidate& candidate : end.candidates) add(candidate);
    const auto ice = end.pc->sctp()->transport()->iceTransport();
    for (const RTCIceCandidate& candidate : ice->getLocalCandidates()) add(candidate);
    for (const RTCIceCandidate& candidate : ice->getRemoteCandidates()) add(candidate);
    if (const auto pair = ice->getSelectedCandidatePair()) {
      add(pair->local);
      add(pair->remote);
    }
    for (const auto& error : end.candidateErrors)
      texts.push_back(error.address.value_or("") + " " + error.errorText);
    texts.push_back(end.pc->localDescription()->sdp + end.pc->remoteDescription()->sdp);
    return texts;
  }
  void expectNothingShown() const {
    std::vector<std::string> texts = signalled;
    for (const End* end : {&made->offerer, &made->answerer})
      for (std::string& text : seen(*end)) texts.push_back(std::move(text));
    ASSERT_GT(texts.size(), 8u);
    for (const char* address : {"192.168.1.", "fd00::"})
      EXPECT_THAT(texts, Each(Not(HasSubstr(address))));
  }
  void closeAndExpectNothingLeft() {
    made->offerer.pc->close();
    made->answerer.pc->close();
    EXPECT_EQ(alice.report().namesPublished, 0u);
    EXPECT_EQ(bob.report().namesPublished, 0u);
    world.runFor(15s);
    for (const sim::Node* node : {&alice, &bob}) {
      const loop::LoopReport held = node->report();
      EXPECT_EQ(
          held.guests + held.sockets + held.allocations + held.resolving + held.namesPublished, 0u);
    }
  }

  sim::World world{41};
  sim::Node& middle = world.addNode("server", {*IpAddress::parse(kServer)});
  server::Server server{middle.host(), serverConfig()};
  sim::Nat& nat = world.addNat("nat", *IpAddress::parse("198.51.100.1"));
  sim::Node& alice =
      world.addNode("alice", {*IpAddress::parse("192.168.1.2"), *IpAddress::parse("fd00::2")}, nat);
  sim::Node& bob =
      world.addNode("bob", {*IpAddress::parse("192.168.1.3"), *IpAddress::parse("fd00::3")}, nat);
  sim::Link& outside = world.connect(nat, middle, {.latency = 5ms});
  sim::Link& inside = world.connect(alice, bob, {.latency = 1ms});
  sim::Segment& home = world.addSegment("home");
  std::vector<std::string> signalled;
  std::unique_ptr<Call> made;
};

TEST_F(Hiding, PeersThatShowNoAddressMeetByNames) {
  home.join(alice);
  home.join(bob);
  call({});
  ASSERT_TRUE(connect()) << made->failure;
  EXPECT_THAT(signalled, Contains(HasSubstr(".local ")));
  EXPECT_EQ(alice.report().namesPublished, 2u) << "one for each address";
  expectNothingShown();
  made->offerer.channel->send("by name");
  EXPECT_TRUE(world.runUntil([&] { return made->answerer.received.size() == 1; }, 5s));
  closeAndExpectNothingLeft();
}

TEST_F(Hiding, NothingThatIsSignalledShowsAnAddressOfOurs) {
  home.join(alice);
  home.join(bob);
  call(servers());
  ASSERT_TRUE(connect()) << made->failure;
  world.runFor(15s);
  EXPECT_THAT(signalled, Contains(HasSubstr("typ host")));
  EXPECT_THAT(signalled, Contains(HasSubstr("typ srflx raddr 0.0.0.0 rport 0")));
  EXPECT_THAT(signalled, Contains(HasSubstr("typ relay raddr 0.0.0.0 rport 0")));
  EXPECT_FALSE(made->offerer.candidateErrors.empty()) << "port 9 answers nothing";
  for (const auto& error : made->offerer.candidateErrors) EXPECT_FALSE(error.address);
  expectNothingShown();
  closeAndExpectNothingLeft();
}

// No multicast there: reflexive and relayed candidates are what is left (4.1).
TEST_F(Hiding, RelaysHelpWhereNamesAreNotCarried) {
  inside.cut();
  call(servers());
  ASSERT_TRUE(connect()) << made->failure;
  expectNothingShown();
  closeAndExpectNothingLeft();
}

// A server without a NAT before it sees the address itself.
TEST_F(Hiding, AServerOnTheLinkDoesNotMakeTheAddressKnown) {
  world.connect(alice, middle, {.latency = 1ms});
  sim::Node& carol = world.addNode("carol");
  world.connect(carol, middle, {.latency = 1ms});
  End end(carol, {.hideAddresses = true}, servers());
  end.pc->onicecandidate = [&](const RTCPeerConnectionIceEvent& event) {
    if (event.candidate) signalled.push_back(event.candidate->candidate());
  };
  end.use(end.pc->createDataChannel("alone"));
  end.pc->setLocalDescription();
  world.runFor(15s);
  signalled.push_back(end.pc->localDescription()->sdp);
  EXPECT_THAT(signalled, Contains(HasSubstr("typ relay")));
  EXPECT_THAT(signalled, Each(Not(HasSubstr("srflx"))));
  EXPECT_THAT(signalled, Each(Not(HasSubstr(carol.address().toString()))));
}

TEST_F(Hiding, RestartsKeepTheNamesAndAnAddressThatIsGivenUpLosesItsOwn) {
  home.join(alice);
  home.join(bob);
  call({});
  ASSERT_TRUE(connect());
  alice.removeAddress(*IpAddress::parse("fd00::2"));
  world.runFor(1s);
  made->offerer.node.post([&] { made->offerer.pc->restartIce(); });
  ASSERT_TRUE(connect());
  world.runFor(10s);
  EXPECT_EQ(alice.report().namesPublished, 1u);
  expectNothingShown();
  closeAndExpectNothingLeft();
}

TEST_F(Hiding, AnAddressThatTheFilterRefusesIsNotUsed) {
  std::vector<IpAddress> sources;
  world.observe([&](const sim::Station& station, const sim::WireDatagram& datagram) {
    if (&station == &alice || &station == &bob) sources.push_back(datagram.source.ip);
  });
  Tuning tuning;
  tuning.addressFilter = [](const LocalAddress& one) { return one.address.find(':') == 4; };
  call(servers(), tuning);
  ASSERT_TRUE(connect());
  world.runFor(5s);
  world.stopObserving();
  EXPECT_THAT(signalled, Each(Not(HasSubstr("192.168."))));
  EXPECT_THAT(signalled, Each(Not(HasSubstr("typ relay")))) << "the server speaks IPv4 only";
  for (const IpAddress& source : sources) EXPECT_TRUE(source.isV6());
  EXPECT_FALSE(sources.empty());
}

}  // namespace
}  // namespace parley::worlds
