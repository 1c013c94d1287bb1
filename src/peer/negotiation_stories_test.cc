// Negotiations of more than one exchange: provisional answers, refusals, glare, restarts that are
// taken back, and what addIceCandidate says to what it gets.

#include <gmock/gmock.h>

#include "peer/negotiator.h"
#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::negotiate;
using testing::TestPeer;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

struct StoriesTest : ::testing::Test {
  std::string setRemote(TestPeer& peer, RTCSdpType type, std::string sdp) {
    return peer.settle(peer.pc->setRemoteDescription({type, std::move(sdp)})).text();
  }
  std::string setLocal(TestPeer& peer, RTCSdpType type, std::string sdp = "") {
    return peer.settle(peer.pc->setLocalDescription(RTCSessionDescription{type, sdp})).text();
  }
  static std::string localSdp(TestPeer& peer) { return peer.pc->localDescription()->sdp; }
  void offer(TestPeer& from, TestPeer& to) {
    from.settle(from.pc->setLocalDescription());
    EXPECT_EQ(setRemote(to, RTCSdpType::offer, localSdp(from)), "fulfilled");
  }
  TestPeer a{1}, b{2};
};

// --- provisional answers

TEST_F(StoriesTest, AProvisionalAnswerConnectsAndTheFinalOneSettles) {
  a.makeChannel("x");
  offer(a, b);
  a.takeLog();
  b.takeLog();
  EXPECT_EQ(setLocal(b, RTCSdpType::pranswer), "fulfilled");
  EXPECT_EQ(b.pc->signalingState(), RTCSignalingState::haveLocalPranswer);
  EXPECT_EQ(b.pc->pendingLocalDescription()->type, RTCSdpType::pranswer);
  EXPECT_EQ(setRemote(a, RTCSdpType::pranswer, localSdp(b)), "fulfilled");
  EXPECT_THAT(a.takeLog(), ElementsAre("signaling have-remote-pranswer"));
  EXPECT_EQ(a.pc->pendingRemoteDescription()->type, RTCSdpType::pranswer);
  EXPECT_FALSE(a.pc->currentRemoteDescription());
  EXPECT_EQ(a.engine().count<session::StartDtls>(), 1u);
  a.connect();
  a.takeLog();

  EXPECT_EQ(setLocal(b, RTCSdpType::answer), "fulfilled");
  EXPECT_EQ(setRemote(a, RTCSdpType::answer, localSdp(b)), "fulfilled");
  EXPECT_THAT(a.takeLog(), ElementsAre("signaling stable"));
  EXPECT_EQ(a.pc->currentRemoteDescription()->type, RTCSdpType::answer);
  EXPECT_EQ(a.pc->connectionState(), RTCPeerConnectionState::connected);
  EXPECT_EQ(a.engine().count<session::StartDtls>(), 1u);
  EXPECT_EQ(a.engine().count<session::CreateTransport>(), 1u);
}

TEST_F(StoriesTest, AProvisionalAnswerCannotBeRolledBackAndNeedsAnAnswer) {
  a.makeChannel("x");
  offer(a, b);
  setLocal(b, RTCSdpType::pranswer);
  setRemote(a, RTCSdpType::pranswer, localSdp(b));
  EXPECT_EQ(setLocal(b, RTCSdpType::rollback), "InvalidStateError");
  EXPECT_EQ(setRemote(b, RTCSdpType::rollback, ""), "InvalidStateError");
  EXPECT_EQ(setLocal(a, RTCSdpType::rollback), "InvalidStateError");
  EXPECT_EQ(setRemote(a, RTCSdpType::offer, localSdp(a)), "InvalidStateError");
  EXPECT_EQ(a.settle(a.pc->createOffer()).text(), "InvalidStateError");
  EXPECT_EQ(b.settle(b.pc->createAnswer()).text(), "fulfilled");
  EXPECT_EQ(a.pc->signalingState(), RTCSignalingState::haveRemotePranswer);
}

// --- a data section that is refused

