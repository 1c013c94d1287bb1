// The sixteen pairs of the four classic NATs (RFC 3489 5, in the words of RFC 4787), by STUN alone
// and with TURN, each in so many worlds: does a call come about exactly where RFC 8445 can make
// one? Every world also has to end with nothing left at the server.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "call.h"
#include "server/server.h"
#include "sim/world.h"

namespace parley::nats {
namespace {

using sim::NatDependence;

struct Kind {
  const char* name;
  NatDependence mapping;
  NatDependence filtering;

  bool isSymmetric() const { return mapping != NatDependence::endpointIndependent; }
  bool isStrict() const { return filtering == NatDependence::addressAndPortDependent; }
};
constexpr Kind kKinds[] = {
    {"full cone", NatDependence::endpointIndependent, NatDependence::endpointIndependent},
    {"restricted", NatDependence::endpointIndependent, NatDependence::addressDependent},
    {"port restricted", NatDependence::endpointIndependent, NatDependence::addressAndPortDependent},
    {"symmetric", NatDependence::addressAndPortDependent, NatDependence::addressAndPortDependent},
};

// The port a symmetric NAT uses towards the peer is known to nobody before the first packet; a
// filter that asks for the port lets it in only where it can be learned first (RFC 5128 3.4).
bool canMeetByStun(const Kind& a, const Kind& b) {
  if (a.isSymmetric() && b.isStrict()) return false;
  return !(b.isSymmetric() && a.isStrict());
}

const IpAddress kServer = IpAddress::v4({192, 0, 2, 9});

server::Config serverConfig() {
  server::Config config;
  config.listen = {{kServer, 3'478}};
  config.authentication.users = {{"alice", "secret"}};
  return config;
}

RTCConfiguration configuration(bool withTurn) {
  RTCConfiguration made;
  made.iceServers = {{{"stun:192.0.2.9"}, {}, {}}};
  if (withTurn) made.iceServers.push_back({{"turn:192.0.2.9"}, "alice", "secret"});
  return made;
}

struct Outcome {
  bool isConnected = false;
  bool isLeftClean = false;
};

// The seed decides latencies, losses, ports and when each side hears of the other.
Outcome meet(const Kind& a, const Kind& b, bool withTurn, std::uint64_t seed) {
  sim::World world(seed);
  Random dice(seed * 977);
  const auto weather = [&] {
    sim::LinkOptions options;
    options.latency = Duration(1'000 + 1'000 * dice.below(80));
    options.jitter = Duration(1'000 * dice.below(10));
    options.loss = dice.unit() < 0.5 ? 0 : 0.05 * dice.unit();
    return options;
  };
  const auto options = [&](const Kind& kind) {
    constexpr sim::NatPorts kPorts[] = {sim::NatPorts::preserved, sim::NatPorts::sequential,
                                        sim::NatPorts::random};
    return sim::NatOptions{
        .mapping = kind.mapping,
        .filtering = kind.filtering,
        .ports = kind.isSymmetric() ? sim::NatPorts::random : kPorts[dice.below(3)]};
  };
  sim::Node& middle = world.addNode("server", {kServer});
  server::Server server(middle.host(), serverConfig());
  sim::Nat& left = world.addNat("left", IpAddress::v4({198, 51, 100, 1}), options(a));
  sim::Nat& right = world.addNat("right", IpAddress::v4({198, 51, 100, 2}), options(b));
  world.connect(left, middle, weather());
  world.connect(right, middle, weather());
  world.connect(left, right, weather());
  sim::Node& alice = world.addNode("alice", {IpAddress::v4({192, 168, 1, 2})}, left);
  sim::Node& bob = world.addNode("bob", {IpAddress::v4({192, 168, 7, 3})}, right);

  Outcome outcome;
  {
    worlds::Call call(world, alice, bob, {}, {}, configuration(withTurn));
    call.signallingDelay = Duration(1'000 * (1 + dice.below(200)));
    outcome.isConnected = call.connect(30s);
    alice.post([&] { call.offerer.pc->close(); });
    bob.post([&] { call.answerer.pc->close(); });
    world.runFor(9s);
    const auto isEmpty = [](const sim::Node& node) {
      const loop::LoopReport held = node.report();
      return held.guests + held.sockets + held.timersArmed + held.allocations == 0;
    };
    outcome.isLeftClean =
        isEmpty(alice) && isEmpty(bob) && server.held() == server::Held{.sockets = 1};
  }
  return outcome;
}

// One cell; the number of worlds that did not do what they must.
std::uint64_t tryCell(const Kind& a, const Kind& b, bool withTurn, std::uint64_t seeds) {
  const bool expected = withTurn || canMeetByStun(a, b);
  std::uint64_t connected = 0, wrong = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Outcome outcome = meet(a, b, withTurn, seed);
    if (outcome.isConnected) ++connected;
    if (outcome.isConnected == expected && outcome.isLeftClean) continue;
    ++wrong;
    std::printf("  seed %llu of %s - %s: %s, %s\n", static_cast<unsigned long long>(seed), a.name,
                b.name, outcome.isConnected ? "connected" : "not connected",
                outcome.isLeftClean ? "left clean" : "something is left");
  }
  std::printf("%-16s %-16s %-12s %6llu of %llu, expected %s%s\n", a.name, b.name,
              withTurn ? "STUN + TURN" : "STUN", static_cast<unsigned long long>(connected),
              static_cast<unsigned long long>(seeds), expected ? "all" : "none",
              wrong ? "  WRONG" : "");
  std::fflush(stdout);
  return wrong;
}

}  // namespace
}  // namespace parley::nats

int main(int argc, char** argv) {
  using namespace parley::nats;
  std::uint64_t seeds = 20;
  int part = 0, parts = 1;  // every n-th cell, for several processes
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--seeds") seeds = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--part") part = std::atoi(argv[i + 1]);
    if (option == "--parts") parts = std::atoi(argv[i + 1]);
  }
  std::uint64_t wrong = 0;
  int cell = 0;
  for (const bool withTurn : {false, true})
    for (const Kind& a : kKinds)
      for (const Kind& b : kKinds)
        if (cell++ % parts == part) wrong += tryCell(a, b, withTurn, seeds);
  std::printf("%llu worlds were wrong\n", static_cast<unsigned long long>(wrong));
  return wrong == 0 ? 0 : 1;
}
