#include "mdns/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mdns/test_names.h"

namespace parley::mdns {
namespace {

using test::ip;
using test::says;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct MdnsResolver : testing::Test {
  Instant now{10s};
  const Instant start = now;
  Resolver resolver;

  struct Sent {
    Duration when;
    std::vector<Question> questions;
  };
  std::vector<Sent> sent;
  std::vector<std::pair<std::uint64_t, std::vector<IpAddress>>> answers;

  void settle() {
    while (auto query = resolver.nextQuery(now))
      sent.push_back({now - start, parse(*query).value().questions});
    while (auto answer = resolver.nextAnswer())
      answers.emplace_back(answer->request.value, answer->found);
  }
  void ask(std::uint64_t id, std::string_view name) { resolver.ask(now, ResolveId{id}, name); }
  void runUntil(Instant end) {
    settle();
    while (resolver.deadline() <= end) {
      ASSERT_GE(resolver.deadline(), now);
      now = resolver.deadline();
      resolver.onTimer(now);
      settle();
    }
    now = end;
  }
};

TEST_F(MdnsResolver, AsksAtOnceAfterOneSecondAndAfterThreeAndGivesUpAfterFive) {
  ask(1, "A.local");
  runUntil(start + 1min);
  ASSERT_EQ(sent.size(), 3u);
  EXPECT_EQ(sent[0].when, 0s);
  EXPECT_EQ(sent[1].when, 1s);
  EXPECT_EQ(sent[2].when, 3s);
  EXPECT_EQ(sent[0].questions.at(0), (Question{"a.local", true})) << "unicast will do at first";
  EXPECT_EQ(sent[1].questions.at(0), (Question{"a.local", false}));
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_THAT(answers[0].second, IsEmpty());
  EXPECT_TRUE(resolver.isIdle());
  EXPECT_EQ(resolver.deadline(), never());
}

TEST_F(MdnsResolver, AsksForMulticastWhereUnicastMayReachAnotherProgram) {
  resolver.setCanHearUnicast(false);
  ask(1, "a.local");
  settle();
  EXPECT_EQ(sent.at(0).questions.at(0), (Question{"a.local", false}));
}

TEST_F(MdnsResolver, TheFirstMessageWithAddressesIsTheAnswer) {
  ask(1, "a.local");
  settle();
  resolver.receive(says("b.local", {"10.0.0.9"}));
  resolver.receive(says("a.local", {"10.0.0.9"}, 0s));
  settle();
  EXPECT_THAT(answers, IsEmpty()) << "another name, and a goodbye";
  resolver.receive(says("a.local", {"10.0.0.1", "fd00::1", "10.0.0.1"}));
  resolver.receive(says("a.local", {"10.0.0.2"}));
  runUntil(start + 1min);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_THAT(answers[0].second, ElementsAre(ip("10.0.0.1"), ip("fd00::1")));
  EXPECT_EQ(sent.size(), 1u);
}

TEST_F(MdnsResolver, AQueryIsNoAnswer) {
  ask(1, "a.local");
  settle();
  Message query = says("a.local", {"10.0.0.9"});
  query.isResponse = false;
  resolver.receive(query);
  settle();
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(MdnsResolver, AddressesThatNobodyCanSendToAreNone) {
  ask(1, "a.local");
  settle();
  resolver.receive(says(
      "a.local", {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1", "::ffff:1.2.3.4"}));
  settle();
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(MdnsResolver, SeveralWhoAskForOneNameShareTheQuestion) {
  ask(1, "a.local");
  settle();
  ask(2, "A.LOCAL");
  settle();
  EXPECT_EQ(sent.size(), 1u);
  resolver.receive(says("a.local", {"10.0.0.1"}));
  settle();
  EXPECT_EQ(answers.size(), 2u);
}

TEST_F(MdnsResolver, OtherNamesFailAtOnceAndUnasked) {
  ask(1, "turn.example");
  ask(2, "printer.office.local");
  settle();
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_THAT(sent, IsEmpty());
  EXPECT_TRUE(resolver.isIdle());
}

TEST_F(MdnsResolver, WhatIsCancelledIsNotAskedForAgain) {
  ask(1, "a.local");
  ask(2, "a.local");
  settle();
  resolver.cancel(ResolveId{1});
  EXPECT_EQ(resolver.underWay(), 1u);
  resolver.cancel(ResolveId{2});
  EXPECT_TRUE(resolver.isIdle());
  runUntil(start + 1min);
  EXPECT_EQ(sent.size(), 1u);
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(MdnsResolver, ThousandNamesAreABoundedNumberOfQuestionsInABoundedNumberOfPackets) {  // I-8
  for (std::uint64_t i = 0; i < 1'000; ++i) ask(i, "n" + std::to_string(i) + ".local");
  settle();
  EXPECT_EQ(resolver.underWay(), limits::mdns::kAsked);
  EXPECT_EQ(answers.size(), 1'000 - limits::mdns::kAsked);
  EXPECT_EQ(sent.size(), limits::mdns::kAsked / kNamesPerPacket);
  runUntil(start + 5s);
  EXPECT_EQ(answers.size(), 1'000u);
  for (std::uint64_t i = 0; i < 1'000; ++i) ask(i, "a.local");
  EXPECT_EQ(resolver.underWay(), 1u);
  settle();
  EXPECT_EQ(answers.size(), 2'000 - limits::mdns::kAsked) << "nor without bound for one name";
}

TEST_F(MdnsResolver, WhoAsksTooOftenWaits) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    ask(i, "n" + std::to_string(i) + ".local");
    settle();
    resolver.cancel(ResolveId{i});
  }
  EXPECT_EQ(sent.size(), static_cast<std::size_t>(limits::mdns::kQueriesPerSecond));
  ask(777, "late.local");
  settle();
  runUntil(now + 1s);
  EXPECT_EQ(sent.back().questions.at(0).name, "late.local");
}

}  // namespace
}  // namespace parley::mdns
