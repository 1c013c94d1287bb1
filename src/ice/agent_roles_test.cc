// Role conflicts, trickling in every order, and lite peers.

#include <gtest/gtest.h>

#include "ice/request.h"
#include "ice/test_net.h"
#include "stun/builder.h"

namespace parley::ice {
namespace {

using test::at;
using test::kTransport;
using test::Net;
using test::Peer;

bool connect(Net& net, Peer& left, Peer& right, Duration limit = 5s) {
  return net.runUntil([&] { return left.isSelected() && right.isSelected(); }, limit);
}

void expectOneOfEach(const Peer& left, const Peer& right) {
  EXPECT_NE(left.agent.role(), right.agent.role());
  EXPECT_EQ(left.roles.size() + right.roles.size(), 1u);
}

class Conflict : public ::testing::TestWithParam<std::tuple<Role, std::uint64_t>> {};

TEST_P(Conflict, EndsWithOneWinnerWithinTwoRoundTrips) {  // I-5
  const auto [role, seed] = GetParam();
  Net net(seed);
  Peer left(net, role), right(net, role);
  left.open(at("192.0.2.1:1000"));
  right.open(at("192.0.2.2:2000"));
  left.signalTo(right);
  right.signalTo(left);
  net.runFor(2 * 2 * net.delay);
  expectOneOfEach(left, right);
  EXPECT_TRUE(connect(net, left, right));
}

INSTANTIATE_TEST_SUITE_P(Both, Conflict,
                         ::testing::Combine(::testing::Values(Role::controlling, Role::controlled),
                                            ::testing::Range<std::uint64_t>(1, 9)));

TEST(RoleConflict, WithLossStillEnds) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Net net(seed);
    net.loss = 0.3;
    Peer left(net, Role::controlling), right(net, Role::controlling);
    left.open(at("192.0.2.1:1000"));
    right.open(at("192.0.2.2:2000"));
    left.signalTo(right);
    right.signalTo(left);
    EXPECT_TRUE(connect(net, left, right, 35s)) << seed;
    EXPECT_NE(left.agent.role(), right.agent.role());
  }
}

// A peer that says 487 to everything: three switches, and then no more.
TEST(RoleConflict, ForEverEndsAfterThreeSwitches) {
  Net net;
  Peer left(net, Role::controlling);
  left.open(at("192.0.2.1:1000"));
  const Credentials theirs = Credentials::generate(net.secrets);
  Step step = net.step();
  left.agent.setRemoteCredentials(step, kTransport, theirs);
  ASSERT_TRUE(left.agent.addRemote(
      step, kTransport, *Candidate::parse("candidate:1 1 udp 9 192.0.2.2 2000 typ host")));
  net.tap = [&](const Address& from, const Address& to, Bytes bytes) {
    const auto request = stun::MessageView::parse(bytes);
    if (from != at("192.0.2.1:1000") || request->messageClass() != stun::Class::request) return;
    const Packet answer = stun::MessageBuilder(net.pool.take(), stun::Class::error,
                                               stun::Method::binding, request->transaction())
                              .addError(stun::ErrorCode::roleConflict)
                              .finish(stun::Integrity::sha1, bytesOf(theirs.password));
    net.send(to, from, answer.bytes());
  };
  left.flush();
  net.runFor(60s);
  EXPECT_EQ(left.roles.size(), 3u);
  EXPECT_EQ(left.state(), State::failed);
}

TEST(Trickle, CandidatesMayComeBeforeTheCredentials) {
  Net net;
  Peer left(net, Role::controlling), right(net, Role::controlled);
  left.open(at("192.0.2.1:1000"));
  right.open(at("192.0.2.2:2000"));
  left.signalCandidatesTo(right);
  right.signalCandidatesTo(left);
  net.runFor(1s);
  EXPECT_EQ(net.sent, 0u);
  left.signalTo(right, false);
  right.signalTo(left, false);
  EXPECT_TRUE(connect(net, left, right));
  EXPECT_EQ(left.state(), State::completed);
}

TEST(Trickle, CandidatesMayComeOneByOneAndLate) {
  Net net;
  Peer left(net, Role::controlling), right(net, Role::controlled);
  left.signalTo(right, false);
  right.signalTo(left, false);
  net.runFor(10s);
  EXPECT_EQ(left.state(), State::idle);
  left.open(at("192.0.2.1:1000"));
  left.signalCandidatesTo(right);
  net.runFor(10s);
  right.open(at("[2001:db8::2]:2000"));
  right.open(at("192.0.2.2:2000"));
  right.signalCandidatesTo(left);
  EXPECT_TRUE(connect(net, left, right));
}

// The offerer's view: its peer starts at once, the answer takes longer than the first check.
TEST(Trickle, AChecksBeforeTheAnswerIsAnsweredAndRemembered) {
  Net net;
  Peer left(net, Role::controlling), right(net, Role::controlled);
  left.open(at("192.0.2.1:1000"));
  right.open(at("192.0.2.2:2000"));
  left.signalTo(right);
  net.runFor(300ms);
  EXPECT_EQ(right.state(), State::connected);  // its check was answered
  EXPECT_TRUE(left.agent.isKnown({left.sockets.begin()->first, at("192.0.2.2:2000")}));
  EXPECT_FALSE(left.sendData());
  right.sendData();
  net.runFor(20ms);
  EXPECT_EQ(left.dataReceived, 1u);

  const std::size_t before = net.sent;
  right.signalTo(left, false);      // not one candidate
  EXPECT_EQ(net.sent, before + 1);  // and yet the triggered check leaves at once
  EXPECT_TRUE(connect(net, left, right, 200ms));
  EXPECT_EQ(left.reflexive.size(), 1u);
}

