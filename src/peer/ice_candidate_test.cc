#include "parley/ice_candidate.h"

#include <gtest/gtest.h>

#include "peer/fake_realm.h"
#include "peer/prohibited.h"

namespace parley {
namespace {

using peer::testing::nameThrownBy;

RTCLocalIceCandidateInit initOf(std::string candidate) {
  RTCLocalIceCandidateInit init;
  init.candidate = std::move(candidate);
  init.sdpMid = "0";
  return init;
}

TEST(IceCandidate, ShowsTheFieldsOfItsAttribute) {
  const RTCIceCandidate candidate(initOf(
      "candidate:842163049 2 udp 1677729535 203.0.113.7 50123 typ srflx raddr 10.0.0.1 rport 9000 "
      "generation 0 ufrag abcd"));
  EXPECT_EQ(candidate.foundation(), "842163049");
  EXPECT_EQ(candidate.component(), RTCIceComponent::rtcp);
  EXPECT_EQ(candidate.priority(), 1677729535u);
  EXPECT_EQ(candidate.address(), "203.0.113.7");
  EXPECT_EQ(candidate.protocol(), RTCIceProtocol::udp);
  EXPECT_EQ(candidate.port(), 50123);
  EXPECT_EQ(candidate.type(), RTCIceCandidateType::srflx);
  EXPECT_FALSE(candidate.tcpType());
  EXPECT_EQ(candidate.relatedAddress(), "10.0.0.1");
  EXPECT_EQ(candidate.relatedPort(), 9000);
  EXPECT_FALSE(candidate.usernameFragment());  // only what the dictionary says
}

TEST(IceCandidate, ShowsTcpTypesAndNames) {
  const RTCIceCandidate tcp(
      initOf("candidate:1 1 tcp 1518149375 10.0.0.1 9 typ host tcptype passive"));
  EXPECT_EQ(tcp.protocol(), RTCIceProtocol::tcp);
  EXPECT_EQ(tcp.tcpType(), RTCIceTcpCandidateType::passive);
  EXPECT_FALSE(tcp.relatedAddress());
  const RTCIceCandidate named(
      initOf("candidate:1 1 udp 1 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 5000 typ host"));
  EXPECT_EQ(named.address(), "1f4712db-ea17-4bcf-a596-105139dfd8bf.local");
}

TEST(IceCandidate, KeepsAttributesItCannotParse) {
  for (const char* text :
       {"nonsense", "candidate:1 1 udp", "candidate:1 3 udp 1 10.0.0.1 1 typ host"}) {
    const RTCIceCandidate candidate(initOf(text));
    EXPECT_EQ(candidate.candidate(), text);
    EXPECT_FALSE(candidate.foundation()) << text;
    EXPECT_FALSE(candidate.port()) << text;
    EXPECT_FALSE(candidate.type()) << text;
  }
}

TEST(IceCandidate, NeedsAMediaLine) {
  EXPECT_EQ(nameThrownBy([] { RTCIceCandidate candidate{RTCLocalIceCandidateInit{}}; }),
            "TypeError");
  RTCLocalIceCandidateInit byIndex;
  byIndex.sdpMLineIndex = 0;
  EXPECT_EQ(nameThrownBy([&] { RTCIceCandidate candidate(byIndex); }), "");
}

TEST(IceCandidate, WritesTheFourMembersOfItsJson) {
  auto init = initOf("");
  init.usernameFragment = "abcd";
  init.url = "stun:a";
  EXPECT_EQ(RTCIceCandidate(init).toJSON(),
            R"({"candidate":"","sdpMid":"0","sdpMLineIndex":null,"usernameFragment":"abcd"})");
  EXPECT_EQ(RTCIceCandidate(init).toInit().usernameFragment, "abcd");
}

TEST(IceCandidate, HidesTheAddressThatOnlyChecksFound) {  // I-9
  const char* text = "candidate:1 1 udp 1 203.0.113.7 5000 typ prflx raddr 0.0.0.0 rport 9";
  const auto hidden = RTCIceCandidate::discovered(initOf(text), false);
  EXPECT_EQ(hidden.candidate(), "");
  EXPECT_EQ(hidden.type(), RTCIceCandidateType::prflx);
  EXPECT_FALSE(hidden.address());
  EXPECT_EQ(RTCIceCandidate::discovered(initOf(text), true).address(), "203.0.113.7");
}

TEST(Prohibited, CoversBadPortsAndNamesBehindARelay) {
  ice::Candidate candidate;
  candidate.address = {IpAddress::v4({10, 0, 0, 1}), 5000};
  EXPECT_FALSE(peer::isProhibited(candidate, true));
  for (const std::uint16_t port : {std::uint16_t{25}, std::uint16_t{5060}, std::uint16_t{6666}}) {
    candidate.address.port = port;
    EXPECT_TRUE(peer::isProhibited(candidate, false)) << port;
  }
  ice::Candidate named;
  named.hostname = "a.local";
  named.address.port = 5000;
  EXPECT_FALSE(peer::isProhibited(named, false));
  EXPECT_TRUE(peer::isProhibited(named, true));
}

}  // namespace
}  // namespace parley
