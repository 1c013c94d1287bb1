#include "ice/agent.h"

#include <gtest/gtest.h>

#include "ice/test_net.h"

namespace parley::ice {
namespace {

using test::at;
using test::kTransport;
using test::Net;
using test::Peer;

// Two peers that signal everything to each other at once.
class AgentTest : public ::testing::Test {
 protected:
  void openBoth() {
    left_.open(at("192.0.2.1:1000"));
    right_.open(at("192.0.2.2:2000"));
  }
  void exchange() {
    left_.signalTo(right_);
    right_.signalTo(left_);
  }
  bool connect(Duration limit = 5s) {
    return net_.runUntil([this] { return left_.isSelected() && right_.isSelected(); }, limit);
  }

  Net net_;
  Peer left_{net_, Role::controlling};
  Peer right_{net_, Role::controlled};
};

TEST_F(AgentTest, TwoHostsSelectTheSamePair) {
  openBoth();
  exchange();
  ASSERT_TRUE(connect());
  EXPECT_EQ(left_.selectedRemote(), at("192.0.2.2:2000"));
  EXPECT_EQ(right_.selectedRemote(), at("192.0.2.1:1000"));
  net_.runFor(100ms);
  EXPECT_EQ(left_.states, (std::vector{State::checking, State::connected, State::completed}));
  EXPECT_EQ(right_.states.back(), State::completed);
  EXPECT_EQ(left_.agent.roundTrip(kTransport), 20ms);
}

TEST_F(AgentTest, TheFirstCheckLeavesInTheSameStep) {
  openBoth();
  left_.signalTo(right_);
  EXPECT_EQ(net_.sent, 1u);
}

TEST_F(AgentTest, SettingUpTakesEightMessagesWhenTheChecksCross) {
  openBoth();
  exchange();
  ASSERT_TRUE(connect());
  net_.runFor(1s);
  EXPECT_LE(net_.sent, 8u);
}

// The first check of each side dies at the other's NAT; the second must not wait for half a second.
TEST_F(AgentTest, AFirstCheckThatDiedAtANatIsRepeatedAsSoonAsThePeerIsHeard) {
  openBoth();
  bool open = false;
  net_.passes = [&](const Address& from, const Address&) {
    return open || from == at("192.0.2.2:2000");
  };
  exchange();
  net_.runFor(15ms);
  open = true;
  const Instant start = net_.now;
  ASSERT_TRUE(net_.runUntil([&] { return !left_.validated.empty(); }, 2s));
  EXPECT_LE(net_.now - start, 100ms);
}

TEST_F(AgentTest, DataFlowsOneRoundTripAfterTheFirstCheckAndNominationTakesAnother) {
  openBoth();
  exchange();
  const Instant start = net_.now;
  const auto bothValid = [&] { return !left_.validated.empty() && !right_.validated.empty(); };
  ASSERT_TRUE(net_.runUntil(bothValid, 1s));
  EXPECT_LE(net_.now - start, 30ms);
  ASSERT_TRUE(connect());
  EXPECT_LE(net_.now - start, 60ms);
}

TEST_F(AgentTest, NothingIsSentBeforeAnAnswerAndEverythingAfter) {  // I-2
  openBoth();
  exchange();
  EXPECT_FALSE(left_.sendData());
  EXPECT_EQ(left_.agent.stats().packetsDiscarded, 1u);
  ASSERT_TRUE(connect());
  EXPECT_TRUE(left_.sendData(300));
  EXPECT_TRUE(right_.sendData());
  net_.runFor(20ms);
  EXPECT_EQ(left_.dataReceived, 1u);
  EXPECT_EQ(right_.dataReceived, 1u);
  const auto pairs = left_.agent.pairs(kTransport);
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_TRUE(pairs[0].selected);
  EXPECT_TRUE(pairs[0].nominated);
  EXPECT_EQ(pairs[0].state, PairState::succeeded);
  EXPECT_EQ(pairs[0].counters.packetsSent, 1u);
  EXPECT_EQ(pairs[0].counters.bytesSent, 300u);
  EXPECT_EQ(pairs[0].counters.bytesReceived, 100u);
  EXPECT_GE(pairs[0].counters.requestsSent, 2u);
  EXPECT_GE(pairs[0].counters.responsesReceived, 2u);
  EXPECT_GE(pairs[0].counters.requestsReceived, 1u);
  EXPECT_EQ(pairs[0].counters.requestsReceived, pairs[0].counters.responsesSent);
  EXPECT_GE(pairs[0].counters.totalRoundTrip, 40ms);
}

TEST_F(AgentTest, BestOfSeveralFamiliesAndInterfacesWins) {
  for (Peer* peer : {&left_, &right_}) {
    const std::string digit = peer == &left_ ? "1" : "2";
    peer->open(at("192.0.2." + digit + ":1000"), 0);
    peer->open(at("[2001:db8::" + digit + "]:1000"), 0);
    peer->open(at("198.51.100." + digit + ":1000"), 1);
    peer->open(at("[fe80::" + digit + "]:1000"), 2);
  }
  exchange();
  ASSERT_TRUE(connect());
  EXPECT_EQ(left_.selectedRemote(), at("[2001:db8::2]:1000"));
  EXPECT_EQ(right_.selectedRemote(), at("[2001:db8::1]:1000"));
}

TEST_F(AgentTest, LinkLocalPairsOnlyWithLinkLocal) {
  left_.open(at("[fe80::1]:1000"));
  right_.open(at("[2001:db8::2]:1000"));
  exchange();
  EXPECT_TRUE(left_.agent.pairs(kTransport).empty());
}

TEST_F(AgentTest, ABlockedBetterPairDelaysNominationByTheGraceOnly) {
  for (Peer* peer : {&left_, &right_}) {
    const std::string digit = peer == &left_ ? "1" : "2";
    peer->open(at("[2001:db8::" + digit + "]:1000"), 0);
    peer->open(at("192.0.2." + digit + ":1000"), 0);
  }
  net_.passes = [](const Address& from, const Address&) { return from.ip.isV4(); };
  exchange();
  const Instant start = net_.now;
  ASSERT_TRUE(connect());
  EXPECT_EQ(left_.selectedRemote(), at("192.0.2.2:1000"));
  EXPECT_LT(net_.now - start, 400ms);
}

TEST_F(AgentTest, LossIsOvercomeByRetransmission) {
  openBoth();
  net_.loss = 0.5;
  exchange();
  EXPECT_TRUE(connect(35s));
}

TEST_F(AgentTest, ChecksArePacedByTa) {  // I-4
  for (int i = 0; i < 6; ++i) {
    left_.open(at("10.0." + std::to_string(i) + ".1:1000"), static_cast<unsigned>(i));
    right_.open(at("10.1." + std::to_string(i) + ".1:1000"), static_cast<unsigned>(i));
  }
  net_.passes = [](const Address&, const Address&) { return false; };
  std::vector<Instant> starts;
  std::set<ByteVector> seen;
  net_.tap = [&](const Address& from, const Address&, Bytes bytes) {
    if (from.ip.bytes()[1] != 0) return;
    if (seen.insert(toVector(bytes)).second) starts.push_back(net_.now);
  };
  exchange();
  net_.runFor(5s);
  ASSERT_EQ(starts.size(), 36u);
  for (std::size_t i = 1; i < starts.size(); ++i) EXPECT_GE(starts[i] - starts[i - 1], 50ms);
  EXPECT_LE(starts.back() - starts.front(), 36 * 50ms);
}

TEST_F(AgentTest, PeerBehindANatIsFoundByItsCheckAndNamedPeerReflexive) {
  openBoth();
  net_.addNat(at("192.0.2.1:1000"), at("203.0.113.9:4000"));
  exchange();
  ASSERT_TRUE(connect());
  EXPECT_EQ(right_.selectedRemote(), at("203.0.113.9:4000"));
  ASSERT_EQ(right_.reflexive.size(), 1u);
  EXPECT_TRUE(right_.reflexive[0].remote);
  EXPECT_EQ(right_.reflexive[0].candidate.type, CandidateType::peerReflexive);
  ASSERT_EQ(left_.reflexive.size(), 1u);
  EXPECT_FALSE(left_.reflexive[0].remote);
  EXPECT_EQ(left_.reflexive[0].candidate.address, at("203.0.113.9:4000"));
  EXPECT_EQ(left_.agent.pairs(kTransport)[0].local, left_.reflexive[0].id);
}

TEST_F(AgentTest, SignallingReplacesWhatACheckHadShown) {
  openBoth();
  net_.addNat(at("192.0.2.1:1000"), at("203.0.113.9:4000"));
  left_.signalTo(right_, false);
  right_.signalTo(left_);
  ASSERT_TRUE(net_.runUntil([&] { return !right_.reflexive.empty(); }, 1s));
  Step step = net_.step();
  const auto named = Candidate::parse(
      "candidate:77 1 udp 1694498815 203.0.113.9 4000 typ srflx raddr 0.0.0.0 rport 0");
  EXPECT_EQ(right_.agent.addRemote(step, kTransport, *named), right_.reflexive[0].id);
  const auto remotes = right_.agent.remotes(kTransport);
  ASSERT_EQ(remotes.size(), 1u);
  EXPECT_EQ(remotes[0].candidate.type, CandidateType::serverReflexive);
  EXPECT_TRUE(connect());
}

TEST_F(AgentTest, BothBehindNatsConnectThroughReflexiveCandidates) {
  openBoth();
  net_.addNat(at("192.0.2.1:1000"), at("203.0.113.1:4000"));
  net_.addNat(at("192.0.2.2:2000"), at("203.0.113.2:5000"));
  const auto addReflexive = [&](Peer& peer, const char* text) {
    Candidate reflexive;
    reflexive.address = at(text);
    reflexive.type = CandidateType::serverReflexive;
    reflexive.related = peer.sockets.begin()->second;
    Step step = net_.step();
    ASSERT_TRUE(peer.agent.addLocal(step, kTransport, reflexive, peer.sockets.begin()->first));
  };
  addReflexive(left_, "203.0.113.1:4000");
  addReflexive(right_, "203.0.113.2:5000");
  exchange();
  ASSERT_TRUE(connect());
  EXPECT_EQ(left_.selectedRemote(), at("203.0.113.2:5000"));
  EXPECT_EQ(right_.selectedRemote(), at("203.0.113.1:4000"));
  EXPECT_TRUE(left_.reflexive.empty());  // the mapping was known already
}

TEST_F(AgentTest, ARelayedPathCarriesUntilTheDirectOneIsThereAndThenNot) {
  left_.open(at("192.0.2.1:1000"));
  left_.open(at("198.51.100.7:9000"), 0, CandidateType::relayed);
  right_.open(at("192.0.2.2:2000"));
  bool open = false;
  net_.passes = [&](const Address& from, const Address& to) {
    const bool direct = from == at("192.0.2.1:1000") || to == at("192.0.2.1:1000");
    return open || !direct;
  };
  exchange();
  ASSERT_TRUE(net_.runUntil([&] { return left_.state() == State::connected; }, 2s));
  EXPECT_FALSE(left_.isSelected());
  open = true;
  ASSERT_TRUE(connect());
  EXPECT_EQ(right_.selectedRemote(), at("192.0.2.1:1000"));
}

TEST_F(AgentTest, WithoutADirectPathTheRelayedOneIsSelectedAfterItsGrace) {
  left_.open(at("192.0.2.1:1000"));
  left_.open(at("198.51.100.7:9000"), 0, CandidateType::relayed);
  right_.open(at("192.0.2.2:2000"));
  net_.passes = [&](const Address& from, const Address& to) {
    return from != at("192.0.2.1:1000") && to != at("192.0.2.1:1000");
  };
  exchange();
  ASSERT_TRUE(connect());
  EXPECT_EQ(right_.selectedRemote(), at("198.51.100.7:9000"));
}

TEST_F(AgentTest, RemovedTransportsAndForeignIdsAreSimplyUnknown) {  // I-7
  openBoth();
  Step step = net_.step();
  Candidate candidate;
  candidate.address = at("192.0.2.9:9");
  EXPECT_EQ(left_.agent.addRemote(step, {7}, candidate).error(), AddError::unknownTransport);
  EXPECT_EQ(left_.agent.addLocal(step, kTransport, candidate, CandidateId{99}).error(),
            AddError::unknownBase);
  left_.agent.removeTransport(kTransport);
  EXPECT_EQ(left_.agent.deadline(), never());
  EXPECT_FALSE(left_.agent.isKnown({{1}, at("192.0.2.2:2000")}));
  left_.agent.removeLocal(step, {1});
}

TEST_F(AgentTest, UnusableCandidatesAreRefusedByReason) {
  openBoth();
  Step step = net_.step();
  const auto add = [&](std::string_view line) {
    return left_.agent.addRemote(step, kTransport, *Candidate::parse(line));
  };
  EXPECT_EQ(add("candidate:1 2 udp 1 192.0.2.2 9 typ host").error(), AddError::unsupported);
  EXPECT_EQ(add("candidate:1 1 udp 1 192.0.2.2 0 typ host").error(), AddError::unsupported);
  EXPECT_EQ(add("candidate:1 1 udp 1 0.0.0.0 9 typ host").error(), AddError::unsupported);
  EXPECT_EQ(add("candidate:1 1 udp 1 224.0.0.1 9 typ host").error(), AddError::unsupported);
  EXPECT_EQ(add("candidate:1 1 udp 1 ::ffff:127.0.0.1 9 typ host").error(), AddError::unsupported);
  EXPECT_EQ(add("candidate:1 1 udp 1 a.local 9 typ host").error(), AddError::unresolved);
  EXPECT_TRUE(add("candidate:1 1 tcp 1 192.0.2.2 9 typ host tcptype active"));
  EXPECT_TRUE(left_.agent.pairs(kTransport).empty());  // no TCP base of ours
  right_.signalTo(left_, false);
  EXPECT_EQ(add("candidate:1 1 udp 1 192.0.2.2 9 typ host ufrag nope").error(),
            AddError::wrongGeneration);
  left_.agent.endOfRemotes(step, kTransport);
  EXPECT_TRUE(add("candidate:1 1 udp 1 192.0.2.2 9 typ host")) << "the peer has a new network";
}

TEST_F(AgentTest, FoundationsFreezeAcrossTransports) {
  Step step = net_.step();
  const TransportIndex second{1};
  left_.agent.addTransport(step, second, Credentials::generate(net_.secrets));
  for (const TransportIndex transport : {kTransport, second}) {
    Candidate mine;
    mine.address = {at("192.0.2.1:0").ip, static_cast<std::uint16_t>(1000 + transport.value)};
    const auto id = left_.agent.addLocal(step, transport, mine);
    left_.sockets[*id] = mine.address;
    left_.agent.setRemoteCredentials(step, transport, Credentials::generate(net_.secrets));
    Candidate theirs;
    theirs.foundation = "1";
    theirs.priority = 100;
    theirs.address = {at("192.0.2.2:0").ip, static_cast<std::uint16_t>(2000 + transport.value)};
    ASSERT_TRUE(left_.agent.addRemote(step, transport, theirs));
  }
  left_.flush();
  EXPECT_EQ(left_.agent.pairs(kTransport)[0].state, PairState::inProgress);
  EXPECT_EQ(left_.agent.pairs(second)[0].state, PairState::frozen);
  net_.runFor(41s);  // the first has failed meanwhile, so the second had its turn
  EXPECT_NE(left_.agent.pairs(second)[0].state, PairState::frozen);
}

TEST_F(AgentTest, TwoTransportsConnectSideBySide) {
  Step step = net_.step();
  const TransportIndex second{1};
  const Credentials mine = Credentials::generate(net_.secrets);
  const Credentials theirs = Credentials::generate(net_.secrets);
  openBoth();
  left_.agent.addTransport(step, second, mine);
  right_.agent.addTransport(step, second, theirs);
  const auto add = [&](Peer& peer, Peer& other, const char* text, const Credentials& own) {
    Candidate candidate;
    candidate.address = at(text);
    const auto id = peer.agent.addLocal(step, second, candidate);
    peer.sockets[*id] = candidate.address;
    other.agent.setRemoteCredentials(step, second, own);
    ASSERT_TRUE(other.agent.addRemote(step, second, *peer.agent.local(*id)));
  };
  add(left_, right_, "192.0.2.1:1001", mine);
  add(right_, left_, "192.0.2.2:2001", theirs);
  exchange();
  ASSERT_TRUE(connect());
  ASSERT_TRUE(net_.runUntil([&] { return left_.agent.selected(second).has_value(); }, 2s));
  EXPECT_EQ(left_.agent.selected(second)->remote, at("192.0.2.2:2001"));
}

TEST_F(AgentTest, AnIdleConnectionIsSmallAndSleepsWell) {
  for (int i = 0; i < 4; ++i) {
    left_.open(at("10.0." + std::to_string(i) + ".1:1000"), static_cast<unsigned>(i));
    right_.open(at("10.1." + std::to_string(i) + ".1:1000"), static_cast<unsigned>(i));
  }
  exchange();
  ASSERT_TRUE(connect());
  net_.runFor(10s);
  EXPECT_LE(left_.agent.memoryUsed(), 4'096u);
  RecordProperty("bytes", static_cast<int>(left_.agent.memoryUsed()));
  EXPECT_LE(right_.agent.memoryUsed(), 4'096u);
  net_.sent = net_.wakeUps = 0;
  net_.runFor(600s);
  EXPECT_LE(net_.wakeUps, 600u);       // two agents
  EXPECT_LE(net_.sent, 2 * 2 * 150u);  // a request and an answer every four seconds at most
}

}  // namespace
}  // namespace parley::ice