TEST(Trickle, AnEarlyCheckOfAnotherForkIsNotLearnedFrom) {
  Net net;
  Peer left(net, Role::controlling), fork(net, Role::controlled), right(net, Role::controlled);
  left.open(at("192.0.2.1:1000"));
  fork.open(at("192.0.2.3:3000"));
  left.signalTo(fork);
  net.runFor(300ms);
  right.signalTo(left, false);
  net.runFor(300ms);
  EXPECT_TRUE(left.reflexive.empty());
  EXPECT_TRUE(left.agent.pairs(kTransport).empty());
}

TEST(Trickle, EarlyChecksFromEverywhereAreBounded) {
  Net net;
  Peer left(net, Role::controlling);
  left.open(at("192.0.2.1:1000"));
  const Credentials theirs = Credentials::generate(net.secrets);
  for (std::uint16_t port = 1; port <= 1'000; ++port) {
    Step step = net.step();
    RequestBody body;
    body.id = stun::newTransactionId(net.secrets);
    body.role = Role::controlled;
    const Packet request = writeRequest(step, body, theirs, left.credentials);
    net.inject({at("198.51.100.1:0").ip, port}, at("192.0.2.1:1000"), request.bytes());
  }
  Step step = net.step();
  left.agent.setRemoteCredentials(step, kTransport, theirs);
  EXPECT_EQ(left.agent.pairs(kTransport).size(), limits::ice::kEarlyRequests);
}

// A lite peer only answers and never checks (RFC 8445 2.5).
class LitePeer {
 public:
  LitePeer(Net& net, const Address& address) : net_(net), address_(address) {
    credentials = Credentials::generate(net.secrets);
    net.tap = [this](const Address& from, const Address& to, Bytes bytes) {
      if (to != address_) return;
      const auto request = stun::MessageView::parse(bytes);
      if (!request || !request->checkIntegrity(bytesOf(credentials.password))) return;
      nominated |= request->has(stun::Attribute::useCandidate);
      controlling &= request->has(stun::Attribute::iceControlling);
      const Packet answer = stun::MessageBuilder(net_.pool.take(), stun::Class::success,
                                                 stun::Method::binding, request->transaction())
                                .addXorAddress(stun::Attribute::xorMappedAddress, from)
                                .finish(stun::Integrity::sha1, bytesOf(credentials.password));
      net_.send(to, from, answer.bytes());
    };
  }
  Credentials credentials;
  bool nominated = false;
  bool controlling = true;

 private:
  Net& net_;
  Address address_;
};

TEST(LiteRemote, IsCheckedNominatedAndKeptByAControllingAgent) {
  Net net;
  Peer left(net, Role::controlled);
  left.agent.setRemoteLite(true);
  left.open(at("192.0.2.1:1000"));
  LitePeer lite(net, at("192.0.2.2:2000"));
  Step step = net.step();
  left.agent.setRemoteCredentials(step, kTransport, lite.credentials);
  ASSERT_TRUE(left.agent.addRemote(
      step, kTransport, *Candidate::parse("candidate:1 1 udp 9 192.0.2.2 2000 typ host")));
  left.flush();
  ASSERT_TRUE(net.runUntil([&] { return left.isSelected(); }, 1s));
  EXPECT_TRUE(lite.nominated);
  EXPECT_TRUE(lite.controlling);
  net.runFor(120s);
  EXPECT_EQ(left.state(), State::connected);
}

// RFC 5245 agents nominate with every check.
TEST(AggressiveRemote, EndsOnTheBestOfThePairsItNominated) {
  Net net;
  Peer right(net, Role::controlled);
  right.open(at("192.0.2.2:2000"));
  const Credentials theirs = Credentials::generate(net.secrets);
  const std::array<Address, 3> sources{at("198.51.100.1:1"), at("198.51.100.2:2"),
                                       at("198.51.100.3:3")};
  net.tap = [&](const Address& from, const Address& to, Bytes bytes) {
    const auto request = stun::MessageView::parse(bytes);
    if (from != at("192.0.2.2:2000") || request->messageClass() != stun::Class::request) return;
    const Packet answer = stun::MessageBuilder(net.pool.take(), stun::Class::success,
                                               stun::Method::binding, request->transaction())
                              .addXorAddress(stun::Attribute::xorMappedAddress, from)
                              .finish(stun::Integrity::sha1, bytesOf(theirs.password));
    net.send(to, from, answer.bytes());
  };
  Step step = net.step();
  right.agent.setRemoteCredentials(step, kTransport, theirs);
  const std::array<std::uint32_t, 3> priorities{1'000, 3'000, 2'000};
  for (std::size_t i = 0; i < sources.size(); ++i) {
    Step now = net.step();
    RequestBody body;
    body.id = stun::newTransactionId(net.secrets);
    body.useCandidate = true;
    body.priority = priorities[i];
    const Packet request = writeRequest(now, body, theirs, right.credentials);
    net.inject(sources[i], at("192.0.2.2:2000"), request.bytes());
    net.runFor(50ms);
  }
  net.runFor(500ms);
  EXPECT_EQ(right.selectedRemote(), sources[1]);
}

}  // namespace
}  // namespace parley::ice
