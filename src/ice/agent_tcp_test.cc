// Pairs over TCP (RFC 6544): who may check, what begins when, and what becomes of a pair whose
// connection ends. Connections themselves are the owner's; here addresses stand for them.

#include <gmock/gmock.h>

#include "ice/test_net.h"

namespace parley::ice::test {
namespace {

struct TcpPairs : testing::TestWithParam<Role> {
  Net net;
  Peer alice{net, GetParam()};
  Peer bob{net, GetParam() == Role::controlling ? Role::controlled : Role::controlling};
  const Address connection = at("10.0.0.1:50001");  // that of the active one
  const Address listener = at("10.0.0.2:4000");
  int tcpChecks = 0;  // of the active one

  CandidateId openTcp(Peer& peer, TcpType type, const Address& told, const Address& socket) {
    Candidate candidate;
    candidate.protocol = Protocol::tcp;
    candidate.tcpType = type;
    candidate.address = told;
    candidate.priority = candidatePriority(CandidateType::host, Protocol::tcp,
                                           localPreference(type, told.ip.family(), 0), 1);
    Step step = net.step();
    const auto id = peer.agent.addLocal(step, kTransport, candidate);
    peer.sockets[id.value()] = socket;
    return *id;
  }
  CandidateId active = openTcp(alice, TcpType::active, at("10.0.0.1:9"), connection);
  CandidateId passive = openTcp(bob, TcpType::passive, listener, listener);

  void SetUp() override {
    net.tap = [this](const Address& from, const Address& to, Bytes bytes) {
      const auto message = stun::MessageView::parse(bytes);
      if (from == connection && to == listener && message &&
          message->messageClass() == stun::Class::request)
        ++tcpChecks;
    };
  }
  void signal() {
    alice.signalTo(bob);
    bob.signalTo(alice);
  }
  bool connect() {
    signal();
    return net.runUntil([&] { return alice.isSelected() && bob.isSelected(); }, 5s);
  }
  void lose(Peer& peer, const Path& path) {
    Step step = net.step();
    peer.agent.pathLost(step, path);
    peer.flush();
  }
  Candidate remoteOf(const Peer& peer, const Address& address) const {
    for (const CandidateStats& each : peer.agent.remotes(kTransport))
      if (each.candidate.address == address) return each.candidate;
    return {};
  }
};

INSTANTIATE_TEST_SUITE_P(TheActiveSideIs, TcpPairs,
                         testing::Values(Role::controlling, Role::controlled), [](const auto& one) {
                           return one.param == Role::controlling ? "Controlling" : "Controlled";
                         });

TEST_P(TcpPairs, ThePassiveSideAnswersOnTheConnectionThatCame) {
  ASSERT_TRUE(connect());
  EXPECT_EQ(alice.selectedRemote(), listener);
  EXPECT_EQ(bob.selectedRemote(), connection);
  const Candidate seen = remoteOf(bob, connection);
  EXPECT_EQ(seen.type, CandidateType::peerReflexive);
  EXPECT_EQ(seen.protocol, Protocol::tcp);
  EXPECT_EQ(seen.tcpType, TcpType::active);
  EXPECT_LT(seen.priority, alice.agent.local(active)->priority) << "as peer-reflexive over TCP";
  EXPECT_EQ(bob.agent.pairs(kTransport).size(), 1u);
  EXPECT_TRUE(alice.reflexive.empty()) << "the port of a connection is no candidate";
  net.runFor(120s);
  EXPECT_EQ(alice.state(), State::completed);
  EXPECT_EQ(bob.state(), State::completed);
}

TEST_P(TcpPairs, AreNotCheckedWhereUdpAnswersSoon) {
  net.delay = 50ms;
  alice.open(at("10.0.0.1:1000"));
  bob.open(at("10.0.0.2:1000"));
  ASSERT_TRUE(connect());
  net.runFor(10s);
  EXPECT_EQ(alice.selectedRemote(), at("10.0.0.2:1000"));
  EXPECT_EQ(tcpChecks, 0);
}

TEST_P(TcpPairs, AreCheckedWhenUdpDoesNotAnswer) {
  alice.open(at("10.0.0.1:1000"));
  bob.open(at("10.0.0.2:1000"));
  net.passes = [](const Address& from, const Address&) { return from.port != 1'000; };
  const Instant begun = net.now;
  signal();
  ASSERT_TRUE(net.runUntil([&] { return tcpChecks == 1; }, 5s));
  EXPECT_EQ(net.now - begun, Config{}.tcpHeadStart);
  EXPECT_TRUE(net.runUntil([&] { return alice.isSelected() && bob.isSelected(); }, 1s));
  EXPECT_EQ(alice.selectedRemote(), listener);
}

TEST_P(TcpPairs, GiveWayToUdpThatAnswersLater) {
  alice.open(at("10.0.0.1:1000"));
  bob.open(at("10.0.0.2:1000"));
  bool isBlocked = true;
  net.passes = [&](const Address& from, const Address&) {
    return !isBlocked || from.port != 1'000;
  };
  ASSERT_TRUE(connect());
  isBlocked = false;
  EXPECT_TRUE(net.runUntil([&] { return alice.selectedRemote() == at("10.0.0.2:1000"); }, 40s));
  EXPECT_TRUE(net.runUntil([&] { return bob.selectedRemote() == at("10.0.0.1:1000"); }, 1s));
}

TEST_P(TcpPairs, APassiveOneEndsWithItsConnection) {
  ASSERT_TRUE(connect());
  lose(bob, {passive, connection});
  EXPECT_EQ(bob.state(), State::disconnected);
  EXPECT_TRUE(bob.agent.pairs(kTransport).empty());
  EXPECT_FALSE(bob.agent.isKnown({passive, connection}));
  // The other side connects anew, from another port.
  alice.sockets[active] = at("10.0.0.1:50002");
  lose(alice, {active, listener});
  ASSERT_TRUE(net.runUntil([&] { return bob.isSelected(); }, 3s));
  EXPECT_EQ(bob.selectedRemote(), at("10.0.0.1:50002"));
  net.runFor(10s);
  EXPECT_EQ(alice.states.back(), State::completed);
  EXPECT_EQ(std::ranges::count(alice.states, State::disconnected), 0);
  EXPECT_EQ(bob.state(), State::completed);
}

TEST_P(TcpPairs, ALostConnectionIsMadeAgainAtOnceAndNotTwice) {
  ASSERT_TRUE(connect());
  net.runFor(2s);
  tcpChecks = 0;
  lose(alice, {active, listener});
  EXPECT_EQ(tcpChecks, 1);
  lose(alice, {active, listener});
  EXPECT_EQ(tcpChecks, 1) << "the check under way says when";
}

TEST_P(TcpPairs, APathThatIsUnknownIsNoLoss) {
  ASSERT_TRUE(connect());
  lose(alice, {active, at("10.9.9.9:1")});
  lose(bob, {passive, at("10.9.9.9:1")});
  lose(bob, {CandidateId{999}, connection});
  EXPECT_TRUE(alice.isSelected() && bob.isSelected());
}

}  // namespace
}  // namespace parley::ice::test
