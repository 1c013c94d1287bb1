#include "peer/negotiator.h"

#include <gmock/gmock.h>

#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::nameThrownBy;
using testing::negotiate;
using testing::TestPeer;

RTCSessionDescription answerOf(TestPeer& peer) { return *peer.pc->localDescription(); }

struct NegotiatorTest : ::testing::Test {
  TestPeer a{1}, b{2};
};

TEST_F(NegotiatorTest, NegotiationIsNeededOnceForTheFirstChannelOnly) {
  a.makeChannel("x");
  a.makeChannel("y");
  EXPECT_THAT(a.log, IsEmpty());  // a task, not the call
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("negotiationneeded"));
  a.makeChannel("z");
  a.realm->run();
  EXPECT_THAT(a.takeLog(), IsEmpty());
}

TEST_F(NegotiatorTest, NegotiationNeededWaitsForTheChain) {
  auto offer = a.pc->createOffer();
  a.makeChannel("x");
  a.realm->runOne();  // the offer is made, its promise settles
  EXPECT_THAT(a.takeLog(), IsEmpty());
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("negotiationneeded"));
}

TEST_F(NegotiatorTest, AnExchangeFiresItsEventsInOrder) {
  a.makeChannel("x");
  a.realm->run();
  a.takeLog();
  a.pc->setLocalDescription().then([this](Undefined) { a.note("set"); });
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("signaling have-local-offer", "set", "gathering gathering"));
  EXPECT_EQ(a.pc->pendingLocalDescription()->type, RTCSdpType::offer);
  EXPECT_FALSE(a.pc->currentLocalDescription());
  EXPECT_TRUE(a.pc->sctp());

  b.pc->setRemoteDescription(*a.pc->localDescription()).then([this](Undefined) { b.note("set"); });
  b.realm->run();
  EXPECT_THAT(b.takeLog(), ElementsAre("signaling have-remote-offer", "set"));
  EXPECT_TRUE(b.pc->sctp());  // the offer describes an association
  EXPECT_TRUE(b.pc->sctp()->transport()->iceTransport());
  const auto transport = b.pc->sctp()->transport();

  b.pc->setLocalDescription().then([this](Undefined) { b.note("set"); });
  b.realm->run();
  EXPECT_THAT(b.takeLog(), ElementsAre("signaling stable", "set", "gathering gathering"));
  EXPECT_EQ(b.pc->sctp()->transport(), transport);

  EXPECT_EQ(a.settle(a.pc->setRemoteDescription(answerOf(b))).text(), "fulfilled");
  EXPECT_THAT(a.takeLog(), ElementsAre("signaling stable"));
  EXPECT_EQ(a.pc->currentLocalDescription()->type, RTCSdpType::offer);
  EXPECT_EQ(a.pc->currentRemoteDescription()->type, RTCSdpType::answer);
  EXPECT_FALSE(a.pc->pendingLocalDescription());
}