TEST_F(StoriesTest, ARefusedDataSectionClosesItsChannelsAndMayBeOfferedAnew) {
  const auto x = a.makeChannel("x");
  offer(a, b);
  b.settle(b.pc->setLocalDescription());
  a.takeLog();
  const std::string refusal = replaced(localSdp(b), "m=application 9", "m=application 0");
  EXPECT_EQ(setRemote(a, RTCSdpType::answer, replaced(refusal, "a=group:BUNDLE 0\r\n", "")),
            "fulfilled");
  EXPECT_EQ(a.engine().count<session::StopSctp>(), 1u);
  EXPECT_EQ(a.engine().count<session::CloseTransport>(), 1u);
  EXPECT_EQ(a.engine().count<session::OpenChannel>(), 0u);
  EXPECT_EQ(x->readyState(), RTCDataChannelState::closed);
  EXPECT_FALSE(a.pc->sctp());
  EXPECT_EQ(a.log.front(), "signaling stable");
  EXPECT_THAT(a.log, ::testing::Contains("x close closed"));
  EXPECT_THAT(a.log, ::testing::Not(::testing::Contains("negotiationneeded")));
  a.takeLog();

  const auto y = a.makeChannel("y");
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("negotiationneeded"));
  TestPeer c(3);
  negotiate(a, c);
  EXPECT_TRUE(a.pc->sctp());
  EXPECT_EQ(a.engine().count<session::CreateTransport>(), 2u);
  EXPECT_EQ(a.engine().count<session::OpenChannel>(), 1u);
  a.connect();
  EXPECT_EQ(y->readyState(), RTCDataChannelState::open);
  EXPECT_EQ(a.pc->connectionState(), RTCPeerConnectionState::connected);
}

// Both the end of the first and the start of the second are one answer.
TEST_F(StoriesTest, WhatEndsTheAssociationBeforeDoesNotReachTheNext) {
  a.makeChannel("x");
  offer(a, b);
  b.settle(b.pc->setLocalDescription());
  const std::string refusal = replaced(localSdp(b), "m=application 9", "m=application 0");
  setRemote(a, RTCSdpType::answer, replaced(refusal, "a=group:BUNDLE 0\r\n", ""));
  const auto y = a.makeChannel("y");
  TestPeer c(3);
  negotiate(a, c);
  a.connect();
  const std::uint32_t second = a.engine().last<session::StartSctp>().association;
  ASSERT_NE(second, 0u);
  a.sctpClosed(0);
  a.realm->run();
  EXPECT_EQ(y->readyState(), RTCDataChannelState::open);
  a.sctpClosed(second);
  a.realm->run();
  EXPECT_EQ(y->readyState(), RTCDataChannelState::closed);
}

TEST_F(StoriesTest, ADataSectionTurnedOffLaterEndsTheAssociation) {
  a.makeChannel("x");
  negotiate(a, b);
  a.connect();
  b.connect();
  const auto sctp = b.pc->sctp();
  a.settle(a.pc->setLocalDescription());
  std::string offer = replaced(localSdp(a), "m=application 9", "m=application 0");
  b.takeLog();
  EXPECT_EQ(setRemote(b, RTCSdpType::offer, replaced(offer, "a=group:BUNDLE 0\r\n", "")),
            "fulfilled");
  EXPECT_EQ(b.engine().count<session::StopSctp>(), 0u);  // an offer ends nothing
  b.settle(b.pc->setLocalDescription());
  EXPECT_EQ(b.engine().count<session::StopSctp>(), 1u);
  EXPECT_EQ(sctp->state(), RTCSctpTransportState::closed);
  EXPECT_EQ(sctp->transport()->state(), RTCDtlsTransportState::closed);
  EXPECT_FALSE(b.pc->sctp());
  EXPECT_EQ(b.pc->connectionState(), RTCPeerConnectionState::new_);
}

// --- glare, as in the perfect negotiation of webrtc-pc 10.7

