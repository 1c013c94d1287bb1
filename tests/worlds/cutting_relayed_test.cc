// close() cut in along a relayed call: while it gathers, checks, shakes hands, talks, restarts and
// negotiates again, over each way to the server. Nothing may be left with anybody.

#include <cstdlib>

#include "call.h"
#include "server/server.h"
#include "tls/test_authority.h"

namespace parley::worlds {
namespace {

const IpAddress kServer = IpAddress::v4({192, 0, 2, 9});
constexpr sim::NatOptions kSymmetric{.mapping = sim::NatDependence::addressAndPortDependent,
                                     .filtering = sim::NatDependence::addressAndPortDependent};
constexpr Duration kRecorded = 4s;

const tls::testing::Authority& authority() {
  static const tls::testing::Authority made;
  return made;
}

server::Config serverConfig() {
  server::Config config;
  config.listen = config.listenTcp = {{kServer, 3'478}};
  config.listenTls = {{kServer, 5'349}};
  config.authentication.users = {{"alice", "secret"}};
  static const tls::testing::IssuedChain chain = authority().issue({.names = "IP:192.0.2.9"});
  config.tls =
      tls::Context::ofServer({.privateKeyPem = chain.privateKeyPem, .chainPem = chain.chainPem});
  return config;
}

Tuning tuning() {
  Tuning made;
  made.turnAuthorities = authority().pem();
  return made;
}

struct RelayedStory {
  explicit RelayedStory(const std::string& url)
      : call(world, alice, bob, {}, tuning(), {.iceServers = {{{url}, "alice", "secret"}}}) {
    world.connect(left, middle, {.latency = 10ms});
    world.connect(right, middle, {.latency = 15ms});
    call.start();
    world.at(2s, [this] {
      if (call.offerer.pc) alice.post([this] { call.offerer.pc->restartIce(); });
      call.start();
    });
    world.at(3s, [this] { call.start(); });
  }

  std::string held() const {
    std::string text;
    for (const sim::Node* node : {&alice, &bob}) {
      const loop::LoopReport held = node->report();
      const std::size_t sum = held.guests + held.residents + held.sockets + held.timersArmed +
                              held.allocations + held.permissions + held.channels +
                              held.transactions + held.packetsInUse;
      if (sum) text += node->name() + " holds " + std::to_string(sum) + " things; ";
    }
    const server::Held held = server.held();
    if (held.allocations + held.permissions + held.channels) text += "the server holds something";
    return text;
  }

  sim::World world{9};
  sim::Node& middle = world.addNode("server", {kServer});
  server::Server server{middle.host(), serverConfig()};
  sim::Nat& left = world.addNat("left", IpAddress::v4({198, 51, 100, 1}), kSymmetric);
  sim::Nat& right = world.addNat("right", IpAddress::v4({198, 51, 100, 2}), kSymmetric);
  sim::Node& alice = world.addNode("alice", {IpAddress::v4({192, 168, 1, 2})}, left);
  sim::Node& bob = world.addNode("bob", {IpAddress::v4({192, 168, 1, 2})}, right);
  Call call;
};

struct CuttingRelayed : testing::TestWithParam<const char*> {
  std::size_t steps() const {
    RelayedStory story(GetParam());
    std::size_t count = 0;
    for (const Instant end = story.world.now() + kRecorded; story.world.schedule().next() <= end;
         ++count)
      story.world.schedule().runNext();
    EXPECT_TRUE(story.call.isOpen()) << story.call.failure;
    return count;
  }
  void cutAfter(std::size_t steps, bool isOfferer) const {
    SCOPED_TRACE("after step " + std::to_string(steps));
    RelayedStory story(GetParam());
    for (std::size_t step = 0; step < steps; ++step) story.world.schedule().runNext();
    End& party = isOfferer ? story.call.offerer : story.call.answerer;
    End& other = isOfferer ? story.call.answerer : story.call.offerer;
    party.node.post([&] { party.pc->close(); });
    story.world.runFor(9s);
    EXPECT_EQ(party.node.report().guests, 0u) << "its tails have ended";
    other.node.post([&] { other.pc->close(); });
    story.world.runFor(9s);
    EXPECT_EQ(story.held(), "");
  }
  // All of them where PARLEY_CUTS is "all".
  void cutAlong(bool isOfferer) const {
    constexpr std::size_t kCuts = 40;
    const std::size_t count = steps();
    EXPECT_GT(count, 100u);
    const char* wanted = std::getenv("PARLEY_CUTS");
    const bool all = wanted && std::string_view(wanted) == "all";
    for (std::size_t at = 0; at <= count; at += all ? 1 : count / kCuts) cutAfter(at, isOfferer);
  }
};

TEST_P(CuttingRelayed, TheOffererCloses) { cutAlong(true); }
TEST_P(CuttingRelayed, TheAnswererCloses) { cutAlong(false); }

std::string nameOf(const testing::TestParamInfo<const char*>& info) {
  constexpr const char* kNames[] = {"Udp", "Tcp", "Tls"};
  return kNames[info.index];
}

INSTANTIATE_TEST_SUITE_P(Ways, CuttingRelayed,
                         testing::Values("turn:192.0.2.9", "turn:192.0.2.9?transport=tcp",
                                         "turns:192.0.2.9"),
                         nameOf);

}  // namespace
}  // namespace parley::worlds
