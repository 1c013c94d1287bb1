// close() cut in along a relayed call: while it gathers, checks, shakes hands, talks, restarts and
// negotiates again, over each way to the server. Nothing may be left with anybody.

#include "relayed.h"

namespace parley::worlds {
namespace {

const IpAddress kServer = IpAddress::v4({192, 0, 2, 9});
constexpr Duration kRecorded = 4s;

struct RelayedStory {
  explicit RelayedStory(const std::string& url)
      : call(world, alice, bob, {}, trusting(), {.iceServers = {{{url}, "alice", "secret"}}}) {
    world.connect(left, middle, {.latency = 10ms});
    world.connect(right, middle, {.latency = 15ms});
    call.start();
    world.at(2s, [this] {
      if (call.offerer.pc) alice.post([this] { call.offerer.pc->restartIce(); });
      call.start();
    });
    world.at(3s, [this] { call.start(); });
  }

  std::string held() const { return heldBy({&alice, &bob}) + heldBy(server); }

  sim::World world{9};
  sim::Node& middle = world.addNode("server", {kServer});
  server::Server server{middle.host(), serverAt(kServer, "IP:192.0.2.9")};
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
  void cutAlongIt(bool isOfferer) const {
    constexpr std::size_t kCuts = 40;
    cutAlong(steps(), kCuts, [&](std::size_t at) { cutAfter(at, isOfferer); });
  }
};

TEST_P(CuttingRelayed, TheOffererCloses) { cutAlongIt(true); }
TEST_P(CuttingRelayed, TheAnswererCloses) { cutAlongIt(false); }

INSTANTIATE_TEST_SUITE_P(Ways, CuttingRelayed, waysToServer(), nameOfWay);

}  // namespace
}  // namespace parley::worlds
