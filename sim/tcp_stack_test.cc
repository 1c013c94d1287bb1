#include "sim/tcp_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/limits.h"
#include "sim/world.h"

namespace parley::sim {
namespace {

// Notes what its streams tell it.
class Party final : public Host::Guest {
 public:
  explicit Party(Node& node) : host_(node.host()) { host_.enter(*this); }
  ~Party() override { host_.leave(*this); }

  Address listen(Node& node) {
    const auto bound = host_.listenTcp(*this, {{}, 443, 443});
    listener = bound.value().socket;
    return {node.address(), bound->local.port};
  }
  SocketId connect(const Address& to) { return host_.connectTcp(*this, {.remote = to}).value(); }
  bool say(SocketId stream, std::string_view text) { return host_.write(stream, bytesOf(text)); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onStreamOpened(Step&, SocketId, const Address&) override { ++opened; }
  void onStreamBytes(Step&, SocketId stream, MutableBytes bytes) override {
    heard[stream] += textOf(bytes);
    pieces.push_back(bytes.size());
  }
  void onStreamClosed(Step& step, SocketId stream, StreamEnd reason) override {
    ends.emplace(stream, reason);
    endedAt = step.now;
  }
  void onStreamAccepted(Step&, SocketId, SocketId stream, const Address&,
                        const Address& remote) override {
    accepted.push_back(stream);
    remotes.push_back(remote);
  }

  SocketId listener{};
  int opened = 0;
  std::map<SocketId, std::string> heard;
  std::map<SocketId, StreamEnd> ends;
  Instant endedAt{};
  std::vector<SocketId> accepted;
  std::vector<Address> remotes;
  std::vector<std::size_t> pieces;

 private:
  Host& host_;
};

std::string numbers(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ' ';
  text.resize(size);
  return text;
}

struct TcpStackTest : testing::Test {
  World world{7};
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  Link& link = world.connect(alice, bob);
  Party client{alice};
  Party server{bob};
  SocketId stream{}, other{};

