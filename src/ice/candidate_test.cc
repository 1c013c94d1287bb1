#include "ice/candidate.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace parley::ice {
namespace {

Candidate parsed(std::string_view text) {
  const auto candidate = Candidate::parse(text);
  EXPECT_TRUE(candidate.has_value()) << text;
  return candidate.value_or(Candidate());
}

TEST(Candidate, ReadsEveryFieldOfALine) {
  const Candidate candidate = parsed(
      "candidate:842163049 1 udp 1677729535 203.0.113.7 61665 typ srflx raddr 192.0.2.4 rport 5000 "
      "generation 2 ufrag F7gI network-id 3 network-cost 10");
  EXPECT_EQ(candidate.foundation, "842163049");
  EXPECT_EQ(candidate.component, 1);
  EXPECT_EQ(candidate.protocol, Protocol::udp);
  EXPECT_EQ(candidate.priority, 1677729535u);
  EXPECT_EQ(candidate.address, *Address::parse("203.0.113.7:61665"));
  EXPECT_EQ(candidate.type, CandidateType::serverReflexive);
  EXPECT_EQ(candidate.related, *Address::parse("192.0.2.4:5000"));
  EXPECT_EQ(candidate.generation, 2u);
  EXPECT_EQ(candidate.usernameFragment, "F7gI");
  EXPECT_EQ(candidate.networkId, 3);
  EXPECT_EQ(candidate.networkCost, 10);
}

// As Chromium, Firefox, aiortc and GStreamer wrote them.
TEST(Candidate, ReadsTheLinesOfOtherStacksAndWritesThemBackWithTheSameMeaning) {
  for (const char* line : {
           "a=candidate:885036775 1 udp 2122063615 192.0.2.2 57409 typ host generation 0 "
           "network-id 1",
           "a=candidate:904718759 1 udp 2122194687 127.0.0.1 57711 typ host generation 0 "
           "network-id 3 network-cost 50",
           "a=candidate:645488132 1 udp 2113937151 81d3d46f-97ce-4736-98dd-1b47d2504840.local "
           "53117 typ host generation 0 network-cost 999",
           "a=candidate:935986597 1 tcp 1518154495 fd00::2 9 typ host tcptype active "
           "generation 0 network-id 2",
           "a=candidate:3013354050 1 tcp 1518288127 ::1 9 typ host tcptype active generation 0 "
           "network-id 4 network-cost 50",
           "a=candidate:3 1 TCP 2105524479 fd00::2 9 typ host tcptype active",
           "a=candidate:2 2 TCP 2105458942 192.0.2.2 9 typ host tcptype active",
           "a=candidate:9 1 TCP 1010828031 fe80::fc:ff:fe00:1 59017 typ host tcptype passive",
           "a=candidate:7 1 UDP 2015363839 fe80::fc:ff:fe00:1 36730 typ host",
           "a=candidate:f957a2332b1715da3b0ef8ba684454eb 1 udp 2130706431 192.0.2.2 56971 typ host",
           "a=candidate:d0bcf3d9c29a2bc887618212a1623bfa 1 udp 2130706431 fd00::2 55351 typ host",
       }) {
    const Candidate candidate = parsed(line);
    EXPECT_EQ(parsed(candidate.toString()), candidate) << line;
  }
}

TEST(Candidate, ANameIsKeptUntilSomebodyResolvesIt) {
  Candidate candidate = parsed("candidate:1 1 udp 5 abc.local 7 typ host");
  EXPECT_EQ(candidate.hostname, "abc.local");
  EXPECT_TRUE(candidate.needsResolution());
  candidate.address.ip = *IpAddress::parse("192.0.2.1");
  EXPECT_FALSE(candidate.needsResolution());
  EXPECT_EQ(candidate.toString(), "candidate:1 1 udp 5 abc.local 7 typ host");
}

TEST(Candidate, SkipsUnknownExtensionsZonesAndOddEnds) {
  const Candidate candidate = parsed(
      "candidate:1 1 UdP 5 fe80::1%eth0 7 typ HOST x-new 1 raddr host.example rport 9 dangling");
  EXPECT_EQ(candidate.address, *Address::parse("[fe80::1]:7"));
  EXPECT_FALSE(candidate.related);
  EXPECT_EQ(parsed("candidate:1 1 udp 5 1.2.3.4 7 typ relay raddr 0.0.0.0 rport 0").related,
            Address{});
  EXPECT_EQ(parsed("candidate:1 1 udp 5 1.2.3.4 7 typ srflx raddr 5.6.7.8").related->port, 0);
  EXPECT_EQ(parsed("candidate:1 1 tcp 5 1.2.3.4 7 typ host").tcpType, TcpType::none);
}

TEST(Candidate, RefusesWhatCannotBeUsed) {
  for (const char* line : {
           "",
           "candidate:",
           "candidate: 1 udp 5 1.2.3.4 7 typ host",
           "1 1 udp 5 1.2.3.4 7 typ host",
           "candidate:1 0 udp 5 1.2.3.4 7 typ host",
           "candidate:1 257 udp 5 1.2.3.4 7 typ host",
           "candidate:1 1 udp -5 1.2.3.4 7 typ host",
           "candidate:1 1 udp 4294967296 1.2.3.4 7 typ host",
           "candidate:1 1 udp 5 1.2.3.4 65536 typ host",
           "candidate:1 1 udp 5 1.2.3.4 7 host",
           "candidate:1 1 udp 5 1.2.3.4 7 typ",
           "candidate:1 1 udp 5 1.2.3.4",
           "candidate:1 1 udp 5",
           "candidate:1 1 udp 5 a:b:c 7 typ host",
           "candidate:1 1 udp 5 a/b 7 typ host",
           "candidate:1 1 udp 5 1.2.3.4 7 typ host\r\na=x",
           "candidate:1 1 udp 5 1.2.3.4 7 typ\thost",
       }) {
    EXPECT_FALSE(Candidate::parse(line)) << line;
  }
  EXPECT_EQ(Candidate::parse("candidate:1 1 sctp 5 1.2.3.4 7 typ host").error(),
            ParseError::unsupported);
  EXPECT_EQ(Candidate::parse("candidate:1 1 udp 5 1.2.3.4 7 typ magic").error(),
            ParseError::unsupported);
  EXPECT_EQ(Candidate::parse("candidate:" + std::string(2'000, '1')).error(), ParseError::tooLarge);
  EXPECT_FALSE(
      Candidate::parse("candidate:" + std::string(65, '1') + " 1 udp 5 1.2.3.4 7 typ host"));
}

TEST(Candidate, WhateverParsesAlsoRoundTrips) {
  const std::string good =
      "candidate:842163049 1 udp 1677729535 203.0.113.7 61665 typ srflx raddr 192.0.2.4 rport 50 "
      "tcptype so generation 0 ufrag F7gI network-id 3 network-cost 10";
  Random random(8);
  std::size_t parsedCount = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bad = good;
    for (std::uint64_t n = 1 + random.below(3); n > 0; --n) {
      const std::size_t at = random.below(bad.size());
      switch (random.below(3)) {
        case 0:
          bad[at] = static_cast<char>(random.below(128));
          break;
        case 1:
          bad.erase(at, 1 + random.below(4));
          break;
        case 2:
          bad.insert(at, 1, " 09.:a"[random.below(6)]);
          break;
      }
    }
    const auto candidate = Candidate::parse(bad);
    if (!candidate) continue;
    ++parsedCount;
    const auto again = Candidate::parse(candidate->toString());
    ASSERT_TRUE(again) << bad;
    ASSERT_EQ(*again, *candidate) << bad;
  }
  EXPECT_GT(parsedCount, 1'000u);
}

TEST(CandidatePriority, FollowsTheFormula) {
  EXPECT_EQ(candidatePriority(CandidateType::host, 65'535, 1), 2130706431u);
  EXPECT_EQ(candidatePriority(CandidateType::serverReflexive, 65'535, 1), 1694498815u);
  EXPECT_EQ(candidatePriority(CandidateType::relayed, 0, 256), 0u);
  EXPECT_GT(candidatePriority(CandidateType::peerReflexive, 0, 1),
            candidatePriority(CandidateType::serverReflexive, 65'535, 1));
  EXPECT_LT(candidatePriority(CandidateType::host, Protocol::tcp, 65'535, 1),
            candidatePriority(CandidateType::serverReflexive, Protocol::udp, 0, 1));
}

TEST(LocalPreference, InterleavesTheFamilies) {
  using enum IpAddress::Family;
  EXPECT_GT(localPreference(v6, 0), localPreference(v4, 0));
  EXPECT_GT(localPreference(v4, 0), localPreference(v6, 1));
  EXPECT_GT(localPreference(v6, 1), localPreference(v4, 1));
  EXPECT_GT(localPreference(v4, 20'000), 0);
}

// RFC 6544 4.2.
TEST(LocalPreference, OfTcpPutsTheDirectionFirst) {
  using enum IpAddress::Family;
  EXPECT_EQ(localPreference(TcpType::active, v6, 0), 6 * 8'192 + 8'191);
  EXPECT_EQ(localPreference(TcpType::passive, v4, 0), 4 * 8'192 + 8'190);
  EXPECT_GT(localPreference(TcpType::active, v4, 9'999), localPreference(TcpType::passive, v6, 0));
  EXPECT_GT(localPreference(TcpType::passive, v4, 9'999),
            localPreference(TcpType::simultaneousOpen, v6, 0));
  EXPECT_GT(localPreference(TcpType::passive, v4, 0), localPreference(TcpType::passive, v6, 1));
}

TEST(CandidateFoundation, IsEqualExactlyForEqualTypeBaseProtocolAndServer) {
  const IpAddress base = *IpAddress::parse("192.0.2.1");
  const IpAddress other = *IpAddress::parse("192.0.2.2");
  const auto of = [](CandidateType type, const IpAddress& ip, Protocol protocol,
                     std::optional<IpAddress> server, std::uint64_t salt = 5) {
    return candidateFoundation(type, ip, protocol, server, salt);
  };
  const std::string host = of(CandidateType::host, base, Protocol::udp, {});
  EXPECT_EQ(host, of(CandidateType::host, base, Protocol::udp, {}));
  EXPECT_NE(host, of(CandidateType::relayed, base, Protocol::udp, {}));
  EXPECT_NE(host, of(CandidateType::host, other, Protocol::udp, {}));
  EXPECT_NE(host, of(CandidateType::host, base, Protocol::tcp, {}));
  EXPECT_NE(host, of(CandidateType::host, base, Protocol::udp, other));
  EXPECT_NE(host, of(CandidateType::host, base, Protocol::udp, {}, 6));
}

}  // namespace
}  // namespace parley::ice
