#include "jsep/negotiation.h"

#include <gtest/gtest.h>

#include "jsep/test_peer.h"

namespace parley::jsep {
namespace {

using namespace test;
using enum SignalingState;

struct Pair : testing::Test {
  Pair() { alice.negotiation.needDataChannels(); }

  Peer alice{'a'};
  Peer bob{'b', {.sessionId = 5}};
};

TEST_F(Pair, AnOfferHasWhatJsepAsksFor) {
  const sdp::SessionDescription offer = parsed(alice.offer());
  EXPECT_EQ(offer.origin.sessionId, 77u);
  EXPECT_EQ(offer.origin.address, "0.0.0.0");
  EXPECT_EQ(offer.name, "-");
  EXPECT_EQ(offer.timings, std::vector<std::string>{"0 0"});
  EXPECT_TRUE(offer.hasIceOption("trickle"));
  EXPECT_TRUE(offer.hasIceOption("ice2"));
  EXPECT_EQ(offer.groups, (std::vector<sdp::Group>{{"BUNDLE", {"0"}}}));
  ASSERT_EQ(offer.media.size(), 1u);
  const sdp::MediaDescription& data = offer.media[0];
  EXPECT_EQ(data.protocol, "UDP/DTLS/SCTP");
  EXPECT_EQ(data.formats, std::vector<std::string>{"webrtc-datachannel"});
  EXPECT_EQ(data.port, 9);
  EXPECT_EQ(data.mid, "0");
  EXPECT_EQ(data.iceUfrag, "a1001");
  EXPECT_EQ(data.setup, sdp::Setup::actpass);
  EXPECT_EQ(data.fingerprints, std::vector{fingerprint('a')});
  EXPECT_EQ(data.sctpPort, 5000);
  EXPECT_EQ(data.maxMessageSize, 262'144u);
}

TEST(Negotiation, KeepsTheSessionIdBelowSixtyThreeBits) {
  Peer peer('p', {.sessionId = ~std::uint64_t{0}});
  EXPECT_EQ(parsed(peer.offer()).origin.sessionId, (std::uint64_t{1} << 62) - 1);
}

TEST(Negotiation, OffersNothingWhenNothingIsNeeded) {
  Peer peer('p');
  const sdp::SessionDescription offer = parsed(peer.offer());
  EXPECT_TRUE(offer.media.empty());
  EXPECT_TRUE(offer.groups.empty());
  EXPECT_EQ(only<OpenTransport>(peer.setLocal(SdpType::offer)).size(), 0u);
}

TEST_F(Pair, OneRoundOpensBothSidesInOrder) {
  const Exchange done = exchange(alice, bob);

  ASSERT_EQ(done.offererOnOffer.size(), 2u);
  const OpenTransport opened = only<OpenTransport>(done.offererOnOffer).at(0);
  EXPECT_TRUE(opened.controlling);
  EXPECT_EQ(opened.local, (Credentials{"a1001", std::string(18, 'a') + "1001"}));
  EXPECT_EQ(opened.line, (MediaLine{"0", 0}));
  EXPECT_EQ(only<StateChanged>(done.offererOnOffer).at(0).state, haveLocalOffer);

  ASSERT_EQ(done.answererOnOffer.size(), 1u);
  EXPECT_EQ(only<StateChanged>(done.answererOnOffer).at(0).state, haveRemoteOffer);

  ASSERT_EQ(done.answererOnAnswer.size(), 5u);
  EXPECT_FALSE(std::get<OpenTransport>(done.answererOnAnswer[0]).controlling);
  const auto& ice = std::get<SetRemoteIce>(done.answererOnAnswer[1]);
  EXPECT_EQ(ice.remote.ufrag, "a1001");
  EXPECT_FALSE(ice.controlling);
  EXPECT_FALSE(ice.restart);
  EXPECT_TRUE(ice.trickle);
  const auto& dtls = std::get<StartDtls>(done.answererOnAnswer[2]);
  EXPECT_EQ(dtls.role, DtlsRole::client);
  EXPECT_EQ(dtls.fingerprints, std::vector{fingerprint('a')});
  const auto& sctp = std::get<StartSctp>(done.answererOnAnswer[3]);
  EXPECT_EQ(sctp.maxMessageSize, 262'144u);
  EXPECT_EQ(sctp.remotePort, 5000);
  EXPECT_EQ(std::get<StateChanged>(done.answererOnAnswer[4]).state, stable);

  ASSERT_EQ(done.offererOnAnswer.size(), 4u);
  EXPECT_TRUE(std::get<SetRemoteIce>(done.offererOnAnswer[0]).controlling);
  EXPECT_EQ(std::get<StartDtls>(done.offererOnAnswer[1]).role, DtlsRole::server);
  EXPECT_EQ(std::get<StartSctp>(done.offererOnAnswer[2]).role, DtlsRole::server);
  EXPECT_EQ(std::get<StateChanged>(done.offererOnAnswer[3]).state, stable);
}

TEST_F(Pair, DescriptionsMoveFromPendingToCurrent) {
  const std::string offer = alice.offer();
  EXPECT_EQ(alice.negotiation.local(), nullptr);
  alice.setLocal(SdpType::offer);
  EXPECT_TRUE(alice.negotiation.pendingLocal());
  EXPECT_FALSE(alice.negotiation.currentLocal());
  bob.setRemote(SdpType::offer, offer);
  EXPECT_EQ(bob.negotiation.pendingRemote()->sdp, parsed(offer));
  const std::string answer = bob.answer();
  bob.setLocal(SdpType::pranswer);
  EXPECT_EQ(bob.negotiation.pendingLocal()->type, SdpType::pranswer);
  EXPECT_FALSE(bob.negotiation.currentRemote());
  bob.setLocal(SdpType::answer);
  EXPECT_EQ(bob.negotiation.currentLocal()->type, SdpType::answer);
  EXPECT_EQ(bob.negotiation.currentRemote()->type, SdpType::offer);
  EXPECT_FALSE(bob.negotiation.pendingLocal());
  EXPECT_FALSE(bob.negotiation.pendingRemote());
  alice.setRemote(SdpType::answer, answer);
  EXPECT_EQ(alice.negotiation.currentLocal()->sdp, parsed(offer));
  EXPECT_EQ(alice.negotiation.currentRemote()->sdp, parsed(answer));
}

TEST_F(Pair, AnOfferThatChangesNothingIsTheSameText) {
  const std::string first = alice.offer();
  EXPECT_EQ(alice.offer(), first);
  exchange(alice, bob);
  const std::string second = alice.offer();
  EXPECT_EQ(second, first);
  const Exchange again = exchange(alice, bob);
  for (const Effects& effects :
       {again.offererOnOffer, again.offererOnAnswer, again.answererOnOffer, again.answererOnAnswer})
    EXPECT_EQ(effects.size(), only<StateChanged>(effects).size());
  const Exchange third = exchange(alice, bob);
  EXPECT_EQ(third.answer, again.answer);
}

TEST_F(Pair, TheVersionCountsDifferentDescriptions) {
  Peer empty('e');
  EXPECT_EQ(parsed(empty.offer()).origin.sessionVersion, 0u);
  EXPECT_EQ(parsed(empty.offer()).origin.sessionVersion, 0u);
  empty.negotiation.needDataChannels();
  EXPECT_EQ(parsed(empty.offer()).origin.sessionVersion, 1u);
  empty.setLocal(SdpType::offer);
  empty.setLocal(SdpType::rollback);
  // RFC 9429 5.2.2: other credentials now, and not the number of the one rolled back.
  EXPECT_EQ(parsed(empty.offer()).origin.sessionVersion, 2u);
}

TEST_F(Pair, RolesStayWhenTheOtherSideOffers) {
  exchange(alice, bob);  // bob is the client
  const Exchange back = exchange(bob, alice);
  EXPECT_TRUE(contains(back.offer, "a=setup:actpass"));
  EXPECT_TRUE(contains(back.answer, "a=setup:passive"));
  EXPECT_TRUE(only<StartDtls>(back.offererOnAnswer).empty());
  EXPECT_TRUE(only<SetRemoteIce>(back.offererOnAnswer).empty());
}

TEST_F(Pair, AnIceRestartGivesBothSidesNewCredentials) {
  exchange(alice, bob);
  const Exchange restart = exchange(alice, bob, {.iceRestart = true});
  const RestartIce offered = only<RestartIce>(restart.offererOnOffer).at(0);
  EXPECT_NE(offered.local.ufrag, "a1001");
  const RestartIce answered = only<RestartIce>(restart.answererOnAnswer).at(0);
  const SetRemoteIce atBob = only<SetRemoteIce>(restart.answererOnAnswer).at(0);
  EXPECT_TRUE(atBob.restart);
  EXPECT_EQ(atBob.remote, offered.local);
  const SetRemoteIce atAlice = only<SetRemoteIce>(restart.offererOnAnswer).at(0);
  EXPECT_TRUE(atAlice.restart);
  EXPECT_EQ(atAlice.remote, answered.local);
  EXPECT_TRUE(only<StartDtls>(restart.offererOnAnswer).empty());
  EXPECT_TRUE(only<StartSctp>(restart.offererOnAnswer).empty());
  EXPECT_TRUE(only<OpenTransport>(restart.offererOnOffer).empty());
}

TEST_F(Pair, RestartIceWaitsForAnOfferOfOurs) {
  exchange(alice, bob);
  EXPECT_FALSE(bob.negotiation.isNeeded());
  bob.negotiation.restartIce();
  EXPECT_TRUE(bob.negotiation.isNeeded());
  EXPECT_TRUE(only<RestartIce>(exchange(alice, bob).answererOnAnswer).empty());
  EXPECT_TRUE(bob.negotiation.isNeeded());
  EXPECT_EQ(only<RestartIce>(exchange(bob, alice).offererOnOffer).size(), 1u);
  EXPECT_FALSE(bob.negotiation.isNeeded());
}

TEST_F(Pair, ARestartAskedByTheOtherSideAlsoSatisfiesRestartIce) {
  exchange(alice, bob);
  bob.negotiation.restartIce();
  exchange(alice, bob, {.iceRestart = true});
  EXPECT_FALSE(bob.negotiation.isNeeded());
}

TEST_F(Pair, NegotiationIsNeededUntilDataIsAgreed) {
  EXPECT_TRUE(alice.negotiation.isNeeded());
  EXPECT_FALSE(bob.negotiation.isNeeded());
  EXPECT_FALSE(alice.negotiation.hasDataSection());
  exchange(alice, bob);
  EXPECT_FALSE(alice.negotiation.isNeeded());
  EXPECT_TRUE(alice.negotiation.hasDataSection());
  bob.negotiation.needDataChannels();
  EXPECT_FALSE(bob.negotiation.isNeeded());
}

TEST_F(Pair, DataNeededWhileAnEmptyOfferIsOpenIsOfferedLater) {
  Peer carol('c');
  carol.offer();
  carol.setLocal(SdpType::offer);
  carol.negotiation.needDataChannels();
  bob.setRemote(SdpType::offer, carol.negotiation.local()->sdp.serialize());
  const std::string answer = bob.answer();
  bob.setLocal(SdpType::answer);
  carol.setRemote(SdpType::answer, answer);
  EXPECT_TRUE(carol.negotiation.isNeeded());
  EXPECT_EQ(only<StartSctp>(exchange(carol, bob).offererOnAnswer).size(), 1u);
}

TEST_F(Pair, ALocalRollbackClosesWhatTheOfferOpened) {
  alice.offer();
  const TransportId opened = only<OpenTransport>(alice.setLocal(SdpType::offer)).at(0).transport;
  const Effects effects = alice.setLocal(SdpType::rollback);
  ASSERT_EQ(effects.size(), 2u);
  EXPECT_EQ(std::get<CloseTransport>(effects[0]).transport, opened);
  EXPECT_EQ(alice.state(), stable);
  EXPECT_EQ(alice.negotiation.local(), nullptr);
  EXPECT_TRUE(alice.negotiation.isNeeded());
  EXPECT_EQ(only<StartSctp>(exchange(alice, bob).offererOnAnswer).size(), 1u);
}

TEST_F(Pair, ALocalRollbackForgetsARestart) {
  exchange(alice, bob);
  alice.offer({.iceRestart = true});
  alice.setLocal(SdpType::offer);
  alice.offer({.iceRestart = true});
  alice.setLocal(SdpType::offer);  // twice, and still the first ones come back
  const Effects effects = alice.setLocal(SdpType::rollback);
  EXPECT_EQ(only<CancelIceRestart>(effects).at(0).local.ufrag, "a1001");
  EXPECT_TRUE(only<CloseTransport>(effects).empty());
  EXPECT_EQ(parsed(alice.offer()).media[0].iceUfrag, "a1001");
}

TEST_F(Pair, ARemoteRollbackLeavesNoTrace) {
  bob.setRemote(SdpType::offer, alice.offer());
  const Effects effects = bob.setRemote(SdpType::rollback);
  ASSERT_EQ(effects.size(), 1u);
  EXPECT_EQ(std::get<StateChanged>(effects[0]).state, stable);
  EXPECT_EQ(bob.negotiation.remote(), nullptr);
  EXPECT_TRUE(parsed(bob.offer()).media.empty());
}

TEST_F(Pair, TheirOfferRollsOursBack) {
  bob.negotiation.needDataChannels();
  bob.offer();
  bob.setLocal(SdpType::offer);
  const Effects effects = bob.setRemote(SdpType::offer, alice.offer());
  ASSERT_EQ(effects.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<CloseTransport>(effects[0]));
  EXPECT_EQ(std::get<StateChanged>(effects[1]).state, stable);
  EXPECT_EQ(std::get<StateChanged>(effects[2]).state, haveRemoteOffer);
  bob.answer();
  EXPECT_EQ(only<OpenTransport>(bob.setLocal(SdpType::answer)).size(), 1u);
}

TEST_F(Pair, ABadOfferDoesNotRollOursBack) {
  bob.negotiation.needDataChannels();
  bob.offer();
  bob.setLocal(SdpType::offer);
  EXPECT_EQ(bob.refusedRemote(SdpType::offer, "v=0\r\nno\r\n"),
            "OperationError: not a line of SDP");
  EXPECT_EQ(bob.state(), haveLocalOffer);
  EXPECT_EQ(bob.negotiation.setRemote(SdpType::offer, "v=0\r\nx=\r\n").error().line, 2u);
}

TEST_F(Pair, ProvisionalAnswersConnectAndTheFinalOneAddsNothing) {
  const std::string offer = alice.offer();
  alice.setLocal(SdpType::offer);
  bob.setRemote(SdpType::offer, offer);
  const std::string answer = bob.answer();
  EXPECT_EQ(only<StartDtls>(bob.setLocal(SdpType::pranswer, answer)).size(), 1u);
  EXPECT_EQ(bob.state(), haveLocalPranswer);
  EXPECT_EQ(bob.setLocal(SdpType::pranswer, answer).size(), 0u);
  EXPECT_EQ(bob.setLocal(SdpType::answer, bob.answer()).size(), 1u);
  EXPECT_EQ(only<StartSctp>(alice.setRemote(SdpType::pranswer, answer)).size(), 1u);
  EXPECT_EQ(alice.state(), haveRemotePranswer);
  EXPECT_EQ(alice.setRemote(SdpType::answer, answer).size(), 1u);
  EXPECT_EQ(alice.state(), stable);
}

TEST_F(Pair, AProvisionalRefusalBindsNobody) {
  const std::string offer = alice.offer();
  alice.setLocal(SdpType::offer);
  bob.setRemote(SdpType::offer, offer);
  const std::string answer = bob.answer();
  const std::string refusal =
      "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n";
  EXPECT_EQ(alice.setRemote(SdpType::pranswer, refusal).size(), 1u);
  EXPECT_EQ(only<StartSctp>(alice.setRemote(SdpType::answer, answer)).size(), 1u);
}

TEST_F(Pair, ARefusedDataSectionStopsAndCloses) {
  const std::string offer = alice.offer();
  const TransportId opened = only<OpenTransport>(alice.setLocal(SdpType::offer)).at(0).transport;
  const Effects effects =
      alice.setRemote(SdpType::answer,
                      "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
                      "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n");
  EXPECT_EQ(only<StopSctp>(effects).size(), 1u);
  EXPECT_EQ(only<CloseTransport>(effects).at(0).transport, opened);
  EXPECT_FALSE(alice.negotiation.isNeeded());  // or it would be asked for ever
  EXPECT_FALSE(alice.negotiation.hasDataSection());

  // The line stays, and says so.
  const sdp::SessionDescription quiet = parsed(alice.offer());
  ASSERT_EQ(quiet.media.size(), 1u);
  EXPECT_EQ(quiet.media[0].port, 0);
  EXPECT_EQ(quiet.media[0].mid, "0");
  EXPECT_TRUE(quiet.groups.empty());

  // RFC 9429 5.2.2: used again, under another name.
  alice.negotiation.needDataChannels();
  const sdp::SessionDescription again = parsed(alice.offer());
  ASSERT_EQ(again.media.size(), 1u);
  EXPECT_EQ(again.media[0].port, 9);
  EXPECT_EQ(again.media[0].mid, "1");
  const Effects reopened = alice.setLocal(SdpType::offer);
  EXPECT_NE(only<OpenTransport>(reopened).at(0).transport, opened);
}

TEST_F(Pair, ADataSectionTheyTurnOffIsClosed) {
  exchange(alice, bob);
  std::string offer = alice.offer();
  offer = with(offer, "m=application 9", "m=application 0");
  offer = with(offer, "a=group:BUNDLE 0\r\n", "");
  bob.setRemote(SdpType::offer, offer);
  const std::string answer = bob.answer();
  EXPECT_EQ(parsed(answer).media.at(0).port, 0);
  const Effects effects = bob.setLocal(SdpType::answer);
  EXPECT_EQ(only<StopSctp>(effects).size(), 1u);
  EXPECT_EQ(only<CloseTransport>(effects).size(), 1u);
  EXPECT_FALSE(bob.negotiation.hasDataSection());
}

TEST_F(Pair, MaximumMessageSizes) {
  const std::string offer = alice.offer();
  alice.setLocal(SdpType::offer);
  bob.setRemote(SdpType::offer, with(offer, "a=max-message-size:262144\r\n", ""));
  bob.answer();
  EXPECT_EQ(only<StartSctp>(bob.setLocal(SdpType::answer)).at(0).maxMessageSize, 65'536u);
  bob.setRemote(SdpType::offer, with(offer, "a=max-message-size:262144", "a=max-message-size:0"));
  bob.answer();
  EXPECT_EQ(only<SetMaxMessageSize>(bob.setLocal(SdpType::answer)).at(0).maxMessageSize, 0u);
}

TEST_F(Pair, TheFormOfLocalDescriptionsMayVaryButNotTheirMeaning) {
  EXPECT_EQ(alice.refusedLocal(SdpType::offer),
            "InvalidModificationError: not the description that was created last");
  std::string offer = alice.offer();
  EXPECT_TRUE(alice.refusedLocal(SdpType::offer, with(offer, "a=sctp-port:5000", "a=sctp-port:1"))
                  .starts_with("InvalidModificationError"));
  EXPECT_TRUE(alice.refusedLocal(SdpType::offer, with(offer, "ice-ufrag:a", "ice-ufrag:z"))
                  .starts_with("InvalidModificationError"));
  EXPECT_TRUE(alice.refusedLocal(SdpType::offer, "nonsense").starts_with("InvalidModification"));
  EXPECT_TRUE(alice.refusedLocal(SdpType::answer, offer).starts_with("InvalidModification"));
  std::erase(offer, '\r');
  EXPECT_EQ(alice.refusedLocal(SdpType::offer, offer), "fine");
}

TEST_F(Pair, EveryCallInTheWrongStateIsRefusedAndChangesNothing) {
  EXPECT_EQ(alice.negotiation.createAnswer(alice.secrets()).error().kind,
            FailureKind::invalidState);
  EXPECT_TRUE(alice.refusedLocal(SdpType::rollback).starts_with("InvalidStateError"));
  EXPECT_TRUE(alice.refusedRemote(SdpType::rollback).starts_with("InvalidStateError"));
  EXPECT_TRUE(alice.refusedRemote(SdpType::answer, mediaOffer()).starts_with("InvalidState"));
  const std::string offer = alice.offer();
  bob.setRemote(SdpType::offer, offer);
  EXPECT_EQ(bob.negotiation.createOffer({}, bob.secrets()).error().kind, FailureKind::invalidState);
  EXPECT_TRUE(bob.refusedLocal(SdpType::rollback).starts_with("InvalidStateError"));
  bob.answer();
  bob.setLocal(SdpType::pranswer);
  EXPECT_TRUE(bob.refusedLocal(SdpType::rollback).starts_with("InvalidStateError"));
  EXPECT_TRUE(bob.refusedRemote(SdpType::offer, offer).starts_with("InvalidStateError"));
  EXPECT_EQ(bob.state(), haveLocalPranswer);
}

TEST_F(Pair, NothingWorksAfterClose) {
  const std::string offer = alice.offer();
  alice.negotiation.close();
  EXPECT_EQ(alice.state(), closed);
  EXPECT_TRUE(alice.refusedLocal(SdpType::offer, offer).starts_with("InvalidStateError"));
  EXPECT_TRUE(alice.refusedRemote(SdpType::offer, offer).starts_with("InvalidStateError"));
  EXPECT_FALSE(alice.negotiation.createOffer({}, alice.secrets()));
  EXPECT_FALSE(alice.negotiation.addRemoteCandidate({}));
  EXPECT_FALSE(alice.negotiation.isNeeded());
}

TEST_F(Pair, OwnersWithBadSecretsAreRefused) {
  LocalParameters secrets = alice.secrets();
  secrets.fresh.ufrag = "a\r\na=x";
  EXPECT_EQ(alice.negotiation.createOffer({}, secrets).error().kind, FailureKind::operation);
  secrets = alice.secrets();
  secrets.fresh.password = "short";
  EXPECT_FALSE(alice.negotiation.createOffer({}, secrets));
  secrets = alice.secrets();
  secrets.fingerprints.clear();
  EXPECT_FALSE(alice.negotiation.createOffer({}, secrets));
}

TEST_F(Pair, TlsIdsGoBothWaysOrNot) {
  alice.tlsId = std::string(20, 'A');
  bob.tlsId = std::string(20, 'B');
  const Exchange done = exchange(alice, bob);
  EXPECT_EQ(only<StartDtls>(done.answererOnAnswer).at(0).remoteTlsId, alice.tlsId);
  EXPECT_EQ(only<StartDtls>(done.offererOnAnswer).at(0).remoteTlsId, bob.tlsId);
  alice.tlsId = std::string(20, 'C');
  EXPECT_EQ(exchange(alice, bob).offer, done.offer);

  Peer plain('p'), carol('c');
  plain.negotiation.needDataChannels();
  carol.tlsId = std::string(20, 'D');
  EXPECT_FALSE(contains(exchange(plain, carol).answer, "tls-id"));
}

TEST_F(Pair, SnapNeedsBothSides) {
  alice.sctpInit = "AQAA";
  EXPECT_EQ(only<StartSctp>(exchange(alice, bob).offererOnAnswer).at(0).localInit, "");
  Peer carol('c'), dave('d');
  carol.negotiation.needDataChannels();
  carol.sctpInit = "AQAA";
  dave.sctpInit = "BQBB";
  const Exchange done = exchange(carol, dave);
  EXPECT_EQ(only<StartSctp>(done.offererOnAnswer).at(0).localInit, "AQAA");
  EXPECT_EQ(only<StartSctp>(done.offererOnAnswer).at(0).remoteInit, "BQBB");
  EXPECT_EQ(only<StartSctp>(done.answererOnAnswer).at(0).remoteInit, "AQAA");
  EXPECT_FALSE(contains(carol.offer(), "sctp-init"));
}

TEST_F(Pair, RenominationNeedsBothSides) {
  Peer carol('c', {.sessionId = 1, .iceRenomination = true});
  Peer dave('d', {.sessionId = 1, .iceRenomination = true});
  carol.negotiation.needDataChannels();
  EXPECT_FALSE(only<SetRemoteIce>(exchange(carol, bob).answererOnAnswer).at(0).renomination);
  Peer erin('e', {.sessionId = 1, .iceRenomination = true});
  erin.negotiation.needDataChannels();
  const Exchange done = exchange(erin, dave);
  EXPECT_TRUE(only<SetRemoteIce>(done.offererOnAnswer).at(0).renomination);
  EXPECT_TRUE(only<SetRemoteIce>(done.answererOnAnswer).at(0).renomination);
}

TEST_F(Pair, ALiteAgentIsControlled) {
  const std::string offer = with(alice.offer(), "t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n");
  bob.setRemote(SdpType::offer, offer);
  bob.answer();
  const SetRemoteIce ice = only<SetRemoteIce>(bob.setLocal(SdpType::answer)).at(0);
  EXPECT_TRUE(ice.lite);
  EXPECT_TRUE(ice.controlling);
}

TEST_F(Pair, CanTrickleFollowsTheirOptions) {
  EXPECT_EQ(bob.negotiation.canTrickle(), std::nullopt);
  bob.setRemote(SdpType::offer, alice.offer());
  EXPECT_EQ(bob.negotiation.canTrickle(), true);
  bob.setRemote(SdpType::offer, with(alice.offer(), "a=ice-options:trickle ice2\r\n", ""));
  EXPECT_EQ(bob.negotiation.canTrickle(), false);
  EXPECT_FALSE(contains(bob.answer(), "ice-options"));
}

}  // namespace
}  // namespace parley::jsep
