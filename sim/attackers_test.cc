#include "sim/attackers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/test_talker.h"
#include "sim/world.h"
#include "stun/message.h"

namespace parley::sim {
namespace {

using testing::Talker;

struct AttackersTest : ::testing::Test {
  World world{6};
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  Link& link = world.connect(alice, bob);
  Talker a{alice}, b{bob};
  const Address toBob{bob.address(), 7'000};

  void sayNumbers(int count) {
    for (int i = 0; i < count; ++i) {
      world.at(1ms * i, [this, i] { a.say(toBob, std::to_string(i)); });
    }
  }
};

TEST_F(AttackersTest, AStrangerHitsAtARateUnderItsOwnName) {
  OffPath& mallory = world.addOffPath("mallory", IpAddress::v4({6, 6, 6, 6}));
  world.connect(mallory, bob);
  mallory.attack([&](Random&) { return OffPath::Aim{toBob, {}}; }, {.perSecond = 1'000});
  world.runFor(10s);
  EXPECT_NEAR(static_cast<double>(b.heard.size()), 10'000, 300);
  for (const Address& from : b.froms) ASSERT_EQ(from.ip, mallory.address());
  mallory.rest();
  world.runFor(1s);
  const std::size_t heard = b.heard.size();
  world.runFor(10s);
  EXPECT_EQ(b.heard.size(), heard);
}

TEST_F(AttackersTest, AStrangerMayUseAnothersName) {
  OffPath& mallory = world.addOffPath("mallory", IpAddress::v4({6, 6, 6, 6}));
  world.connect(mallory, bob);
  const Address asAlice{alice.address(), 7'000};
  mallory.attack([&](Random&) { return OffPath::Aim{toBob, asAlice}; },
                 {.forgeries = {Forgery::stunRequest}});
  ASSERT_TRUE(world.runUntil([&] { return b.froms.size() == 20; }, 10s));
  EXPECT_THAT(b.froms, ::testing::Each(asAlice));
  for (const std::string& text : b.heard) {
    EXPECT_TRUE(stun::MessageView::parse(bytesOf(text)).has_value());
  }
}

TEST_F(AttackersTest, WhatComesBackToAStrangerIsCounted) {
  OffPath& mallory = world.addOffPath("mallory", IpAddress::v4({6, 6, 6, 6}));
  world.connect(mallory, bob);
  mallory.attack([&](Random&) -> std::optional<OffPath::Aim> {
    if (mallory.sent() == 1) return std::nullopt;
    return OffPath::Aim{toBob, {}};
  });
  ASSERT_TRUE(world.runUntil([&] { return b.froms.size() == 1; }, 10s));
  b.say(b.froms[0], "who are you");
  world.runFor(1s);
  EXPECT_EQ(mallory.answers(), 1u);
  EXPECT_EQ(mallory.answerBytes(), 11u);
  EXPECT_EQ(mallory.bytesSent(), b.heard[0].size());
}

TEST_F(AttackersTest, AStrangerSendsRecordingsAsTheyAreOrSpoilt) {
  OffPath& mallory = world.addOffPath("mallory", IpAddress::v4({6, 6, 6, 6}));
  world.connect(mallory, bob);
  mallory.attack([&](Random&) { return OffPath::Aim{toBob, {}}; },
                 {.forgeries = {Forgery::alert},
                  .recordings = {toVector(bytesOf("a real conversation, word for word"))}});
  ASSERT_TRUE(world.runUntil([&] { return b.heard.size() == 400; }, 10s));
  const auto real = std::ranges::count(b.heard, "a real conversation, word for word");
  const auto alerts =
      std::ranges::count_if(b.heard, [](const auto& text) { return text.size() == 15; });
  EXPECT_NEAR(static_cast<double>(real), 100, 40);
  EXPECT_NEAR(static_cast<double>(alerts), 200, 50);
}

TEST_F(AttackersTest, SomebodyOnTheWireTakesChangesDelaysAndRepeats) {
  OnPath& eve = world.addOnPath(link);
  sayNumbers(100);
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 100u) << "one who only listens changes nothing";
  EXPECT_EQ(eve.seen().size(), 100u);

  eve.setOptions({.drop = 0.2, .delay = 0.2, .replay = 0.2, .mutate = 0.2});
  b.heard.clear();
  sayNumbers(1'000);
  world.runFor(5s);
  const OnPath::Stats& did = eve.stats();
  for (const std::uint64_t count : {did.dropped, did.delayed, did.replayed, did.mutated}) {
    EXPECT_NEAR(static_cast<double>(count), 180, 60);
  }
  EXPECT_EQ(b.heard.size(), 1'000 - did.dropped + did.replayed);
  EXPECT_EQ(eve.seen().size(), OnPath::kSeen);

  eve.leave();
  b.heard.clear();
  sayNumbers(100);
  world.runFor(1s);
  EXPECT_EQ(b.heard.size(), 100u);
}

TEST_F(AttackersTest, SomebodyOnTheWireSpeaksInTheNameOfBothEnds) {
  OnPath& eve = world.addOnPath(link, {.injectsPerSecond = 200});
  world.runFor(1s);
  EXPECT_TRUE(b.heard.empty()) << "before anything was seen there are no names to use";
  a.say(toBob, "hello");
  b.say({alice.address(), 7'000}, "hello");
  world.runFor(2s);
  eve.leave();
  world.runFor(1s);
  EXPECT_GT(a.heard.size(), 100u);
  EXPECT_GT(b.heard.size(), 100u);
  EXPECT_EQ(a.heard.size() + b.heard.size(), eve.stats().injected + 2);
  EXPECT_THAT(a.froms, ::testing::Each(toBob));
}

TEST_F(AttackersTest, ReplaysMayBeSpoilt) {
  world.addOnPath(link, {.replay = 1, .spoilsReplay = 1});
  sayNumbers(200);
  world.runFor(2s);
  EXPECT_EQ(b.heard.size(), 400u);
  const auto real = std::ranges::count_if(b.heard, [](const std::string& text) {
    return text.find_first_not_of("0123456789") == std::string::npos;
  });
  EXPECT_LT(real, 300);
}

}  // namespace
}  // namespace parley::sim
