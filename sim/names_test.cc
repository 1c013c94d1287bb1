#include "sim/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_talker.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

using ::testing::IsEmpty;
using testing::Talker;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

struct NamesTest : ::testing::Test {
  World world{3};
  Node& alice = world.addNode("alice");
  Talker talker{alice};
  const Instant start = world.now();

  std::vector<IpAddress> ask(const std::string& name, Duration limit = 60s) {
    const std::size_t before = talker.answers.size();
    alice.host().resolve(talker, name);
    EXPECT_TRUE(world.runUntil([&] { return talker.answers.size() > before; }, limit));
    return talker.answers.back().second;
  }
};

TEST_F(NamesTest, AreAnsweredInTurnAndTheLastAnswerStays) {
  const std::vector<IpAddress> both = {ip("192.0.2.1"), ip("2001:db8::1")};
  world.names().set("turn.example", {{both, 10ms}, {{}, 2s}, {{ip("192.0.2.9")}, 20ms}});
  EXPECT_EQ(ask("turn.example"), both);
  EXPECT_EQ(world.now() - start, 10ms);
  EXPECT_THAT(ask("turn.example"), IsEmpty()) << "a failure that takes its time";
  EXPECT_EQ(world.now() - start, 2'010ms);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("turn.example"), std::vector{ip("192.0.2.9")});
  EXPECT_EQ(world.names().asked("turn.example"), 5u);
  world.names().forget("turn.example");
  EXPECT_THAT(ask("turn.example"), IsEmpty());
}

TEST_F(NamesTest, AQuestionMayStayOpenForGood) {
  world.names().set("silent.example", {{.addresses = {}, .isNever = true}});
  alice.host().resolve(talker, "silent.example");
  world.runFor(24h);
  EXPECT_THAT(talker.answers, IsEmpty());
  EXPECT_EQ(alice.report().resolving, 1u);
}

struct SegmentTest : NamesTest {
  Segment& home = world.addSegment("home");
  Node& bob = world.addNode("bob");
  Node& mallory = world.addNode("mallory");
  const std::string name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";

  SegmentTest() {
    for (Node* node : {&alice, &bob, &mallory}) home.join(*node);
    home.announce(bob, name);
  }
};

TEST_F(SegmentTest, ALocalNameIsAnsweredByWhoAnnouncedIt) {
  EXPECT_EQ(ask(name), std::vector{bob.address()});
  EXPECT_EQ(world.now() - start, 10ms);
  const IpAddress before = bob.address();
  bob.addAddress(ip("10.0.9.9"));
  bob.removeAddress(before);
  EXPECT_EQ(ask(name), std::vector{ip("10.0.9.9")}) << "with the address it has by then";
  home.withdraw(name);
  EXPECT_THAT(ask(name), IsEmpty());
}

TEST_F(SegmentTest, NothingLeavesTheSegment) {
  Segment& office = world.addSegment("office");
  home.leave(alice);
  EXPECT_THAT(ask(name), IsEmpty());
  EXPECT_EQ(world.now() - start, 5s);
  office.join(alice);
  EXPECT_THAT(ask(name), IsEmpty());
  home.join(alice);
  EXPECT_EQ(ask(name), std::vector{bob.address()});
}

TEST_F(SegmentTest, AnswersComeLateGetLostOrAreNeverGiven) {
  home.options().delay = 4s;
  EXPECT_EQ(ask(name), std::vector{bob.address()});
  EXPECT_EQ(world.now() - start, 4s);
  home.options().delay = 6s;
  EXPECT_THAT(ask(name), IsEmpty()) << "too late is not at all";
  home.options() = {.loss = 1};
  EXPECT_THAT(ask(name), IsEmpty());
  home.options() = {};
  bob.setOnline(false);
  EXPECT_THAT(ask(name), IsEmpty());
  home.options() = {.hangs = true};
  alice.host().resolve(talker, name);
  world.runFor(1h);
  EXPECT_EQ(alice.report().resolving, 1u);
}

TEST_F(SegmentTest, ALiarWhoIsFasterWins) {
  home.spoof(mallory, name, ip("203.0.113.66"), 1ms);
  EXPECT_EQ(ask(name), std::vector{ip("203.0.113.66")});
  home.options().delay = 500us;
  EXPECT_EQ(ask(name), std::vector{bob.address()});
  home.spoof(mallory, "nobody.local", ip("127.0.0.1"));
  EXPECT_EQ(ask("nobody.local"), std::vector{ip("127.0.0.1")});
}

TEST_F(SegmentTest, ANameThatAGuestPublishesIsAnsweredUntilItLeaves) {
  auto owner = std::make_unique<Talker>(bob);
  const std::string own = bob.host().publishName(*owner, ip("10.0.7.7"));
  ASSERT_NE(own, "");
  EXPECT_EQ(bob.report().namesPublished, 1u);
  EXPECT_EQ(ask(own), std::vector{ip("10.0.7.7")});
  const std::string other = bob.host().publishName(*owner, bob.address());
  EXPECT_NE(own, other);
  EXPECT_EQ(ask(other), std::vector{bob.address()});
  bob.host().withdrawName(*owner, own);
  EXPECT_THAT(ask(own), IsEmpty());
  home.leave(bob);
  EXPECT_THAT(ask(other), IsEmpty());
  home.join(bob);
  owner.reset();
  EXPECT_THAT(ask(other), IsEmpty());
  EXPECT_EQ(bob.report().namesPublished, 0u);
}

TEST_F(SegmentTest, ANodeKnowsItsOwnNamesAtOnce) {
  home.announce(alice, "me.local");
  home.options().loss = 1;
  EXPECT_EQ(ask("me.local"), std::vector{alice.address()});
  EXPECT_EQ(world.now(), start);
}

}  // namespace
}  // namespace parley::sim
