#include <gtest/gtest.h>

#include "core/limits.h"
#include "jsep/negotiation.h"
#include "jsep/test_peer.h"

namespace parley::jsep {
namespace {

using namespace test;

std::string candidate(int number, const std::string& tail = "") {
  return "candidate:" + std::to_string(number) + " 1 udp 2122194687 192.0.2.1 " +
         std::to_string(4000 + number) + " typ host" + tail;
}

struct Candidates : testing::Test {
  Candidates() {
    alice.negotiation.needDataChannels();
    offer = alice.offer();
    transport = only<OpenTransport>(alice.setLocal(SdpType::offer)).at(0).transport;
  }
  void offerToBob() { bob.setRemote(SdpType::offer, offer); }
  void answer() {
    offerToBob();
    const std::string text = bob.answer();
    bob.setLocal(SdpType::answer);
    alice.setRemote(SdpType::answer, text);
  }
  std::string refusal(const RemoteCandidate& given) {
    const auto result = bob.negotiation.addRemoteCandidate(given);
    return result ? "fine" : std::string(nameOf(result.error().kind));
  }

  Peer alice{'a'}, bob{'b'};
  std::string offer;
  TransportId transport;
};

TEST_F(Candidates, OursGoIntoTheDescriptionAndNameTheirLine) {
  EXPECT_EQ(alice.negotiation.addLocalCandidate(transport, "a1001", candidate(1)),
            (MediaLine{"0", 0}));
  EXPECT_EQ(alice.negotiation.addLocalCandidate(transport, "a1001", "a=" + candidate(1)),
            (MediaLine{"0", 0}));
  EXPECT_EQ(alice.negotiation.lineOf(transport), (MediaLine{"0", 0}));
  const sdp::MediaDescription& section = alice.negotiation.local()->sdp.media[0];
  EXPECT_EQ(section.candidates, std::vector{candidate(1)});
  EXPECT_FALSE(section.endOfCandidates);
  EXPECT_TRUE(alice.negotiation.endLocalCandidates(transport, "a1001"));
  EXPECT_TRUE(section.endOfCandidates);
}

TEST_F(Candidates, OursOfAnotherGenerationOrFormGoNowhere) {
  EXPECT_FALSE(alice.negotiation.addLocalCandidate(transport, "else", candidate(1)));
  EXPECT_FALSE(alice.negotiation.addLocalCandidate({99}, "a1001", candidate(1)));
  EXPECT_FALSE(alice.negotiation.addLocalCandidate(transport, "a1001", "candidate:x"));
  EXPECT_FALSE(alice.negotiation.addLocalCandidate(transport, "a1001", candidate(1, "\r\na=x")));
  EXPECT_TRUE(alice.negotiation.local()->sdp.media[0].candidates.empty());
}

TEST_F(Candidates, OursAreBounded) {
  for (int i = 0; i < 200; ++i)
    alice.negotiation.addLocalCandidate(transport, "a1001", candidate(i));
  EXPECT_EQ(alice.negotiation.local()->sdp.media[0].candidates.size(),
            limits::ice::kLocalCandidates);
}

TEST_F(Candidates, TheDefaultDestinationIsTheMostReachable) {
  const auto add = [&](const std::string& text) {
    alice.negotiation.addLocalCandidate(transport, "a1001", text);
    const sdp::MediaDescription& section = alice.negotiation.local()->sdp.media[0];
    return section.connections[0].address + " " + std::to_string(section.port);
  };
  EXPECT_EQ(add("candidate:1 1 udp 1 0a1b.local 5001 typ host"), "0.0.0.0 9");
  EXPECT_EQ(add("candidate:2 1 tcp 1 192.0.2.9 9 typ host tcptype active"), "0.0.0.0 9");
  EXPECT_EQ(add("candidate:3 1 udp 1 2001:db8::1 5003 typ host"), "2001:db8::1 5003");
  EXPECT_EQ(add("candidate:4 1 udp 1 192.0.2.4 5004 typ host"), "192.0.2.4 5004");
  EXPECT_EQ(add("candidate:5 1 udp 1 192.0.2.5 5005 typ relay"), "192.0.2.5 5005");
  EXPECT_EQ(add("candidate:6 1 udp 1 192.0.2.6 5006 typ srflx"), "192.0.2.5 5005");
}

TEST_F(Candidates, LaterOffersHaveThemWithoutBeingOtherOffers) {
  answer();
  alice.negotiation.addLocalCandidate(transport, "a1001", candidate(1));
  const sdp::SessionDescription again = parsed(alice.offer());
  EXPECT_EQ(again.media[0].candidates, std::vector{candidate(1)});
  EXPECT_EQ(again.media[0].port, 4001);
  EXPECT_EQ(again.origin.sessionVersion, 0u);
  EXPECT_TRUE(parsed(alice.offer({.iceRestart = true})).media[0].candidates.empty());
}

TEST_F(Candidates, APranswerKeepsThemForTheAnswer) {
  offerToBob();
  bob.answer();
  const TransportId opened = only<OpenTransport>(bob.setLocal(SdpType::pranswer)).at(0).transport;
  const std::string ufrag = bob.negotiation.local()->sdp.media[0].iceUfrag;
  bob.negotiation.addLocalCandidate(opened, ufrag, candidate(1));
  bob.setLocal(SdpType::answer);
  EXPECT_EQ(bob.negotiation.currentLocal()->sdp.media[0].candidates, std::vector{candidate(1)});
}

TEST_F(Candidates, TheirsWaitForTheAnswer) {
  offerToBob();
  const auto early = bob.negotiation.addRemoteCandidate({candidate(1), "0", {}, {}});
  ASSERT_TRUE(early);
  EXPECT_TRUE(early->empty());
  EXPECT_EQ(bob.negotiation.remote()->sdp.media[0].candidates, std::vector{candidate(1)});
  bob.answer();
  const auto told = only<AddRemoteCandidate>(bob.setLocal(SdpType::answer));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].candidate, candidate(1));
  EXPECT_EQ(told[0].ufrag, "a1001");
}