  void join() {
    stream = client.connect(server.listen(bob));
    ASSERT_TRUE(
        world.runUntil([&] { return client.opened == 1 && server.accepted.size() == 1; }, 20s));
    other = server.accepted[0];
  }
};

TEST_F(TcpStackTest, CarriesBytesBothWaysAfterARoundTrip) {
  const Instant before = world.now();
  join();
  EXPECT_EQ(world.now() - before, 60ms) << "three ways of 20 ms";
  EXPECT_EQ(server.remotes[0].ip, alice.address());
  EXPECT_TRUE(client.say(stream, "hello bob"));
  EXPECT_TRUE(server.say(other, "hello alice"));
  world.runFor(1s);
  EXPECT_EQ(server.heard[other], "hello bob");
  EXPECT_EQ(client.heard[stream], "hello alice");
}

TEST_F(TcpStackTest, DelaysWhatTheLinkLosesAndDamagesAndLosesNothing) {
  link.setOptions({.jitter = 10ms,
                   .loss = 0.2,
                   .duplicate = 0.1,
                   .reorder = 0.2,
                   .corrupt = 0.05,
                   .truncate = 0.02,
                   .append = 0.02});
  join();
  const std::string there = numbers(200'000), back = numbers(100'000);
  EXPECT_TRUE(client.say(stream, there));
  EXPECT_TRUE(server.say(other, back));
  EXPECT_TRUE(world.runUntil(
      [&] {
        return server.heard[other].size() == there.size() &&
               client.heard[stream].size() == back.size();
      },
      20min));
  EXPECT_TRUE(server.heard[other] == there);
  EXPECT_TRUE(client.heard[stream] == back);
}

TEST_F(TcpStackTest, SaysThatNobodyListensAndThatAListenerRefuses) {
  const SocketId nobody = client.connect({bob.address(), 99});
  bob.setTcpFaults({.refuses = true});
  const SocketId refused = client.connect(server.listen(bob));
  world.runFor(1s);
  EXPECT_EQ(client.ends.at(nobody), StreamEnd::refused);
  EXPECT_EQ(client.ends.at(refused), StreamEnd::refused);
  EXPECT_EQ(client.opened, 0);
  EXPECT_EQ(alice.report().sockets, 0u);
  EXPECT_TRUE(server.accepted.empty());
}

TEST_F(TcpStackTest, AllThatWasWrittenArrivesBeforeTheEnd) {
  link.setOptions({.loss = 0.1});
  join();
  const std::string much = numbers(60'000);
  EXPECT_TRUE(client.say(stream, much));
  alice.host().close(stream);
  EXPECT_TRUE(world.runUntil([&] { return server.ends.contains(other); }, 5min));
  EXPECT_EQ(server.ends[other], StreamEnd::byPeer);
  EXPECT_TRUE(server.heard[other] == much);
  EXPECT_TRUE(client.ends.empty());
  EXPECT_EQ(alice.report().sockets, 0u);
  EXPECT_EQ(bob.report().sockets, 1u) << "the listener";
}

TEST_F(TcpStackTest, LingersNoLongerThanItMayWithWhatTheSystemHasNotTaken) {
  join();
  link.cut();
  EXPECT_TRUE(client.say(stream, numbers(limits::loop::kUnsentBytesPerStream)));
  EXPECT_FALSE(client.say(stream, "x"));
  alice.host().close(stream);
  EXPECT_EQ(alice.report().sockets, 1u);
  world.runFor(limits::loop::kStreamLinger);
  EXPECT_EQ(alice.report().sockets, 0u);
  EXPECT_EQ(alice.report().driver.streamBytesDropped, limits::loop::kUnsentBytesPerStream);
}

TEST_F(TcpStackTest, AShortBlackoutDelaysAndALongOneEndsIt) {
  join();
  bob.setOnline(false);
  EXPECT_TRUE(client.say(stream, "patience"));
  world.runFor(10s);
  EXPECT_TRUE(server.heard.empty());
  bob.setOnline(true);
  world.runFor(10s);
  EXPECT_EQ(server.heard[other], "patience");

  bob.setOnline(false);
  const Instant before = world.now();
  EXPECT_TRUE(client.say(stream, "gone"));
  world.runFor(2min);
  EXPECT_EQ(client.ends.at(stream), StreamEnd::timedOut);
  EXPECT_GE(client.endedAt, before + limits::loop::kStreamTimeout);
  EXPECT_LE(client.endedAt, before + limits::loop::kStreamTimeout + 10s);
}

TEST_F(TcpStackTest, WhoForgotTheStreamResetsIt) {
  join();
  bob.setTcpFaults({.resetAt = 5});
  EXPECT_TRUE(client.say(stream, "0123456789"));
  world.runFor(1s);
  EXPECT_EQ(server.heard[other], "01234");
  EXPECT_EQ(server.ends.at(other), StreamEnd::reset);
  EXPECT_EQ(client.ends.at(stream), StreamEnd::reset);
}

TEST_F(TcpStackTest, DribblesByteByByte) {
  join();
  bob.setTcpFaults({.dribbles = true});
  EXPECT_TRUE(client.say(stream, "drops"));
  world.runFor(1s);
  EXPECT_EQ(server.heard[other], "drops");
  EXPECT_THAT(server.pieces, testing::ElementsAre(1, 1, 1, 1, 1));
}

TEST_F(TcpStackTest, StallsUntilItMayGoOnOrTheOtherGivesUp) {
  join();
  bob.setTcpFaults({.stalls = true});
  EXPECT_TRUE(client.say(stream, "later"));
  world.runFor(5s);
  EXPECT_TRUE(server.heard.empty());
  bob.setTcpFaults({});
  world.runFor(1s);
  EXPECT_EQ(server.heard[other], "later");

  bob.setTcpFaults({.stalls = true});
  EXPECT_TRUE(client.say(stream, numbers(200'000)));
  world.runFor(2min);
  EXPECT_EQ(client.ends.at(stream), StreamEnd::timedOut);
  EXPECT_LE(server.heard[other].size(), 5u);
}

TEST_F(TcpStackTest, ASuspendedNodeTakesUpWhereItWas) {
  join();
  EXPECT_TRUE(client.say(stream, "before"));
  bob.sleep(10s);
  world.runFor(9s);
  EXPECT_TRUE(server.heard.empty());
  world.runFor(20s);
  EXPECT_EQ(server.heard[other], "before");
}

TEST_F(TcpStackTest, APortMayBeListenedOnByOneAndIsFreeAgainAfterwards) {
  server.listen(bob);
  EXPECT_EQ(bob.host().listenTcp(server, {{}, 443, 443}).error(), OpenError::addressInUse);
  bob.host().close(server.listener);
  server.listen(bob);
  EXPECT_EQ(bob.host().connectTcp(server, {.local = IpAddress::v4({192, 0, 2, 1})}).error(),
            OpenError::addressNotAvailable);
}

TEST_F(TcpStackTest, WhatItsStreamsAreStillSayingKeepsNobodyFromListeningAgain) {
  const IpAddress own = bob.address();
  const auto listen = [&] { return bob.host().listenTcp(server, {own, 443, 443}); };
  const auto bound = listen();
  ASSERT_TRUE(bound);
  client.connect({own, 443});
  ASSERT_TRUE(world.runUntil([&] { return server.accepted.size() == 1; }, 5s));
  link.cut();  // and so its farewell is not answered
  bob.host().close(server.accepted[0]);
  bob.host().close(bound->socket);
  EXPECT_TRUE(listen());
}

TEST(TcpThroughNat, GoesOutByAMappingAndNotInWithoutOne) {
  World world(3);
  const IpAddress outside = IpAddress::v4({203, 0, 113, 1});
  const IpAddress home = IpAddress::v4({192, 168, 1, 2});
  Nat& nat = world.addNat("nat", outside);
  Node& alice = world.addNode("alice", {home}, nat);
  Node& bob = world.addNode("bob");
  world.connect(nat, bob);
  Party client(alice), server(bob);
  const SocketId stream = client.connect(server.listen(bob));
  EXPECT_TRUE(client.say(stream, "from inside"));
  ASSERT_TRUE(world.runUntil([&] { return !server.heard.empty(); }, 5s));
  EXPECT_EQ(server.remotes.at(0).ip, outside);
  EXPECT_EQ(nat.mappings(), 1u);

  client.listen(alice);
  const SocketId inward = server.connect({outside, 443});
  world.runFor(2min);
  EXPECT_EQ(server.ends.at(inward), StreamEnd::timedOut);
  EXPECT_TRUE(client.accepted.empty());

  nat.rebind();
  EXPECT_TRUE(client.say(stream, "as somebody else"));
  world.runFor(5s);
  EXPECT_EQ(client.ends.at(stream), StreamEnd::reset);
}

std::vector<std::string> storyOf(std::uint64_t seed) {
  World world(seed);
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  world.connect(alice, bob, {.jitter = 5ms, .loss = 0.1});
  std::vector<std::string> story;
  world.observe([&](const Station& from, const WireDatagram& datagram) {
    story.push_back(std::to_string(world.now().time_since_epoch().count()) + from.name() +
                    std::string(textOf(datagram.bytes)));
  });
  Party client(alice), server(bob);
  const SocketId stream = client.connect(server.listen(bob));
  EXPECT_TRUE(client.say(stream, numbers(20'000)));
  world.runFor(1min);
  world.stopObserving();
  return story;
}

TEST(TcpStack, TheSameSeedGivesTheSameBytes) {
  EXPECT_EQ(storyOf(11), storyOf(11));
  EXPECT_NE(storyOf(11), storyOf(12));
}

}  // namespace
}  // namespace parley::sim
