#include "peer/transport_set.h"

#include <gmock/gmock.h>

#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using session::IceState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::negotiate;
using testing::TestPeer;

struct TransportSetTest : ::testing::Test {
  TransportSetTest() {
    a.makeChannel("x");
    negotiate(a, b);
    dtls = a.pc->sctp()->transport();
    ice = dtls->iceTransport();
    ice->onstatechange = [this](const Event&) {
      a.note("transport " + std::string(toString(ice->state())));
    };
    ice->onselectedcandidatepairchange = [this](const Event&) { a.note("pair"); };
    ice->ongatheringstatechange = [this](const Event&) {
      a.note("gatherer " + std::string(toString(ice->gatheringState())));
    };
    dtls->onstatechange = [this](const Event&) {
      a.note("dtls " + std::string(toString(dtls->state())));
    };
    dtls->onerror = [this](const RTCErrorEvent& event) {
      a.note("dtls error " + std::string(toString(event.error.errorDetail)));
    };
    a.pc->sctp()->onstatechange = [this](const Event&) {
      a.note("sctp " + std::string(toString(a.pc->sctp()->state())));
    };
    a.takeLog();
  }
  testing::Log run() {
    a.realm->run();
    return a.takeLog();
  }
  TestPeer a{1}, b{2};
  std::shared_ptr<RTCDtlsTransport> dtls;
  std::shared_ptr<RTCIceTransport> ice;
};

TEST_F(TransportSetTest, CandidatesGoIntoTheDescriptionAndTheEndComesLast) {
  a.engine().tell(session::CandidateFound{a.transport(), a.candidate()},
                  session::GatheringEnded{a.transport(), a.ufrag()});
  EXPECT_THAT(run(), ElementsAre("candidate", "candidate end", "gatherer complete",
                                 "gathering complete", "candidate null"));
  ASSERT_EQ(a.candidates.size(), 2u);
  EXPECT_EQ(a.candidates[0].address(), "192.0.2.1");
  EXPECT_EQ(a.candidates[0].sdpMid(), "0");
  EXPECT_EQ(a.candidates[0].sdpMLineIndex(), 0);
  EXPECT_EQ(a.candidates[1].usernameFragment(), a.ufrag());
  EXPECT_EQ(ice->getLocalCandidates().size(), 1u);
  EXPECT_THAT(a.pc->localDescription()->sdp, ::testing::HasSubstr("192.0.2.1 5000 typ host"));
  EXPECT_THAT(a.pc->localDescription()->sdp, ::testing::HasSubstr("a=end-of-candidates"));
}

TEST_F(TransportSetTest, CandidatesOfAGenerationThatIsGoneAreNotTold) {
  auto stale = a.candidate();
  stale.usernameFragment = "gone";
  a.engine().tell(session::CandidateFound{a.transport(), stale},
                  session::GatheringEnded{a.transport(), "gone"});
  EXPECT_THAT(run(), IsEmpty());
  EXPECT_EQ(a.pc->iceGatheringState(), RTCIceGatheringState::gathering);
}

