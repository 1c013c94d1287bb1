#include "jsep/validation.h"

#include <gtest/gtest.h>

#include "jsep/test_peer.h"

namespace parley::jsep {
namespace {

using namespace test;

// The data section alone, as somebody offers it.
std::string dataOffer() {
  Peer peer('p');
  peer.negotiation.needDataChannels();
  return peer.offer();
}

std::string lineOf(const std::string& text, const std::string& prefix) {
  const std::size_t at = text.find(prefix);
  return text.substr(at, text.find("\r\n", at) + 2 - at);
}

std::string without(const std::string& text, const std::string& prefix) {
  return with(text, lineOf(text, prefix), "");
}

std::string offered(const std::string& text) {
  return Peer('q').refusedRemote(SdpType::offer, text);
}

TEST(Validation, ADataSectionMustBeComplete) {
  const std::string offer = dataOffer();
  EXPECT_EQ(offered(offer), "fine");
  EXPECT_EQ(offered(without(offer, "a=ice-ufrag")),
            "InvalidAccessError: a section has no ice-ufrag");
  EXPECT_EQ(offered(without(offer, "a=ice-pwd")), "InvalidAccessError: a section has no ice-pwd");
  EXPECT_EQ(offered(without(offer, "a=fingerprint")),
            "InvalidAccessError: a section has no fingerprint");
  EXPECT_EQ(offered(with(offer, "a=sctp-port:5000", "a=sctp-port:0")),
            "InvalidAccessError: sctp-port is 0");
  EXPECT_EQ(offered(without(offer, "a=setup")), "fine");
  EXPECT_EQ(offered(without(offer, "a=sctp-port")), "fine");
}

TEST(Validation, WeakHashesAloneAreRefusedAndElseIgnored) {
  const std::string offer = dataOffer();
  std::string weak = "a=fingerprint:sha-1 00";
  for (int i = 1; i < 20; ++i) weak += ":00";
  const std::string line = lineOf(offer, "a=fingerprint");
  EXPECT_EQ(offered(with(offer, line, weak + "\r\n")),
            "InvalidAccessError: no fingerprint uses a hash that is accepted");
  Peer peer('q');
  peer.setRemote(SdpType::offer, with(offer, line, weak + "\r\n" + line));
  peer.answer();
  const StartDtls dtls = only<StartDtls>(peer.setLocal(SdpType::answer)).at(0);
  EXPECT_EQ(dtls.fingerprints, std::vector{fingerprint('p')});
}

TEST(Validation, SectionsThatAreRejectedAnywayMayBeAnything) {
  const std::string offer = mediaOffer();
  EXPECT_EQ(offered(without(offer, "a=fingerprint")), "fine");
  EXPECT_EQ(offered(with(offer, "m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/AVP")), "fine");
}

TEST(Validation, J4RefusesDuplicates) {
  const std::string offer = mediaOffer();
  EXPECT_EQ(offered(with(mediaOffer(""), "a=mid:1", "a=mid:0")),
            "InvalidAccessError: two sections have the same mid");
  EXPECT_EQ(offered(mediaOffer("a=group:BUNDLE 0 1 1\r\n")),
            "InvalidAccessError: a mid is in BUNDLE twice");
  EXPECT_EQ(offered(mediaOffer("a=group:BUNDLE 0 1\r\na=group:BUNDLE 1 2\r\n")),
            "InvalidAccessError: a mid is in BUNDLE twice");
  EXPECT_EQ(offered(mediaOffer("a=group:BUNDLE 0 9\r\n")),
            "InvalidAccessError: BUNDLE names a mid that no section has");
  EXPECT_EQ(offered(with(offer, "a=mid:1", "a=mid:1\r\na=extmap:1 urn:a\r\na=extmap:1 urn:b")),
            "InvalidAccessError: a header extension id is used twice");
  EXPECT_EQ(offered(with(offer, "a=mid:1", "a=mid:1\r\na=rid:a send\r\na=rid:a recv")),
            "InvalidAccessError: a rid is used twice");
}

TEST(Validation, LinesNeverGoAwayOrChange) {
  Peer peer('q');
  const std::string offer = mediaOffer();
  peer.setRemote(SdpType::offer, offer);
  peer.answer();
  peer.setLocal(SdpType::answer);
  EXPECT_EQ(peer.refusedRemote(SdpType::offer, dataOffer()),
            "InvalidAccessError: the offer has lost a section");
  EXPECT_EQ(peer.refusedRemote(SdpType::offer, with(with(offer, "a=mid:2", "a=mid:3"),
                                                    "BUNDLE 0 1 2", "BUNDLE 0 1 3")),
            "InvalidAccessError: a section has changed its mid");
  EXPECT_EQ(peer.refusedRemote(SdpType::offer, with(offer, "m=audio 9", "m=video 9")),
            "InvalidAccessError: a section has changed its kind");
  EXPECT_EQ(peer.refusedRemote(SdpType::offer, offer), "fine");
}

struct Answering : testing::Test {
  Answering() {
    alice.negotiation.needDataChannels();
    const std::string offer = alice.offer();
    alice.setLocal(SdpType::offer);
    bob.setRemote(SdpType::offer, offer);
    answer = bob.answer();
  }
  std::string refused(const std::string& text) {
    return alice.refusedRemote(SdpType::answer, text);
  }

