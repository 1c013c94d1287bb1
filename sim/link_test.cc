#include "sim/link.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/world.h"

namespace parley::sim {
namespace {

class Sink final : public Station {
 public:
  using Station::Station;
  void receive(WireDatagram datagram) override {
    heard.emplace_back(textOf(datagram.bytes));
    when.push_back(world().now());
  }
  std::vector<std::string> heard;
  std::vector<Instant> when;
};

struct LinkTest : testing::Test {
  World world{5};
  Sink a{world, "a"}, b{world, "b"};
  Link& link = world.connect(a, b);

  static WireDatagram datagram(std::string_view text) {
    return {{}, {}, 0, toVector(bytesOf(text))};
  }
  void say(std::string_view text) { link.from(a).carry(datagram(text)); }
  void sayNumbers(int count, Duration apart = 1ms) {
    for (int i = 0; i < count; ++i) {
      world.at(apart * i, [this, i] { say(std::to_string(i)); });
    }
    world.runFor(apart * count + 10s);
  }
  std::size_t lossesInRuns(std::size_t of) const {  // of at least so many datagrams
    std::size_t lost = 0;
    int next = 0;
    for (const std::string& text : b.heard) {
      const int number = std::stoi(text);
      if (number - next >= static_cast<int>(of)) lost += static_cast<std::size_t>(number - next);
      next = number + 1;
    }
    return lost;
  }
  bool addsUp() {
    const Pipe& pipe = link.from(a);
    const PipeStats& s = pipe.stats();
    return s.sent + s.injected + s.duplicated ==
           s.delivered + s.lost + s.overflowed + s.tooLarge + s.blocked + pipe.underWay();
  }
};

TEST_F(LinkTest, LosesInBurstsOfAMeanLength) {
  link.setOptions({.bursts = {.start = 0.01, .packets = 20}});
  sayNumbers(20'000);
  const auto lost = static_cast<double>(link.from(a).stats().lost);
  EXPECT_NEAR(lost / 20'000, 1.0 / 6, 0.03);  // 20 bad ones for each 100 good ones
  EXPECT_GT(static_cast<double>(lossesInRuns(8)), lost * 0.8);
}

TEST_F(LinkTest, ABurstMayBeCountedInTime) {
  link.setOptions({.bursts = {.start = 0.002, .time = 50ms}});
  sayNumbers(20'000);
  EXPECT_NEAR(static_cast<double>(link.from(a).stats().lost), 20'000 * 50.0 / 550, 700);
}

TEST_F(LinkTest, LosesOnlyAShareInTheBadState) {
  link.setOptions({.bursts = {.start = 1, .packets = 1e9, .loss = 0.5}});
  sayNumbers(2'000);
  EXPECT_NEAR(static_cast<double>(link.from(a).stats().lost), 1'000, 100);
}

TEST_F(LinkTest, TruncatesAndAppends) {
  link.setOptions({.truncate = 1});
  say("a datagram");
  world.runFor(1s);
  EXPECT_EQ(b.heard.at(0), std::string("a datagram").substr(0, b.heard.at(0).size()));
  EXPECT_LT(b.heard.at(0).size(), 10u);
  link.setOptions({.append = 1, .appendMax = 8});
  say("a datagram");
  world.runFor(1s);
  EXPECT_EQ(b.heard.at(1).substr(0, 10), "a datagram");
  EXPECT_GT(b.heard.at(1).size(), 10u);
  EXPECT_LE(b.heard.at(1).size(), 18u);
  EXPECT_EQ(link.from(a).stats().mangled, 2u);
}

TEST_F(LinkTest, MakesUpToTenCopies) {
  link.setOptions({.duplicate = 1, .copiesMax = 99});
  std::size_t most = 0, least = 99;
  for (int i = 0; i < 200; ++i) {
    b.heard.clear();
    say("x");
    world.runFor(1s);
    most = std::max(most, b.heard.size());
    least = std::min(least, b.heard.size());
  }
  EXPECT_EQ(most, 11u);
  EXPECT_EQ(least, 2u);
  EXPECT_TRUE(addsUp());
}

TEST_F(LinkTest, WithoutOrderJitterAloneLetsLaterOnesOvertake) {
  link.setOptions({.jitter = 500ms, .keepsOrder = false});
  const Instant start = world.now();
  sayNumbers(100);
  ASSERT_EQ(b.heard.size(), 100u);
  EXPECT_FALSE(std::ranges::is_sorted(b.heard, {}, [](const auto& text) { return stoi(text); }));
  EXPECT_LE(b.when.back() - start, 100ms + 20ms + 500ms);
}

TEST_F(LinkTest, AReorderedOneIsOvertakenByACertainNumber) {
  link.setOptions({.reorder = 1, .reorderDelay = 500ms, .reorderDistance = 3});
  say("late");
  link.setOptions({.reorderDistance = 3});
  for (const char* text : {"1", "2", "3", "4"}) say(text);
  world.runFor(100ms);
  EXPECT_EQ(b.heard, (std::vector<std::string>{"1", "2", "3", "late", "4"}));
}

TEST_F(LinkTest, AReorderedOneThatNobodyOvertakesArrivesAtLast) {
  link.setOptions({.reorder = 1, .reorderDelay = 500ms, .reorderDistance = 3});
  const Instant start = world.now();
  say("late");
  world.runFor(519ms);
  EXPECT_TRUE(b.heard.empty());
  EXPECT_EQ(link.from(a).underWay(), 1u);
  world.runFor(2ms);
  ASSERT_EQ(b.heard.size(), 1u);
  EXPECT_EQ(b.when[0] - start, 520ms);
  EXPECT_TRUE(addsUp());
}

TEST_F(LinkTest, AQueueMayBeBoundedInDatagrams) {
  link.setOptions({.bitsPerSecond = 8'000, .queueBytes = 64'000, .queuePackets = 5});
  for (int i = 0; i < 20; ++i) say("x");
  world.runFor(10s);
  EXPECT_EQ(b.heard.size(), 5u);
  EXPECT_EQ(link.from(a).stats().overflowed, 15u);
  say("there is room again");
  world.runFor(10s);
  EXPECT_EQ(b.heard.size(), 6u);
}

TEST_F(LinkTest, ThePathMayNarrowDuringARun) {
  say(std::string(1'400, 'x'));
  world.at(1s, [&] { link.setMtu(1'280); });
  world.at(2s, [&] { say(std::string(1'400, 'x')); });
  world.runFor(5s);
  EXPECT_EQ(b.heard.size(), 1u);
}

TEST_F(LinkTest, ABlackHoleOpensAtItsInstant) {
  link.setOptions({.blackHoleFrom = world.now() + 1s, .blackHoleAbove = 576});
  for (int i = 0; i < 4; ++i) {
    world.at(500ms * i, [&] { say(std::string(1'200, 'x')), say(std::string(548, 'y')); });
  }
  world.runFor(5s);
  EXPECT_EQ(std::ranges::count(b.heard, 'x', [](const auto& text) { return text[0]; }), 2);
  EXPECT_EQ(std::ranges::count(b.heard, 'y', [](const auto& text) { return text[0]; }), 4);
  EXPECT_EQ(link.from(a).stats().tooLarge, 2u);
}

TEST_F(LinkTest, EachDirectionHasOptionsOfItsOwn) {
  world.connect(a, b, {.latency = 10ms}, {.latency = 90ms, .loss = 1});
  EXPECT_EQ(link.from(a).options().latency, 10ms);
  EXPECT_EQ(link.from(b).options().latency, 90ms);
  world.connect(b, a, {.latency = 1ms}, {.latency = 2ms});
  EXPECT_EQ(link.from(b).options().latency, 1ms);
  EXPECT_EQ(link.from(a).options().latency, 2ms);
}

TEST_F(LinkTest, WhoSitsOnItSeesChangesTakesAndInjects) {
  Pipe& pipe = link.from(a);
  std::vector<std::string> seen;
  pipe.setTap([&](WireDatagram& datagram) {
    seen.emplace_back(textOf(datagram.bytes));
    if (seen.back() == "take") return false;
    if (seen.back() == "change") datagram.bytes = toVector(bytesOf("changed"));
    return true;
  });
  for (const char* text : {"leave", "take", "change"}) say(text);
  pipe.inject(datagram("false"), 1s);
  world.runFor(2s);
  EXPECT_EQ(seen, (std::vector<std::string>{"leave", "take", "change"}));
  EXPECT_EQ(b.heard, (std::vector<std::string>{"leave", "changed", "false"}));
  EXPECT_TRUE(addsUp());
}

TEST_F(LinkTest, TheBooksAddUpUnderEverythingAtOnce) {
  link.setOptions({.jitter = 20ms,
                   .loss = 0.1,
                   .duplicate = 0.3,
                   .reorder = 0.2,
                   .reorderDelay = 300ms,
                   .corrupt = 0.1,
                   .bitsPerSecond = 80'000,
                   .queueBytes = 2'000,
                   .mtu = 31,
                   .bursts = {.start = 0.05},
                   .copiesMax = 10,
                   .reorderDistance = 5,
                   .keepsOrder = false,
                   .truncate = 0.1,
                   .append = 0.1});
  for (int i = 0; i < 3'000; ++i) {
    world.at(1ms * i, [this, i] { say(std::to_string(i)); });
  }
  for (int i = 0; i < 40; ++i) {
    world.runFor(100ms);
    ASSERT_TRUE(addsUp());
  }
  EXPECT_EQ(link.from(a).underWay(), 0u);
  for (const std::uint64_t count :
       {link.from(a).stats().lost, link.from(a).stats().overflowed, link.from(a).stats().tooLarge,
        link.from(a).stats().mangled, link.from(a).stats().reordered}) {
    EXPECT_GT(count, 0u);
  }
}

TEST_F(LinkTest, ObserversSeeWhatIsSentAndWhatArrives) {
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  world.connect(alice, bob, {.loss = 0.5});
  int sent = 0, arrived = 0;
  world.observe([&](const Station& from, const WireDatagram&) { sent += &from == &alice; });
  world.observeArrivals([&](const Station& at, const WireDatagram&) { arrived += &at == &bob; });
  for (int i = 0; i < 100; ++i) {
    world.transmit(alice, {{alice.address(), 1}, {bob.address(), 1}, 0, {}});
  }
  world.runFor(1s);
  EXPECT_EQ(sent, 100);
  EXPECT_NEAR(arrived, 50, 20);
  world.stopObserving();
  world.transmit(alice, {{alice.address(), 1}, {bob.address(), 1}, 0, {}});
  EXPECT_EQ(sent, 100);
}

}  // namespace
}  // namespace parley::sim