TEST_F(TransportSetTest, ConnectingFiresInTheOrderOfW3C) {
  a.ice(IceState::checking);
  EXPECT_EQ(a.pc->iceConnectionState(), RTCIceConnectionState::new_);  // only tasks change it
  EXPECT_THAT(run(), ElementsAre("transport checking", "ice checking", "connection connecting"));
  a.engine().tell(session::PairSelected{a.transport(), a.candidate(), a.candidate(6'000)},
                  session::IceStateChanged{a.transport(), IceState::connected});
  EXPECT_THAT(run(), ElementsAre("pair", "transport connected", "ice connected"));
  a.dtls(session::DtlsState::connecting);
  EXPECT_THAT(run(), ElementsAre("dtls connecting"));
  a.dtls(session::DtlsState::connected);
  EXPECT_THAT(run(), ElementsAre("dtls connected", "connection connected"));
  EXPECT_THAT(dtls->getRemoteCertificates(), ElementsAre(std::vector<std::uint8_t>{1, 2, 3}));
  a.sctpConnected();
  a.opened();
  EXPECT_THAT(run(), ElementsAre("sctp connected", "x open"));
  EXPECT_EQ(a.pc->sctp()->maxChannels(), 1'024);
  EXPECT_EQ(ice->getSelectedCandidatePair()->remote.port(), 6'000);
}

TEST_F(TransportSetTest, AllStatesOfOneTaskAreThereBeforeItsFirstEvent) {
  a.ice(IceState::checking);
  ice->onstatechange = [this](const Event&) {
    a.note(std::string(toString(a.pc->connectionState())));
    throw std::runtime_error("handler");
  };
  EXPECT_THAT(run(), ElementsAre("connecting", "ice checking", "connection connecting"));
  EXPECT_EQ(a.realm->thrown.size(), 1u);
}

TEST_F(TransportSetTest, ALostPathShowsAndComesBack) {
  a.connect();
  a.takeLog();
  a.ice(IceState::disconnected);
  EXPECT_THAT(run(),
              ElementsAre("transport disconnected", "ice disconnected", "connection disconnected"));
  a.ice(IceState::connected);
  EXPECT_THAT(run(), ElementsAre("transport connected", "ice connected", "connection connected"));
  a.ice(IceState::failed);
  EXPECT_THAT(run(), ElementsAre("transport failed", "ice failed", "connection failed"));
  a.ice(IceState::failed);
  EXPECT_THAT(run(), IsEmpty());
}

TEST_F(TransportSetTest, AFailedHandshakeTellsItsErrorFirst) {
  a.ice(IceState::connected);
  run();
  session::DtlsStateChanged failed{};
  failed.id = a.transport();
  failed.state = session::DtlsState::failed;
  failed.fingerprintMismatch = true;
  a.engine().tell(failed);
  EXPECT_THAT(run(),
              ElementsAre("dtls error fingerprint-failure", "dtls failed", "connection failed"));
}

TEST_F(TransportSetTest, AClosingPeerShowsOnTheDtlsTransport) {
  a.connect();
  a.takeLog();
  session::DtlsStateChanged closed{};
  closed.id = a.transport();
  closed.state = session::DtlsState::closed;
  closed.closedByPeer = true;
  session::SctpStateChanged ended{};
  ended.state = session::SctpState::closed;
  ended.closedByPeer = true;
  ended.causeCode = 12;
  const auto id = a.engine().last<session::OpenChannel>().id;
  channel::CloseError error{channel::CloseError::Why::associationFailed, "aborted", true, 12};
  a.engine().tell(ended, session::ChannelEvent{channel::Closed{id, error}}, closed);
  EXPECT_THAT(run(), ElementsAre("sctp closed", "x error sctp-failure 12", "x close closed",
                                 "dtls closed"));
  EXPECT_EQ(dtls->closeReason(), DtlsCloseReason::remote);
  EXPECT_EQ(a.pc->connectionState(), RTCPeerConnectionState::connected);  // webrtc-pc 4.3.3
}

TEST_F(TransportSetTest, ARoleConflictChangesTheRole) {
  EXPECT_EQ(ice->role(), RTCIceRole::controlling);
  a.engine().tell(session::IceRoleChanged{false});
  run();
  EXPECT_EQ(ice->role(), RTCIceRole::controlled);
}

TEST_F(TransportSetTest, TheParametersOfBothSidesAreThere) {
  EXPECT_EQ(ice->getLocalParameters()->password,
            b.pc->sctp()->transport()->iceTransport()->getRemoteParameters()->password);
  EXPECT_EQ(ice->component(), RTCIceComponent::rtp);
}

TEST(SctpTransport, TakesTheSmallerLimitUnlessOneIsUnlimited) {
  SctpTransport sctp(std::make_shared<DtlsTransport>());
  EXPECT_EQ(sctp.maxMessageSize(), 65'536);
  sctp.updateMaxMessageSize(1'000, 5'000);
  EXPECT_EQ(sctp.maxMessageSize(), 1'000);
  sctp.updateMaxMessageSize(9'000, 5'000);
  EXPECT_EQ(sctp.maxMessageSize(), 5'000);
  sctp.updateMaxMessageSize(0, 5'000);
  EXPECT_EQ(sctp.maxMessageSize(), 5'000);
  sctp.updateMaxMessageSize(0, 0);
  EXPECT_EQ(sctp.maxMessageSize(), std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace parley::peer