TEST_F(NegotiatorTest, AnExchangeTellsTheEngineWhatToDo) {
  a.makeChannel("x");
  negotiate(a, b);
  for (TestPeer* peer : {&a, &b}) {
    const auto& engine = peer->engine();
    EXPECT_EQ(peer->realm->sessionsOpened, 1);
    EXPECT_EQ(engine.count<session::CreateTransport>(), 1u);
    EXPECT_EQ(engine.count<session::SetRemoteIce>(), 1u);
    EXPECT_EQ(engine.count<session::StartDtls>(), 1u);
    EXPECT_EQ(engine.count<session::StartSctp>(), 1u);
  }
  EXPECT_TRUE(a.engine().last<session::SetIceRole>().controlling);
  EXPECT_FALSE(b.engine().last<session::SetIceRole>().controlling);
  EXPECT_EQ(a.engine().last<session::CreateTransport>().local,
            b.engine().last<session::SetRemoteIce>().remote);
  const auto dtls = a.engine().last<session::StartDtls>();
  EXPECT_NE(dtls.client, b.engine().last<session::StartDtls>().client);
  ASSERT_EQ(dtls.fingerprints.size(), 1u);
  EXPECT_EQ(dtls.fingerprints[0], testing::FakeRealm::sharedIdentity()->fingerprint());
  EXPECT_EQ(a.engine().last<session::StartSctp>().messageMax, 262'144u);
  EXPECT_EQ(a.pc->sctp()->maxMessageSize(), 262'144);
}

TEST_F(NegotiatorTest, CreatingInTheWrongStateIsAnInvalidStateError) {
  EXPECT_EQ(a.settle(a.pc->createAnswer()).text(), "InvalidStateError");
  a.makeChannel("x");
  a.settle(a.pc->setLocalDescription());
  EXPECT_EQ(a.settle(a.pc->createOffer()).text(), "fulfilled");
  b.settle(b.pc->setRemoteDescription(*a.pc->localDescription()));
  EXPECT_EQ(b.settle(b.pc->createOffer()).text(), "InvalidStateError");
  EXPECT_EQ(b.settle(b.pc->createAnswer()).text(), "fulfilled");
}

TEST_F(NegotiatorTest, SettingFailsWithTheNamesOfW3C) {
  const auto local = [](TestPeer& peer, RTCSdpType type, std::string sdp = "") {
    return peer.settle(peer.pc->setLocalDescription(RTCSessionDescription{type, sdp})).text();
  };
  const auto remote = [](TestPeer& peer, RTCSdpType type, std::string sdp) {
    return peer.settle(peer.pc->setRemoteDescription({type, sdp})).text();
  };
  a.makeChannel("x");
  EXPECT_EQ(local(a, RTCSdpType::answer), "InvalidStateError");
  EXPECT_EQ(local(a, RTCSdpType::rollback), "InvalidStateError");
  EXPECT_EQ(remote(a, RTCSdpType::rollback, ""), "InvalidStateError");
  EXPECT_EQ(local(a, RTCSdpType::offer, "v=0\r\n"), "InvalidModificationError");
  const auto offer = a.settle(a.pc->createOffer()).value();
  EXPECT_EQ(remote(a, RTCSdpType::answer, offer.sdp), "InvalidStateError");
  EXPECT_EQ(a.pc->signalingState(), RTCSignalingState::stable);
  EXPECT_FALSE(a.pc->localDescription());
}

TEST_F(NegotiatorTest, ASyntaxErrorTellsItsLine) {
  const auto outcome = a.settle(a.pc->setRemoteDescription({RTCSdpType::offer, "v=0\r\nnonsense"}));
  EXPECT_EQ(outcome.text(), "OperationError");
  try {
    std::rethrow_exception(outcome.error());
  } catch (const RTCError& error) {
    EXPECT_EQ(error.errorDetail, RTCErrorDetailType::sdpSyntaxError);
    EXPECT_EQ(error.sdpLineNumber, 2);
  }
}

TEST_F(NegotiatorTest, SetLocalDescriptionUsesWhatWasCreatedLast) {
  a.makeChannel("x");
  const auto offer = a.settle(a.pc->createOffer()).value();
  a.settle(a.pc->setLocalDescription());
  EXPECT_EQ(a.pc->localDescription()->sdp, offer.sdp);
}

TEST_F(NegotiatorTest, SetLocalDescriptionMakesAnewWhatIsNoLongerSo) {
  const auto empty = a.settle(a.pc->createOffer()).value();
  a.makeChannel("x");
  a.settle(a.pc->setLocalDescription());
  EXPECT_NE(a.pc->localDescription()->sdp, empty.sdp);
  EXPECT_THAT(a.pc->localDescription()->sdp, ::testing::HasSubstr("m=application"));
}

TEST_F(NegotiatorTest, OperationsRunOneAfterTheOther) {
  a.makeChannel("x");
  a.realm->run();
  a.takeLog();
  a.pc->createOffer().then([this](const auto&) { a.note("created"); });
  a.pc->setLocalDescription().then([this](Undefined) { a.note("set"); });
  a.pc->setLocalDescription(RTCSessionDescription{RTCSdpType::rollback, ""})
      .then([this](Undefined) { a.note("rolled back"); });
  a.realm->run();
  EXPECT_EQ(a.log[0], "created");
  const auto at = [&](const char* text) { return std::ranges::find(a.log, text) - a.log.begin(); };
  EXPECT_LT(at("signaling have-local-offer"), at("set"));
  EXPECT_LT(at("set"), at("signaling stable"));
  EXPECT_LT(at("signaling stable"), at("rolled back"));
  EXPECT_FALSE(a.pc->sctp());  // [[LastStableStateSctpTransport]]
  EXPECT_EQ(a.engine().count<session::CloseTransport>(), 1u);
  EXPECT_EQ(a.log.back(), "negotiationneeded");  // still wanted
}

TEST_F(NegotiatorTest, ACollidingOfferRollsOursBackFirst) {
  a.makeChannel("x");
  b.makeChannel("y");
  a.settle(a.pc->setLocalDescription());
  b.settle(b.pc->setLocalDescription());
  b.takeLog();
  EXPECT_EQ(b.settle(b.pc->setRemoteDescription(*a.pc->localDescription())).text(), "fulfilled");
  std::erase(b.log, "gathering new");  // the transport that the rollback took away
  EXPECT_THAT(b.takeLog(), ElementsAre("signaling stable", "signaling have-remote-offer"));
  b.settle(b.pc->setLocalDescription());
  EXPECT_EQ(a.settle(a.pc->setRemoteDescription(answerOf(b))).text(), "fulfilled");
  EXPECT_EQ(a.pc->signalingState(), RTCSignalingState::stable);
}

TEST_F(NegotiatorTest, ABadCollidingOfferLeavesTheConnectionStable) {
  a.makeChannel("x");
  a.settle(a.pc->setLocalDescription());
  EXPECT_EQ(a.settle(a.pc->setRemoteDescription({RTCSdpType::offer, "bad"})).text(),
            "OperationError");
  EXPECT_EQ(a.pc->signalingState(), RTCSignalingState::stable);
}

TEST_F(NegotiatorTest, RollbackOfARemoteOfferForgetsItsTransport) {
  a.makeChannel("x");
  a.settle(a.pc->setLocalDescription());
  b.settle(b.pc->setRemoteDescription(*a.pc->localDescription()));
  ASSERT_TRUE(b.pc->sctp());
  EXPECT_EQ(b.settle(b.pc->setRemoteDescription({RTCSdpType::rollback, ""})).text(), "fulfilled");
  EXPECT_FALSE(b.pc->sctp());
  EXPECT_FALSE(b.pc->remoteDescription());
  EXPECT_FALSE(b.engine().isOpen);  // nothing was ever asked of an engine
}

TEST_F(NegotiatorTest, CandidatesNeedARemoteDescriptionAndAMediaLine) {
  RTCIceCandidateInit candidate;
  candidate.candidate = "candidate:1 1 udp 1 192.0.2.7 5000 typ host";
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(candidate)).text(), "TypeError");
  candidate.sdpMid = "0";
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(candidate)).text(), "InvalidStateError");
  EXPECT_EQ(a.settle(a.pc->addIceCandidate()).text(), "InvalidStateError");
  a.makeChannel("x");
  negotiate(a, b);
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(candidate)).text(), "fulfilled");
  EXPECT_EQ(a.engine().last<session::AddRemoteCandidate>().candidate.address.port, 5000);
  const auto ice = a.pc->sctp()->transport()->iceTransport();
  ASSERT_EQ(ice->getRemoteCandidates().size(), 1u);
  EXPECT_EQ(ice->getRemoteCandidates()[0].address(), "192.0.2.7");

  auto wrong = candidate;
  wrong.sdpMid = "nowhere";
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(wrong)).text(), "OperationError");
  wrong = candidate;
  wrong.sdpMid.reset();
  wrong.sdpMLineIndex = 9;
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(wrong)).text(), "OperationError");
  wrong = candidate;
  wrong.usernameFragment = "unknown";
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(wrong)).text(), "OperationError");
  wrong = candidate;
  wrong.candidate = "candidate:nonsense";
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(wrong)).text(), "OperationError");
  EXPECT_EQ(a.settle(a.pc->addIceCandidate()).text(), "fulfilled");
  EXPECT_EQ(a.engine().count<session::EndRemoteCandidates>(), 1u);
}

