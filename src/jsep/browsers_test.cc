#include <gtest/gtest.h>

#include <algorithm>

#include "jsep/bundle.h"
#include "jsep/negotiation.h"
#include "jsep/test_peer.h"
#include "jsep/validation.h"
#include "sdp/test_vectors.h"

// Descriptions that Chromium, Firefox, aiortc, GStreamer and Pion wrote.

namespace parley::jsep {
namespace {

using namespace test;

std::vector<std::string> scenarios() {
  std::vector<std::string> names;
  for (const auto& [name, text] : sdp::test::allVectors())
    if (name.ends_with("-offer")) names.push_back(name.substr(0, name.size() - 6));
  return names;
}

class Browsers : public testing::TestWithParam<std::string> {
 protected:
  std::string offer = sdp::test::readVector(GetParam() + "-offer");
  std::string answer = sdp::test::readVector(GetParam() + "-answer");
};

TEST_P(Browsers, TheirOfferIsAnsweredInKind) {
  const sdp::SessionDescription offered = parsed(offer);
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer);
  const std::string text = peer.answer();
  const sdp::SessionDescription answered = parsed(text);
  EXPECT_FALSE(checkAnswer(answered, offered)) << text;

  std::vector<std::string> accepted;
  for (std::size_t i = 0; i < offered.media.size(); ++i) {
    const sdp::MediaDescription& theirs = offered.media[i];
    const sdp::MediaDescription& ours = answered.media.at(i);
    EXPECT_EQ(ours.kind, theirs.kind);
    EXPECT_EQ(ours.protocol, theirs.protocol);
    EXPECT_EQ(ours.formats, theirs.formats);
    EXPECT_EQ(ours.mid, theirs.mid);
    EXPECT_FALSE(ours.bundleOnly);
    if (!theirs.isDataChannels()) {
      EXPECT_EQ(ours.port, 0);
      EXPECT_TRUE(ours.iceUfrag.empty());
      continue;
    }
    accepted.push_back(ours.mid);
    EXPECT_EQ(ours.port, 9);
    EXPECT_EQ(ours.setup, sdp::Setup::active);
    EXPECT_EQ(ours.sctpPort.has_value(), !theirs.isOldDataForm());
    EXPECT_EQ(ours.sctpMaps.size(), theirs.isOldDataForm() ? 1u : 0u);
    EXPECT_EQ(sctpPortOf(ours), 5000);
  }
  ASSERT_EQ(answered.groups.size(), accepted.empty() ? 0u : 1u);
  if (!accepted.empty()) {
    EXPECT_EQ(answered.groups[0].mids, accepted);
  }

  const Effects effects = peer.setLocal(SdpType::answer, text);
  EXPECT_EQ(only<OpenTransport>(effects).size(), accepted.size());
  EXPECT_EQ(only<StartDtls>(effects).size(), accepted.size());
  EXPECT_EQ(only<StartSctp>(effects).size(), accepted.size());
  EXPECT_EQ(peer.state(), SignalingState::stable);
}

TEST_P(Browsers, TheirAnswerBelongsToItsOffer) {
  const std::optional<Failure> failure = checkAnswer(parsed(answer), parsed(offer));
  EXPECT_FALSE(failure) << failure->message;
}

TEST_P(Browsers, TheirOfferMayComeAgainAndBeRolledBack) {
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer);
  const std::string first = peer.answer();
  peer.setLocal(SdpType::answer);
  const Effects again = peer.setRemote(SdpType::offer, offer);
  EXPECT_EQ(again.size(), 1u);
  peer.setRemote(SdpType::rollback);
  peer.setRemote(SdpType::offer, offer);
  EXPECT_EQ(peer.answer(), first);
  EXPECT_EQ(peer.setLocal(SdpType::answer).size(), 1u);
}

// Our next offer keeps every line where it is, in the form they brought.
TEST_P(Browsers, OurNextOfferKeepsTheirLines) {
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer);
  peer.answer();
  peer.setLocal(SdpType::answer);
  const sdp::SessionDescription offered = parsed(offer);
  const sdp::SessionDescription ours = parsed(peer.offer());
  ASSERT_EQ(ours.media.size(), offered.media.size());
  for (std::size_t i = 0; i < ours.media.size(); ++i) {
    EXPECT_EQ(ours.media[i].mid, offered.media[i].mid);
    EXPECT_EQ(ours.media[i].kind, offered.media[i].kind);
    EXPECT_EQ(ours.media[i].protocol, offered.media[i].protocol);
    EXPECT_EQ(ours.media[i].port, offered.media[i].isDataChannels() ? 9 : 0);
  }
  EXPECT_TRUE(only<OpenTransport>(peer.setLocal(SdpType::offer)).empty());
}

