#include "sim/nat.h"

#include <gtest/gtest.h>

#include "sim/test_talker.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

using testing::Talker;
using enum NatDependence;

const IpAddress kOutside = IpAddress::v4({198, 51, 100, 1});
const IpAddress kInside = IpAddress::v4({192, 168, 1, 2});

IpAddress v6(std::string_view text) { return *IpAddress::parse(text); }

// One node behind a NAT and two servers with two ports each.
struct Street {
  explicit Street(const NatOptions& options = {})
      : nat(world.addNat("nat", kOutside, options)), home(world.addNode("home", {kInside}, nat)) {
    world.connect(nat, a);
    world.connect(nat, b);
  }

  // As whom `home` is seen by one socket of a server.
  Address seenBy(Talker& server, const Node& at, std::uint16_t port) {
    const std::size_t before = server.froms.size();
    client.say({at.address(), port}, "hello");
    world.runFor(1s);
    return server.froms.size() > before ? server.froms.back() : Address{};
  }
  bool reaches(Talker& from, const Address& to) {
    const std::size_t before = client.heard.size();
    from.say(to, "probe");
    world.runFor(1s);
    return client.heard.size() > before;
  }

  World world{9};
  Nat& nat;
  Node& home;
  Node& a = world.addNode("a", {IpAddress::v4({203, 0, 113, 1})});
  Node& b = world.addNode("b", {IpAddress::v4({203, 0, 113, 2})});
  Talker client{home};
  Talker a1{a, {}, 1}, a2{a, {}, 2}, b1{b, {}, 1}, b2{b, {}, 2};
};

struct Row {
  NatDependence dependence;
  bool samePort, sameAddress, other;  // does the sender's socket pass; is the mapping the same
};
constexpr Row kRows[] = {{endpointIndependent, true, true, true},
                         {addressDependent, true, true, false},
                         {addressAndPortDependent, true, false, false}};