struct Negotiating {
  Negotiating(TestPeer& own, bool isPolite) : peer(own), polite(isPolite) {}
  bool receive(const RTCSessionDescription& description) {  // false: passed over
    const bool isColliding = description.type == RTCSdpType::offer &&
                             peer.pc->signalingState() != RTCSignalingState::stable;
    if (isColliding && !polite) return false;
    EXPECT_EQ(peer.settle(peer.pc->setRemoteDescription(description)).text(), "fulfilled");
    if (description.type == RTCSdpType::offer) {
      EXPECT_EQ(peer.settle(peer.pc->setLocalDescription()).text(), "fulfilled");
    }
    return true;
  }
  TestPeer& peer;
  bool polite;
};

TEST_F(StoriesTest, GlareEndsWithOneOfferAndAllChannelsOpen) {
  const auto x = a.makeChannel("x"), y = b.makeChannel("y");
  Negotiating polite(a, true), impolite(b, false);
  a.settle(a.pc->setLocalDescription());
  b.settle(b.pc->setLocalDescription());
  const auto fromA = *a.pc->localDescription(), fromB = *b.pc->localDescription();
  EXPECT_FALSE(impolite.receive(fromA));
  a.takeLog();
  EXPECT_TRUE(polite.receive(fromB));
  EXPECT_EQ(a.pc->signalingState(), RTCSignalingState::stable);
  EXPECT_TRUE(impolite.receive(*a.pc->localDescription()));
  EXPECT_EQ(b.pc->signalingState(), RTCSignalingState::stable);
  // What `a` wanted came with their offer: nothing more is needed.
  EXPECT_THAT(a.takeLog(), ::testing::Not(::testing::Contains("negotiationneeded")));
  EXPECT_EQ(a.engine().count<session::CloseTransport>(), 1u);  // of the offer that lost
  a.connect();
  b.connect();
  EXPECT_EQ(x->readyState(), RTCDataChannelState::open);
  EXPECT_EQ(y->readyState(), RTCDataChannelState::open);
  EXPECT_NE(*x->id() % 2, *y->id() % 2);
}

TEST_F(StoriesTest, GlareOfRestartsKeepsTheOneThatLostForLater) {
  a.makeChannel("x");
  negotiate(a, b);
  Negotiating polite(a, true), impolite(b, false);
  a.pc->restartIce();
  b.pc->restartIce();
  a.settle(a.pc->setLocalDescription());
  b.settle(b.pc->setLocalDescription());
  const std::string lost = a.ufrag();
  const auto fromB = *b.pc->localDescription();
  EXPECT_FALSE(impolite.receive(*a.pc->localDescription()));
  EXPECT_TRUE(polite.receive(fromB));
  EXPECT_TRUE(impolite.receive(*a.pc->localDescription()));
  EXPECT_EQ(a.engine().count<session::CancelIceRestart>(), 1u);
  EXPECT_EQ(a.engine().count<session::RestartIce>(), 2u);  // ours, then the one for their offer
  EXPECT_EQ(a.engine().last<session::RestartIce>().local,
            b.engine().last<session::SetRemoteIce>().remote);
  EXPECT_EQ(a.pc->signalingState(), RTCSignalingState::stable);
  a.takeLog();
  a.realm->run();
  EXPECT_THAT(a.takeLog(), IsEmpty());  // their restart replaced our credentials as well
}

// --- a restart that is taken back

TEST_F(StoriesTest, ARestartRolledBackRestoresParametersAndGathering) {
  a.makeChannel("x");
  negotiate(a, b);
  a.engine().tell(session::GatheringEnded{a.transport(), a.ufrag()});
  a.realm->run();
  const std::string before = a.ufrag();
  a.settle(a.pc->setLocalDescription(
      RTCSessionDescription{RTCSdpType::offer, a.settle(a.pc->createOffer({true})).value().sdp}));
  EXPECT_EQ(a.pc->iceGatheringState(), RTCIceGatheringState::gathering);
  const std::string cancelled = a.ufrag();
  EXPECT_NE(cancelled, before);
  a.takeLog();
  EXPECT_EQ(setLocal(a, RTCSdpType::rollback), "fulfilled");
  EXPECT_EQ(a.engine().count<session::CancelIceRestart>(), 1u);
  EXPECT_EQ(a.engine().count<session::RestartIce>(), 1u);  // nothing is gathered again
  EXPECT_EQ(a.ufrag(), before);
  EXPECT_THAT(a.takeLog(), ElementsAre("signaling stable", "gathering complete", "candidate null"));
  a.engine().tell(session::GatheringEnded{a.transport(), cancelled});
  a.realm->run();
  EXPECT_THAT(a.takeLog(), IsEmpty());
}