INSTANTIATE_TEST_SUITE_P(Recorded, Browsers, testing::ValuesIn(scenarios()), [](const auto& test) {
  std::string name = test.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

class DataAnswers : public testing::TestWithParam<std::string> {};

// Their answers fit our offers: the same line under the same mid.
TEST_P(DataAnswers, CompleteOurOffer) {
  const std::string answer = sdp::test::readVector(GetParam() + "-answer");
  Peer peer('p');
  peer.negotiation.needDataChannels();
  peer.offer();
  peer.setLocal(SdpType::offer);
  const Effects effects = peer.setRemote(SdpType::answer, answer);
  const sdp::MediaDescription theirs = parsed(answer).media.at(0);
  EXPECT_EQ(only<SetRemoteIce>(effects).at(0).remote.ufrag, theirs.iceUfrag);
  EXPECT_EQ(only<StartDtls>(effects).at(0).role, DtlsRole::server);
  EXPECT_EQ(only<StartSctp>(effects).at(0).maxMessageSize, *theirs.maxMessageSize);
  EXPECT_EQ(only<AddRemoteCandidate>(effects).size(), theirs.candidates.size());
  EXPECT_EQ(only<EndOfRemoteCandidates>(effects).size(), theirs.endOfCandidates ? 1u : 0u);
  EXPECT_TRUE(peer.negotiation.hasDataSection());
}

INSTANTIATE_TEST_SUITE_P(Recorded, DataAnswers,
                         testing::Values("chromium-data-only", "chromium-mdns-data-only",
                                         "chromium-snap-data-only", "firefox-data-only",
                                         "firefox-mdns-data-only"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Answers, AnswerWithoutBundleWhereNoneWasOffered) {
  Peer peer('p');
  peer.setRemote(SdpType::offer, mediaOffer(""));
  EXPECT_TRUE(parsed(peer.answer()).groups.empty());
  EXPECT_EQ(only<StartSctp>(peer.setLocal(SdpType::answer)).at(0).maxMessageSize, 100'000u);
}

// RFC 9143 9.3.1.2; in later offers too.
TEST(Answers, SayThatABundleMuxesRtcp) {
  Peer peer('p');
  peer.setRemote(SdpType::offer, mediaOffer());
  EXPECT_TRUE(parsed(peer.answer()).media[2].rtcpMux);
  peer.setLocal(SdpType::answer);
  EXPECT_TRUE(parsed(peer.offer()).media[2].rtcpMux);
  Peer other('o');
  other.setRemote(SdpType::offer, mediaOffer(""));
  EXPECT_FALSE(parsed(other.answer()).media[2].rtcpMux);
}

TEST(Answers, OurDataNeverTakesALineOfMedia) {
  Peer peer('p');
  const std::string offer = mediaOffer("a=group:BUNDLE 0 1\r\n");
  peer.setRemote(SdpType::offer, offer.substr(0, offer.find("m=application")));
  peer.answer();
  peer.setLocal(SdpType::answer);
  peer.negotiation.needDataChannels();
  const sdp::SessionDescription ours = parsed(peer.offer());
  ASSERT_EQ(ours.media.size(), 3u);
  EXPECT_EQ(ours.media[0].kind, "audio");
  EXPECT_EQ(ours.media[2].kind, "application");
  EXPECT_EQ(ours.media[2].mid, "2");
}

TEST(Answers, KeepEachOfferedGroupToItself) {
  Peer peer('p');
  peer.setRemote(SdpType::offer, mediaOffer("a=group:BUNDLE 0 1\r\na=group:BUNDLE 2\r\n"));
  EXPECT_EQ(parsed(peer.answer()).groups, (std::vector<sdp::Group>{{"BUNDLE", {"2"}}}));
}

// aiortc before 1.15: ours is the section's own, not the first one's.
TEST(Answers, UseTheCredentialsOfTheSectionThatIsAccepted) {
  const std::string offer = sdp::test::readVector("firefox-answers-aiortc-offer");
  const sdp::SessionDescription offered = parsed(offer);
  ASSERT_NE(offered.media[0].iceUfrag, offered.media[2].iceUfrag);
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer);
  peer.answer();
  const Effects effects = peer.setLocal(SdpType::answer);
  EXPECT_EQ(only<SetRemoteIce>(effects).at(0).remote.ufrag, offered.media[2].iceUfrag);
  EXPECT_EQ(only<AddRemoteCandidate>(effects).size(), offered.media[2].candidates.size());
  EXPECT_EQ(only<OpenTransport>(effects).at(0).line, (MediaLine{"2", 2}));
}

// RFC 9143 would have us refuse a bundle-only section with its carrier; its transport is there
// all the same, and a peer of data channels is better off using it.
TEST(Answers, AcceptABundleOnlyDataSectionWhoseCarrierIsRejected) {
  std::string offer = with(mediaOffer(), "m=application 9", "m=application 0");
  offer = with(offer, "a=mid:2", "a=bundle-only\r\na=mid:2");
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer);
  const sdp::SessionDescription answer = parsed(peer.answer());
  EXPECT_EQ(answer.media[2].port, 9);
  EXPECT_EQ(answer.groups.at(0).mids, std::vector<std::string>{"2"});
  EXPECT_EQ(only<StartSctp>(peer.setLocal(SdpType::answer)).size(), 1u);
}

TEST(Answers, TakeOnlyTheFirstOfTwoDataSections) {
  const std::string offer = mediaOffer();
  const std::string second = with(offer.substr(offer.find("m=application")), "a=mid:2", "a=mid:3");
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer + second);
  const sdp::SessionDescription answer = parsed(peer.answer());
  EXPECT_EQ(answer.media[2].port, 9);
  EXPECT_EQ(answer.media[3].port, 0);
  EXPECT_EQ(only<StartSctp>(peer.setLocal(SdpType::answer)).size(), 1u);
}

TEST(Answers, GiveLinesWithoutMidsPrivateOnes) {
  std::string offer = mediaOffer("");
  for (const std::string mid : {"a=mid:0\r\n", "a=mid:1\r\n", "a=mid:2\r\n"})
    offer = with(offer, mid, "");
  Peer peer('p');
  peer.setRemote(SdpType::offer, offer);
  EXPECT_FALSE(contains(peer.answer(), "a=mid"));
  EXPECT_EQ(only<OpenTransport>(peer.setLocal(SdpType::answer)).at(0).line, (MediaLine{"2", 2}));
  peer.setRemote(SdpType::offer, offer);
  peer.answer();
  EXPECT_EQ(peer.setLocal(SdpType::answer).size(), 1u);
  EXPECT_TRUE(contains(peer.offer(), "a=mid:2"));
}

TEST(Answers, SpeakTcpAndTheOldFormWithItsPort) {
  Peer tcp('t');
  tcp.setRemote(SdpType::offer, with(mediaOffer(), "UDP/DTLS/SCTP", "TCP/DTLS/SCTP"));
  EXPECT_EQ(parsed(tcp.answer()).media[2].protocol, "TCP/DTLS/SCTP");

  std::string offer = with(mediaOffer(), "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 6000");
  offer = with(offer, "a=sctp-port:5000", "a=sctpmap:6000 webrtc-datachannel 256");
  Peer old('o');
  old.setRemote(SdpType::offer, offer);
  EXPECT_TRUE(contains(old.answer(), "a=sctpmap:6000 webrtc-datachannel 1024\r\n"));
  const StartSctp sctp = only<StartSctp>(old.setLocal(SdpType::answer)).at(0);
  EXPECT_EQ(sctp.localPort, 6000);
  EXPECT_EQ(sctp.remotePort, 6000);
}

TEST(Answers, TheirUseOfARejectedLineOpensAnotherTransport) {
  Peer peer('p');
  const std::string offer = mediaOffer();
  peer.setRemote(SdpType::offer, offer);
  peer.answer();
  peer.setLocal(SdpType::answer);
  // Audio was rejected: its line becomes the data section, and the old one is turned off.
  const sdp::SessionDescription before = parsed(offer);
  sdp::SessionDescription after = before;
  after.media[0] = before.media[2];
  after.media[0].mid = "new";
  after.media[0].iceUfrag = "newufrag";
  after.media[2].port = 0;
  after.groups[0].mids = {"new"};
  peer.setRemote(SdpType::offer, after.serialize());
  const sdp::SessionDescription answer = parsed(peer.answer());
  EXPECT_EQ(answer.media[0].port, 9);
  EXPECT_EQ(answer.media[0].mid, "new");
  EXPECT_EQ(answer.media[2].port, 0);
  const Effects effects = peer.setLocal(SdpType::answer);
  EXPECT_EQ(only<OpenTransport>(effects).at(0).line, (MediaLine{"new", 0}));
  EXPECT_EQ(only<CloseTransport>(effects).size(), 1u);
  EXPECT_EQ(only<StartSctp>(effects).size(), 1u);
}

}  // namespace
}  // namespace parley::jsep
