// A peer whose networks come and go: the call moves without a restart and without signalling.

#include "call.h"

namespace parley::worlds {
namespace {

const IpAddress kWifi = IpAddress::v4({10, 1, 0, 1});
const IpAddress kEthernet = IpAddress::v4({10, 2, 0, 1});

// Who of the two moves, and is candidates' news signalled?
struct Way {
  bool offererMoves = true;
  bool isSignalled = true;
};

struct Moving : testing::TestWithParam<Way> {
  sim::World world{17};
  sim::Node& alice = world.addNode("alice", {kWifi});
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 20ms});
  std::unique_ptr<Call> call;
  std::vector<std::string> sent;
  std::vector<Instant> arrivals;

  End& mover() const { return GetParam().offererMoves ? call->offerer : call->answerer; }
  End& other() const { return GetParam().offererMoves ? call->answerer : call->offerer; }

  void connect() {
    call = GetParam().offererMoves ? std::make_unique<Call>(world, alice, bob)
                                   : std::make_unique<Call>(world, bob, alice);
    ASSERT_TRUE(call->connect());
    say(4s);
    if (!GetParam().isSignalled) mover().pc->onicecandidate = nullptr;
  }
  // Each way a message every 50 ms.
  void say(Duration time) {
    for (const Instant end = world.now() + time; world.now() < end;) {
      sent.push_back(std::to_string(sent.size()));
      mover().channel->send(sent.back());
      other().channel->send(sent.back());
      world.runFor(50ms);
    }
  }
  // Both ways flow again within three seconds, and all that was said has come.
  void expectAllToCome() {
    const auto isThere = [this] {
      return mover().received.size() == sent.size() && other().received.size() == sent.size();
    };
    EXPECT_TRUE(world.runUntil(isThere, 3s))
        << mover().received.size() << " and " << other().received.size() << " of " << sent.size();
    EXPECT_TRUE(mover().received == sent);
    EXPECT_TRUE(other().received == sent);
    EXPECT_TRUE(call->isOpen());
    EXPECT_EQ(std::ranges::count(mover().states, "failed"), 0);
    EXPECT_EQ(std::ranges::count(other().states, "failed"), 0);
  }
};

TEST_P(Moving, FromOneInterfaceToAnotherThatIsThereBefore) {
  connect();
  alice.addAddress(kEthernet, InterfaceKind::ethernet);
  say(2s);
  alice.removeAddress(kWifi);
  expectAllToCome();
  say(2s);
  expectAllToCome();
  EXPECT_EQ(alice.report().sockets, 1u) << "that of the lost address is closed";
}

TEST_P(Moving, FromOneInterfaceToAnotherAtOnce) {
  connect();
  alice.removeAddress(kWifi);
  alice.addAddress(kEthernet, InterfaceKind::ethernet);
  expectAllToCome();
  say(12s);
  expectAllToCome();
}

TEST_P(Moving, WaitsForAnInterface) {
  for (const Duration gap : {500ms, 1'500ms, 4'000ms, 9'000ms}) {
    SCOPED_TRACE(gap.count());
    if (!call) connect();
    const IpAddress before = alice.address();
    alice.removeAddress(before);
    say(gap);
    alice.addAddress(before == kWifi ? kEthernet : kWifi);
    expectAllToCome();
    say(3s);
    expectAllToCome();
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, Moving,
                         testing::Values(Way{true, true}, Way{true, false}, Way{false, true},
                                         Way{false, false}),
                         [](const auto& info) {
                           return std::string(info.param.offererMoves ? "Offerer" : "Answerer") +
                                  (info.param.isSignalled ? "Signalled" : "Unsignalled");
                         });

}  // namespace
}  // namespace parley::worlds