  Peer alice{'a'}, bob{'b'};
  std::string answer;
};

TEST_F(Answering, AnAnswerMatchesItsOffer) {
  EXPECT_EQ(refused(with(answer, "m=application", "m=audio")),
            "InvalidAccessError: a section answers another kind");
  EXPECT_EQ(refused(with(with(answer, "a=mid:0", "a=mid:7"), "BUNDLE 0", "BUNDLE 7")),
            "InvalidAccessError: a section answers another mid");
  EXPECT_EQ(refused(answer + "m=audio 0 RTP/AVP 0\r\n"),
            "InvalidAccessError: the answer has not as many sections as the offer");
  EXPECT_EQ(refused(with(answer, "UDP/DTLS/SCTP", "UDP/BFCP")),
            "InvalidAccessError: a section answers another protocol");
  EXPECT_EQ(refused(without(answer, "a=fingerprint")),
            "InvalidAccessError: a section has no fingerprint");
  EXPECT_EQ(refused(answer), "fine");
}

TEST_F(Answering, AnAnswerMayLackMidsAndBundle) {
  const std::string plain = without(without(answer, "a=mid"), "a=group");
  EXPECT_EQ(only<StartSctp>(alice.setRemote(SdpType::answer, plain)).size(), 1u);
}

// J-8: roles and certificates of answers.
TEST_F(Answering, J8AnAnswerDecidesTheRole) {
  EXPECT_EQ(refused(with(answer, "setup:active", "setup:actpass")),
            "InvalidAccessError: an answer may not say setup:actpass");
  EXPECT_EQ(alice.state(), SignalingState::haveLocalOffer);
  const std::pair<std::string, DtlsRole> rows[] = {{"a=setup:active\r\n", DtlsRole::server},
                                                   {"a=setup:passive\r\n", DtlsRole::client},
                                                   {"", DtlsRole::server}};
  for (const auto& [line, role] : rows) {
    Peer other = alice;
    const Effects effects =
        other.setRemote(SdpType::answer, with(answer, "a=setup:active\r\n", line));
    EXPECT_EQ(only<StartDtls>(effects).at(0).role, role) << line;
    EXPECT_EQ(only<StartSctp>(effects).at(0).role, role) << line;
  }
}

TEST_F(Answering, J8NothingIsSwappedBelowAnOpenTransport) {
  alice.setRemote(SdpType::answer, answer);
  bob.setLocal(SdpType::answer);
  alice.offer();
  alice.setLocal(SdpType::offer);
  // Firefox changes its mind when ICE restarts; DTLS goes on as it is.
  Peer tolerant = alice;
  EXPECT_EQ(
      tolerant.setRemote(SdpType::answer, with(answer, "setup:active", "setup:passive")).size(),
      1u);
  const std::string line = lineOf(answer, "a=fingerprint");
  EXPECT_EQ(refused(with(answer, line, lineOf(mediaOffer(), "a=fingerprint"))),
            "InvalidAccessError: the fingerprint of a transport has changed");
  EXPECT_EQ(refused(with(answer, "a=ice-ufrag:b", "a=ice-ufrag:z")),
            "InvalidAccessError: the answer restarts ICE but the offer did not");
  EXPECT_EQ(refused(with(answer, line, lineOf(mediaOffer(), "a=fingerprint") + line)), "fine");

  const std::string offer = alice.offer();
  EXPECT_EQ(bob.refusedRemote(SdpType::offer, with(offer, "setup:actpass", "setup:active")),
            "InvalidAccessError: the DTLS role of a transport has changed");
  EXPECT_EQ(bob.refusedRemote(SdpType::offer, with(offer, lineOf(offer, "a=fingerprint"),
                                                   lineOf(mediaOffer(), "a=fingerprint"))),
            "InvalidAccessError: the fingerprint of a transport has changed");
  EXPECT_EQ(bob.refusedRemote(SdpType::offer, with(offer, "setup:actpass", "setup:passive")),
            "fine");
}

// RFC 4145 4.1 for offers of every kind, first and later.
TEST(Validation, J8OffersOfEveryRoleAreAnsweredConsistently) {
  struct Row {
    std::string offered, answered;
    std::optional<DtlsRole> role;
  };
  const Row rows[] = {{"a=setup:actpass\r\n", "active", DtlsRole::client},
                      {"a=setup:active\r\n", "passive", DtlsRole::server},
                      {"a=setup:passive\r\n", "active", DtlsRole::client},
                      {"", "active", DtlsRole::client},
                      {"a=setup:holdconn\r\n", "holdconn", std::nullopt}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.offered);
    Peer peer('q');
    const std::string offer = dataOffer();
    peer.setRemote(SdpType::offer, with(offer, "a=setup:actpass\r\n", row.offered));
    EXPECT_TRUE(contains(peer.answer(), "a=setup:" + row.answered + "\r\n"));
    const Effects effects = peer.setLocal(SdpType::answer);
    EXPECT_EQ(only<SetRemoteIce>(effects).size(), 1u);
    EXPECT_EQ(only<StartDtls>(effects).size(), row.role ? 1u : 0u);
    EXPECT_EQ(only<StartSctp>(effects).size(), row.role ? 1u : 0u);
    if (row.role) {
      EXPECT_EQ(only<StartDtls>(effects).at(0).role, *row.role);
    }
    // What was held starts with the next offer; what runs keeps its role.
    peer.setRemote(SdpType::offer, offer);
    EXPECT_TRUE(
        contains(peer.answer(), row.answered == "passive" ? "a=setup:passive" : "a=setup:active"));
    EXPECT_EQ(only<StartSctp>(peer.setLocal(SdpType::answer)).size(), row.role ? 0u : 1u);
  }
}

TEST(Validation, AnswersBundleOnlyWhatWasOffered) {
  const sdp::SessionDescription offer = parsed(mediaOffer("a=group:BUNDLE 0 1\r\n"));
  sdp::SessionDescription answer = offer;
  for (sdp::MediaDescription& section : answer.media) section.setup = sdp::Setup::active;
  EXPECT_FALSE(checkAnswer(answer, offer));
  answer.groups[0].mids = {"0", "2"};
  EXPECT_EQ(checkAnswer(answer, offer)->message, "BUNDLE was not offered like this");
  answer.groups.clear();
  EXPECT_FALSE(checkAnswer(answer, offer));
  sdp::SessionDescription dead = offer;
  dead.media[1].port = 0;
  EXPECT_EQ(checkAnswer(answer, dead)->message, "a section was accepted that was not offered");
}

}  // namespace
}  // namespace parley::jsep