TEST_F(Candidates, TheirsAreToldOnce) {
  answer();
  const RemoteCandidate given{candidate(1), "0", {}, {}};
  EXPECT_EQ(bob.negotiation.addRemoteCandidate(given)->size(), 1u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate(given)->size(), 0u);
  const RemoteCandidate end{"", "0", {}, {}};
  EXPECT_EQ(only<EndOfRemoteCandidates>(*bob.negotiation.addRemoteCandidate(end)).size(), 1u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate(end)->size(), 0u);
  EXPECT_TRUE(bob.negotiation.remote()->sdp.media[0].endOfCandidates);
}

TEST_F(Candidates, TheirsMayBeNamedByMidIndexOrGeneration) {
  answer();
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(1), {}, 0, {}})->size(), 1u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(2), "0", 7, "a1001"})->size(), 1u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(3, " ufrag a1001"), "0", {}, {}})->size(),
            1u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({"candidate:", "0", {}, {}})->size(), 1u);
}

// webrtc-pc 4.4.2 addIceCandidate, step by step.
TEST_F(Candidates, WrongOnesAreRefusedAsW3cSays) {
  EXPECT_EQ(refusal({candidate(1), "0", {}, {}}), "InvalidStateError");
  EXPECT_EQ(refusal({candidate(1), {}, {}, {}}), "TypeError");
  offerToBob();
  EXPECT_EQ(refusal({candidate(1), "9", {}, {}}), "OperationError");
  EXPECT_EQ(refusal({candidate(1), {}, 1, {}}), "OperationError");
  EXPECT_EQ(refusal({"nonsense", "0", {}, {}}), "OperationError");
  EXPECT_EQ(refusal({candidate(1, "\r\na=setup:active"), "0", {}, {}}), "OperationError");
  EXPECT_EQ(refusal({candidate(1), "0", {}, "never"}), "OperationError");
  EXPECT_EQ(refusal({candidate(1, " ufrag never"), "0", {}, {}}), "OperationError");
  EXPECT_EQ(refusal({"", "9", {}, {}}), "OperationError");
  EXPECT_EQ(refusal({"", {}, {}, {}}), "fine");
  EXPECT_TRUE(bob.negotiation.remote()->sdp.media[0].candidates.empty());
}

TEST_F(Candidates, GenerationsAreKeptApart) {
  answer();
  const std::string restart = alice.offer({.iceRestart = true});
  const std::string ufrag = parsed(restart).media[0].iceUfrag;
  bob.setRemote(SdpType::offer, restart);
  // For the session that runs, at once; for the one to come, later.
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(1), "0", {}, "a1001"})->size(), 1u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(2), "0", {}, ufrag})->size(), 0u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(3), "0", {}, {}})->size(), 0u);
  EXPECT_EQ(bob.negotiation.currentRemote()->sdp.media[0].candidates.size(), 1u);
  EXPECT_EQ(bob.negotiation.pendingRemote()->sdp.media[0].candidates.size(), 2u);
  bob.answer();
  EXPECT_EQ(only<AddRemoteCandidate>(bob.setLocal(SdpType::answer)).size(), 2u);
  // Late ones of the old generation hurt nobody.
  EXPECT_EQ(refusal({candidate(4), "0", {}, "a1001"}), "fine");
  EXPECT_EQ(bob.negotiation.remote()->sdp.media[0].candidates.size(), 2u);
}

TEST_F(Candidates, TheirsAreBoundedInTheDescription) {
  answer();
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(bob.negotiation.addRemoteCandidate({candidate(i), "0", {}, {}}));
  EXPECT_EQ(bob.negotiation.remote()->sdp.media[0].candidates.size(),
            limits::ice::kRemoteCandidates);
}

TEST_F(Candidates, TheOnesInADescriptionAreToldOnceAndInOrder) {
  offer += "a=" + candidate(1) + "\r\na=" + candidate(2) + "\r\na=" + candidate(1) +
           "\r\na=candidate:broken\r\na=end-of-candidates\r\n";
  offerToBob();
  bob.answer();
  const Effects effects = bob.setLocal(SdpType::answer);
  const auto told = only<AddRemoteCandidate>(effects);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].candidate, candidate(1));
  EXPECT_EQ(only<EndOfRemoteCandidates>(effects).size(), 1u);
}

// Whoever offers media too gathers for every section before it knows what we accept.
TEST(CandidatesOfBundles, GoToTheSectionThatWasAccepted) {
  Peer bob('b');
  std::string offer = with(mediaOffer(), "a=mid:0", "a=" + candidate(1) + "\r\na=mid:0");
  bob.setRemote(SdpType::offer, with(offer, "a=mid:2", "a=" + candidate(2) + "\r\na=mid:2"));
  bob.answer();
  EXPECT_EQ(only<AddRemoteCandidate>(bob.setLocal(SdpType::answer)).size(), 2u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({candidate(3), "1", {}, {}})->size(), 1u);
  // The end of a section that is gone says nothing about ours.
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({"", "1", {}, {}})->size(), 0u);
  EXPECT_EQ(bob.negotiation.addRemoteCandidate({"", "2", {}, {}})->size(), 1u);
}

}  // namespace
}  // namespace parley::jsep