TEST(Nat, MappingAndFilteringAreIndependentOfEachOther) {
  for (const Row& mapping : kRows) {
    for (const Row& filtering : kRows) {
      SCOPED_TRACE(static_cast<int>(mapping.dependence) * 10 +
                   static_cast<int>(filtering.dependence));
      Street s({.mapping = mapping.dependence,
                .filtering = filtering.dependence,
                .ports = NatPorts::random});
      const Address seen = s.seenBy(s.a1, s.a, 1);
      EXPECT_EQ(seen.ip, kOutside);
      EXPECT_EQ(s.reaches(s.a1, seen), filtering.samePort);
      EXPECT_EQ(s.reaches(s.a2, seen), filtering.sameAddress);
      EXPECT_EQ(s.reaches(s.b1, seen), filtering.other);
      EXPECT_EQ(s.seenBy(s.a1, s.a, 1), seen);
      EXPECT_EQ(s.seenBy(s.a2, s.a, 2) == seen, mapping.sameAddress);
      EXPECT_EQ(s.seenBy(s.b1, s.b, 1) == seen, mapping.other);
      // Having been talked to opens the filter of the mapping that was used, and of no other.
      EXPECT_EQ(s.reaches(s.b1, seen), mapping.other || filtering.other);
      EXPECT_EQ(s.nat.stats().unknown, 0u);
      EXPECT_FALSE(s.reaches(s.a1, {kOutside, 1'023}));
      EXPECT_EQ(s.nat.stats().unknown, 1u);
    }
  }
}

TEST(Nat, TheAnswerFindsItsWayBackAndTheServerSeesOnlyTheOutsideAddress) {
  Street s;
  EXPECT_EQ(s.seenBy(s.a1, s.a, 1), (Address{kOutside, 7'000})) << "the port is kept when free";
  EXPECT_TRUE(s.reaches(s.a1, {kOutside, 7'000}));
  EXPECT_EQ(s.client.froms.back(), (Address{s.a.address(), 1}));
  EXPECT_FALSE(s.reaches(s.a1, {kInside, 7'000})) << "private addresses are not routed";
}

TEST(Nat, TwoRealmsMayHaveTheSameAddressesInside) {
  Street s;
  Nat& other = s.world.addNat("other", IpAddress::v4({198, 51, 100, 2}));
  Node& twin = s.world.addNode("twin", {kInside}, other);
  Talker talker(twin);
  s.world.connect(other, s.a);
  s.world.connect(other, s.nat);
  const Address seen = s.seenBy(s.a1, s.a, 1);
  talker.say({s.a.address(), 1}, "hello");
  s.world.runFor(1s);
  EXPECT_EQ(s.a1.froms.back().ip, (IpAddress::v4({198, 51, 100, 2})));
  // Each punches a hole for the other.
  talker.say(seen, "early");
  s.client.say(s.a1.froms.back(), "hole");
  s.world.runFor(1s);
  EXPECT_TRUE(s.reaches(talker, seen));
}

TEST(Nat, PortsArePreservedWhileFreeAndCountedOrDrawnOtherwise) {
  Street s;
  Node& second = s.world.addNode("second", {IpAddress::v4({192, 168, 1, 3})}, s.nat);
  Talker rival(second);
  s.seenBy(s.a1, s.a, 1);
  rival.say({s.a.address(), 1}, "hello");
  s.world.runFor(1s);
  EXPECT_EQ(s.a1.froms.back().ip, kOutside);
  EXPECT_NE(s.a1.froms.back().port, 7'000);

  Street counted({.mapping = addressAndPortDependent, .ports = NatPorts::sequential});
  const auto first = counted.seenBy(counted.a1, counted.a, 1);
  const auto next = counted.seenBy(counted.a2, counted.a, 2);
  EXPECT_EQ(next.port, first.port + 1);
}

TEST(Nat, AMappingDiesWithoutOutboundTraffic) {
  Street s({.lifetime = 30s});
  const Address seen = s.seenBy(s.a1, s.a, 1);
  for (int i = 0; i < 4; ++i) {
    s.world.runFor(25s);
    EXPECT_EQ(s.seenBy(s.a1, s.a, 1), seen);
  }
  s.world.runFor(20s);
  EXPECT_TRUE(s.reaches(s.a1, seen));
  s.world.runFor(10s);
  EXPECT_FALSE(s.reaches(s.a1, seen)) << "what came in did not count";
  EXPECT_EQ(s.nat.expired(), 1u);
  EXPECT_EQ(s.nat.mappings(), 0u);
}

TEST(Nat, InboundTrafficMayCountToo) {
  Street s({.lifetime = 30s, .inboundRefreshes = true});
  const Address seen = s.seenBy(s.a1, s.a, 1);
  for (int i = 0; i < 4; ++i) {
    s.world.runFor(20s);
    EXPECT_TRUE(s.reaches(s.a1, seen));
  }
}

TEST(Nat, HairpinsOnlyWhenToldTo) {
  for (const bool hairpins : {false, true}) {
    Street s({.filtering = endpointIndependent, .hairpins = hairpins});
    Node& second = s.world.addNode("second", {IpAddress::v4({192, 168, 1, 3})}, s.nat);
    Talker neighbour(second, {}, 8'000);
    const Address seen = s.seenBy(s.a1, s.a, 1);
    EXPECT_EQ(s.reaches(neighbour, seen), hairpins);
    if (hairpins) {
      EXPECT_EQ(s.client.froms.back(), (Address{kOutside, 8'000}));
    }
    EXPECT_EQ(s.nat.stats().hairpinned, hairpins ? 1u : 0u);
    EXPECT_EQ(s.nat.stats().hairpinRefused, hairpins ? 0u : 1u);
  }
}

TEST(Nat, RebindingMovesEveryMappingToAnotherPort) {
  Street s;
  const Address before = s.seenBy(s.a1, s.a, 1);
  s.nat.rebind();
  EXPECT_FALSE(s.reaches(s.a1, before));
  const Address after = s.seenBy(s.a1, s.a, 1);
  EXPECT_EQ(after.ip, kOutside);
  EXPECT_NE(after.port, before.port);
  EXPECT_TRUE(s.reaches(s.a1, after));
  EXPECT_EQ(s.nat.mappings(), 1u);
}

TEST(Nat, RebindingMayTakeAnotherAddress) {
  Street s;
  const Address before = s.seenBy(s.a1, s.a, 1);
  const IpAddress moved = IpAddress::v4({198, 51, 100, 77});
  s.nat.rebind(moved);
  EXPECT_FALSE(s.reaches(s.a1, before));
  const Address after = s.nat.outsideOf({kInside, 7'000}).value();
  EXPECT_EQ(after.ip, moved);
  EXPECT_TRUE(s.reaches(s.a1, after)) << "the filter still knows whom home talked to";
  EXPECT_EQ(s.seenBy(s.a1, s.a, 1), after);
}

TEST(Nat, ARebootForgetsEverything) {
  Street s;
  const Address seen = s.seenBy(s.a1, s.a, 1);
  s.nat.reboot();
  EXPECT_FALSE(s.reaches(s.a1, seen));
  EXPECT_EQ(s.seenBy(s.a1, s.a, 1), seen);
}

TEST(Nat, ItsTableAndItsFiltersAreBounded) {
  Street s({.mapping = addressAndPortDependent, .lifetime = 60s, .mappingsMax = 3});
  for (std::uint16_t port = 1; port <= 5; ++port) s.client.say({s.b.address(), port}, "x");
  s.world.runFor(1s);
  EXPECT_EQ(s.nat.mappings(), 3u);
  EXPECT_EQ(s.nat.stats().full, 2u);
  s.world.runFor(60s);
  EXPECT_NE(s.seenBy(s.a1, s.a, 1), Address{}) << "the dead make room";

  Street narrow({.remotesMax = 2});
  const Address seen = narrow.seenBy(narrow.a1, narrow.a, 1);
  narrow.seenBy(narrow.a2, narrow.a, 2);
  narrow.seenBy(narrow.b1, narrow.b, 1);
  EXPECT_FALSE(narrow.reaches(narrow.a1, seen));
  EXPECT_TRUE(narrow.reaches(narrow.b1, seen));

  Street few({.mapping = addressAndPortDependent, .portMin = 2'000, .portMax = 2'001});
  EXPECT_EQ(few.seenBy(few.a1, few.a, 1).port / 2, 1'000);
  EXPECT_EQ(few.seenBy(few.a2, few.a, 2).port / 2, 1'000);
  EXPECT_EQ(few.seenBy(few.b1, few.b, 1), Address{}) << "no port is left";
}

TEST(Nat, OneMayStandBehindAnother) {
  Street s({.filtering = endpointIndependent});
  Nat& inner = s.world.addNat("inner", IpAddress::v4({192, 168, 1, 50}), {}, s.nat);
  Node& deep = s.world.addNode("deep", {IpAddress::v4({192, 168, 1, 2})}, inner);
  Talker talker(deep, {}, 8'000);
  talker.say({s.a.address(), 1}, "hello");
  s.world.runFor(1s);
  ASSERT_EQ(s.a1.froms.size(), 1u);
  EXPECT_EQ(s.a1.froms.back(), (Address{kOutside, 8'000}));
  s.a1.say(s.a1.froms.back(), "answer");
  s.b1.say(s.a1.froms.back(), "stranger");
  s.world.runFor(1s);
  EXPECT_EQ(talker.heard, std::vector<std::string>{"answer"});
  EXPECT_EQ(inner.stats().filtered, 1u);
}

TEST(Nat, ALinkToEitherSideMayBeBad) {
  Street s;
  s.world.connect(s.home, s.nat, {.latency = 100ms});
  s.world.connect(s.nat, s.a, {.latency = 200ms});
  const Instant start = s.world.now();
  s.client.say({s.a.address(), 1}, "hello");
  s.world.runFor(1s);
  ASSERT_EQ(s.a1.when.size(), 1u);
  EXPECT_EQ(s.a1.when[0] - start, 300ms);
  s.world.linkBetween(s.nat, s.home)->cut();
  EXPECT_FALSE(s.reaches(s.a1, s.a1.froms.back()));
  EXPECT_EQ(s.world.linkBetween(s.a, s.nat)->from(s.nat).stats().delivered, 1u);
}

TEST(Nat, Ipv6KeepsItsAddressesAndIsOnlyFiltered) {
  World world(4);
  Nat& firewall = world.addNat("firewall", std::nullopt);
  Nat& deeper = world.addNat("deeper", std::nullopt, {}, firewall);
  Node& home = world.addNode("home", {v6("2001:db8:1::2"), kInside}, deeper);
  Node& server = world.addNode("server", {v6("2001:db8:2::1"), IpAddress::v4({1, 2, 3, 4})});
  world.connect(firewall, server);
  Talker client(home, v6("::")), a(server, v6("::"), 1), b(server, v6("::"), 2);
  Talker old(home, IpAddress::v4({}));
  const Address inside{home.address(), 7'000};
  a.say(inside, "too early");
  world.runFor(1s);
  client.say({server.address(), 1}, "hello");
  world.runFor(1s);
  ASSERT_EQ(a.froms, std::vector<Address>{inside});
  a.say(inside, "answer");
  b.say(inside, "stranger");
  world.runFor(1s);
  EXPECT_EQ(client.heard, std::vector<std::string>{"answer"});
  EXPECT_EQ(firewall.stats().unknown, 1u);
  EXPECT_EQ(firewall.stats().filtered, 1u);
  old.say({IpAddress::v4({1, 2, 3, 4}), 1}, "no way out");
  world.runFor(1s);
  EXPECT_EQ(deeper.stats().unroutable, 1u);
  home.removeAddress(v6("2001:db8:1::2"));
  a.say(inside, "gone");
  world.runFor(1s);
  EXPECT_EQ(world.unroutable(), 1u) << "and no router answers for it any longer";
}

TEST(Nat, ANodeMayBeInsideByOneAddressAndOutsideByAnother) {
  Street s;
  const IpAddress cellular = IpAddress::v4({203, 0, 113, 9});
  s.home.addAddress(cellular, InterfaceKind::cellular, 0);
  s.world.connect(s.home, s.a);
  Talker mobile(s.home, cellular, 7'001), wifi(s.home, kInside, 7'002);
  mobile.say({s.a.address(), 1}, "from outside");
  wifi.say({s.a.address(), 1}, "from inside");
  s.world.runFor(1s);
  EXPECT_EQ(s.a1.froms, (std::vector<Address>{{cellular, 7'001}, {kOutside, 7'002}}));
}

}  // namespace
}  // namespace parley::sim