TEST_F(NegotiatorTest, ProhibitedCandidatesLookAddedButNeverReachTheEngine) {
  a.makeChannel("x");
  negotiate(a, b);
  RTCIceCandidateInit candidate;
  candidate.sdpMid = "0";
  candidate.candidate = "candidate:1 1 udp 1 192.0.2.7 25 typ host";
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(candidate)).text(), "fulfilled");
  EXPECT_EQ(a.engine().count<session::AddRemoteCandidate>(), 0u);
}

TEST_F(NegotiatorTest, RestartIceAsksForNegotiationAndNewCredentials) {
  a.makeChannel("x");
  negotiate(a, b);
  a.takeLog();
  const std::string before = a.ufrag();
  a.pc->restartIce();
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("negotiationneeded"));
  negotiate(a, b);
  EXPECT_NE(a.ufrag(), before);
  EXPECT_EQ(a.engine().count<session::RestartIce>(), 1u);
  EXPECT_EQ(a.engine().count<session::CreateTransport>(), 1u);
  EXPECT_EQ(b.engine().count<session::RestartIce>(), 1u);
  a.takeLog();
  a.realm->run();
  EXPECT_THAT(a.takeLog(), IsEmpty());
}

TEST_F(NegotiatorTest, OtherServersRestartAtTheNextOffer) {
  a.makeChannel("x");
  negotiate(a, b);
  const std::string before = a.ufrag();
  auto configuration = a.pc->getConfiguration();
  configuration.iceServers = {{{"stun:example.org"}, {}, {}}};
  a.pc->setConfiguration(configuration);
  negotiate(a, b);
  EXPECT_NE(a.ufrag(), before);
  const std::string restarted = a.ufrag();
  negotiate(a, b);
  EXPECT_EQ(a.ufrag(), restarted);
}

TEST_F(NegotiatorTest, TrickleIsKnownOnceThereIsARemoteDescription) {
  EXPECT_EQ(b.pc->canTrickleIceCandidates(), std::nullopt);
  a.makeChannel("x");
  a.settle(a.pc->setLocalDescription());
  b.settle(b.pc->setRemoteDescription(*a.pc->localDescription()));
  EXPECT_EQ(b.pc->canTrickleIceCandidates(), true);
}

}  // namespace
}  // namespace parley::peer