// --- addIceCandidate

TEST_F(StoriesTest, AddIceCandidateAnswersByTheTable) {
  struct Row {
    const char* name;
    std::string candidate;
    std::optional<std::string> mid;
    std::optional<std::uint16_t> index;
    std::optional<std::string> ufrag;
    const char* before;  // without a remote description
    const char* after;
  };
  const std::string good = "candidate:1 1 udp 1 192.0.2.7 5000 typ host";
  a.makeChannel("x");
  a.makeChannel("y");
  offer(a, b);
  const std::string theirs = a.ufrag();
  const Row rows[] = {
      {"mid", good, "0", {}, {}, "InvalidStateError", "fulfilled"},
      {"index", good, {}, 0, {}, "InvalidStateError", "fulfilled"},
      {"mid wins over index", good, "0", 9, {}, "InvalidStateError", "fulfilled"},
      {"ufrag", good, "0", {}, theirs, "InvalidStateError", "fulfilled"},
      {"neither", good, {}, {}, {}, "TypeError", "TypeError"},
      {"unknown mid", good, "9", {}, {}, "InvalidStateError", "OperationError"},
      {"unknown mid, good index", good, "9", 0, {}, "InvalidStateError", "OperationError"},
      {"index too large", good, {}, 1, {}, "InvalidStateError", "OperationError"},
      {"unknown ufrag", good, "0", {}, "none", "InvalidStateError", "OperationError"},
      {"nonsense", "candidate:1 1 udp", "0", {}, {}, "InvalidStateError", "OperationError"},
      {"other nonsense", "typ host", "0", {}, {}, "InvalidStateError", "OperationError"},
      {"end of all", "", {}, {}, {}, "InvalidStateError", "fulfilled"},
      {"end of a section", "", "0", {}, {}, "InvalidStateError", "fulfilled"},
      {"end of an unknown section", "", "9", {}, {}, "InvalidStateError", "OperationError"},
      {"end of an unknown generation", "", "0", {}, "none", "InvalidStateError", "OperationError"},
      {"old end", "candidate:", "0", {}, {}, "InvalidStateError", "fulfilled"},
      {"attribute", "a=" + good, "0", {}, {}, "InvalidStateError", "fulfilled"},
  };
  TestPeer fresh(3);
  for (const Row& row : rows) {
    const RTCIceCandidateInit init(row.candidate, row.mid, row.index, row.ufrag);
    EXPECT_EQ(fresh.settle(fresh.pc->addIceCandidate(init)).text(), row.before) << row.name;
    EXPECT_EQ(b.settle(b.pc->addIceCandidate(init)).text(), row.after) << row.name;
  }
}

TEST_F(StoriesTest, CandidatesThatComeBeforeTheAnswerAreNotLost) {
  a.makeChannel("x");
  offer(a, b);
  const RTCIceCandidateInit candidate("candidate:1 1 udp 1 192.0.2.7 5000 typ host", "0");
  EXPECT_EQ(b.settle(b.pc->addIceCandidate(candidate)).text(), "fulfilled");
  EXPECT_THAT(b.pc->pendingRemoteDescription()->sdp, ::testing::HasSubstr("192.0.2.7 5000"));
  EXPECT_FALSE(b.engine().isOpen);
  b.settle(b.pc->setLocalDescription());
  ASSERT_EQ(b.engine().count<session::AddRemoteCandidate>(), 1u);
  EXPECT_EQ(b.engine().last<session::AddRemoteCandidate>().candidate.address.port, 5'000);
}

}  // namespace
}  // namespace parley::peer
