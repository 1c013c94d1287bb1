#include "session/own_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "session/test_peer.h"

namespace parley::session {
namespace {

using ice::CandidateType;

struct Nobody final : Host::Guest {
  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
};

struct OwnNamesTest : testing::Test {
  test::Net net;
  test::TestHost host{net, {"192.168.1.2", "2001:db8::2"}};
  Nobody owner;
  GatherConfig config;
  Bases bases{host};
  OwnNames names{host, owner, config};

  OwnNamesTest() {
    host.enter(owner);
    config.hideAddresses = true;
  }
  static ice::Candidate candidate(CandidateType type, const char* address) {
    ice::Candidate made;
    made.foundation = "1";
    made.type = type;
    made.address = {*IpAddress::parse(address), 9'000};
    return made;
  }
};

TEST_F(OwnNamesTest, EachAddressHasOneNameOfItsOwn) {
  auto v4 = candidate(CandidateType::host, "192.168.1.2"), again = v4;
  auto v6 = candidate(CandidateType::host, "2001:db8::2");
  EXPECT_TRUE(names.cover(v4));
  EXPECT_TRUE(names.cover(v6));
  EXPECT_TRUE(names.cover(again));
  EXPECT_EQ(v4.hostname, again.hostname);
  EXPECT_NE(v4.hostname, v6.hostname);
  EXPECT_EQ(host.published.at(v4.hostname), *IpAddress::parse("192.168.1.2"));
  EXPECT_EQ(names.shown(v4).toString(), "candidate:1 1 udp 0 " + v4.hostname + " 9000 typ host");
  EXPECT_TRUE(names.shown(v6).needsResolution()) << "the address is not in it";
  EXPECT_EQ(v6.address.ip, *IpAddress::parse("2001:db8::2")) << "the agent needs it";
}

TEST_F(OwnNamesTest, NoRelatedAddressIsTold) {
  auto reflexive = candidate(CandidateType::serverReflexive, "203.0.113.1");
  reflexive.related = Address{*IpAddress::parse("192.168.1.2"), 9'000};
  auto relayed = candidate(CandidateType::relayed, "2001:db8::99");
  relayed.related = Address{*IpAddress::parse("2001:db8::7"), 9'000};
  EXPECT_TRUE(names.cover(reflexive));
  EXPECT_TRUE(names.cover(relayed));
  EXPECT_EQ(reflexive.related, Address{});
  EXPECT_EQ(relayed.related, (Address{IpAddress::v6({}), 0}));
  EXPECT_EQ(names.shown(reflexive).address.ip.toString(), "203.0.113.1");
  EXPECT_EQ(names.size(), 0u);
}

TEST_F(OwnNamesTest, AReflexiveCandidateThatIsAnAddressOfOursIsNotTold) {
  auto reflexive = candidate(CandidateType::serverReflexive, "192.168.1.2");
  EXPECT_FALSE(names.cover(reflexive));
}

TEST_F(OwnNamesTest, WhatAnAddressIsMappedToIsNoneOfOurs) {
  config.addressMappings = {{*IpAddress::parse("192.168.1.2"), *IpAddress::parse("203.0.113.1")}};
  auto mapped = candidate(CandidateType::host, "203.0.113.1");
  EXPECT_TRUE(names.cover(mapped));
  EXPECT_EQ(names.shown(mapped).address.ip.toString(), "203.0.113.1");
  EXPECT_TRUE(host.published.empty());
}

TEST_F(OwnNamesTest, NamesOfAddressesThatNothingStandsOnAreWithdrawn) {
  auto kept = candidate(CandidateType::host, "192.168.1.2");
  auto gone = candidate(CandidateType::host, "2001:db8::2");
  names.cover(kept);
  names.cover(gone);
  bases.add({.transport = {}, .socket = {.socket = {}, .local = kept.address, .announced = {}}});
  names.keepOnly(bases);
  EXPECT_EQ(host.published.size(), 1u);
  EXPECT_TRUE(host.published.contains(kept.hostname));
  EXPECT_EQ(names.size(), 1u);
}

TEST_F(OwnNamesTest, ThereAreNoMoreThanTheLimitAndTheRestIsNotTold) {
  for (std::size_t i = 0; i < limits::ice::kOwnNames; ++i) {
    auto one = candidate(CandidateType::host, ("10.0.0." + std::to_string(i)).c_str());
    EXPECT_TRUE(names.cover(one));
  }
  auto beyond = candidate(CandidateType::host, "10.0.1.1");
  EXPECT_FALSE(names.cover(beyond));
  EXPECT_TRUE(names.shown(beyond).address.ip.isUnspecified());
  EXPECT_EQ(host.published.size(), limits::ice::kOwnNames);
}

TEST_F(OwnNamesTest, NothingIsChangedUnlessAsked) {
  config.hideAddresses = false;
  auto plain = candidate(CandidateType::host, "192.168.1.2");
  plain.related = plain.address;
  const auto before = plain;
  EXPECT_TRUE(names.cover(plain));
  EXPECT_EQ(plain, before);
  EXPECT_EQ(names.shown(plain), before);
  EXPECT_TRUE(host.published.empty());
}

TEST_F(OwnNamesTest, ASessionKeepsItsNamesInARestartAndTellsNoAddress) {
  test::Peer peer(net, "10.0.0.1", true, {},
                  [](Config& made) { made.gather.hideAddresses = true; });
  peer.create();
  peer.restart();
  const auto found = peer.all<CandidateFound>();
  ASSERT_EQ(found.size(), 2u);
  for (const CandidateFound& each : found) {
    EXPECT_EQ(each.candidate.hostname, found.front().candidate.hostname);
    EXPECT_TRUE(each.candidate.address.ip.isUnspecified());
  }
  EXPECT_EQ(peer.host.published.size(), 1u);
  peer.execute(CloseTransport{test::kTransport});
  EXPECT_TRUE(peer.host.published.empty());
}

}  // namespace
}  // namespace parley::session
