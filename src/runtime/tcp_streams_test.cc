#include "runtime/tcp_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "runtime/loop_runner.h"
#include "runtime/socket_address.h"

namespace parley::runtime {
namespace {

constexpr Duration kPatience = 20s;  // nothing here takes long; a busy machine may
const IpAddress kLoopback = *IpAddress::parse("127.0.0.1");

class TestSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override { std::ranges::fill(bytes, std::uint8_t{9}); }
};

// Notes what its streams tell it, and does what the test asks for when they do.
class Party final : public Host::Guest {
 public:
  explicit Party(Host& host) : host_(host) { host_.enter(*this); }
  ~Party() override { host_.leave(*this); }

  Address listen(const IpAddress& ip = kLoopback) {
    const auto bound = host_.listenTcp(*this, {.local = ip});
    if (!bound) return {};
    listener = bound->socket;
    return bound->local;
  }
  SocketId connect(const Address& to) {
    return host_.connectTcp(*this, {.remote = to}).value_or(SocketId{});
  }
  bool say(SocketId stream, std::string_view text) { return host_.write(stream, bytesOf(text)); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override { ++settled; }
  void onStreamOpened(Step&, SocketId stream, const Address& local) override {
    opened.emplace(stream, local);
  }
  void onStreamBytes(Step&, SocketId stream, MutableBytes bytes) override {
    heard[stream] += textOf(bytes);
    if (bytesDo) bytesDo(stream);
  }
  void onStreamClosed(Step&, SocketId stream, StreamEnd reason) override {
    ends.emplace(stream, reason);
  }
  void onStreamAccepted(Step&, SocketId, SocketId stream, const Address& local,
                        const Address& remote) override {
    accepted.push_back(stream);
    locals.emplace(stream, local);
    remotes.emplace(stream, remote);
    if (acceptedDo) acceptedDo(stream);
  }

  SocketId listener{};
  std::map<SocketId, Address> opened, locals, remotes;
  std::map<SocketId, std::string> heard;
  std::map<SocketId, StreamEnd> ends;
  std::vector<SocketId> accepted;
  std::function<void(SocketId)> acceptedDo, bytesDo;
  int settled = 0;

 private:
  Host& host_;
};

struct TcpStreamsTest : testing::Test {
  TestSecrets secrets;
  LoopRunner runner{{.secrets = &secrets}};
  Party alice{runner.host()};
  Party bob{runner.host()};

  bool runUntil(const std::function<bool()>& condition) {
    return runner.runUntil(condition, kPatience);
  }
  // From Alice to Bob, open at both ends.
  SocketId join() {
    const std::size_t before = bob.accepted.size();
    if (bob.listener == SocketId{}) at_ = bob.listen();
    const SocketId stream = alice.connect(at_);
    EXPECT_TRUE(
        runUntil([&] { return alice.opened.contains(stream) && bob.accepted.size() > before; }));
    return stream;
  }
  loop::DriverStats stats() const { return runner.report().driver; }

 private:
  Address at_;
};

TEST_F(TcpStreamsTest, CarriesBytesBothWaysAndTellsBothAddresses) {
  const SocketId stream = join();
  const SocketId other = bob.accepted.at(0);
  EXPECT_EQ(bob.remotes.at(other), alice.opened.at(stream));
  EXPECT_EQ(bob.locals.at(other).ip, kLoopback);
  EXPECT_TRUE(alice.say(stream, "hello "));
  EXPECT_TRUE(alice.say(stream, "bob"));
  EXPECT_TRUE(bob.say(other, "hello alice"));
  EXPECT_TRUE(runUntil(
      [&] { return bob.heard[other] == "hello bob" && alice.heard[stream] == "hello alice"; }));
  EXPECT_EQ(stats().streamBytesSent, 20u);
  EXPECT_EQ(stats().streamBytesReceived, 20u);
}

TEST_F(TcpStreamsTest, CarriesBytesOverV6) {
  const Address at = bob.listen(*IpAddress::parse("::1"));
  if (at.port == 0) GTEST_SKIP() << "no IPv6 here";
  const SocketId stream = alice.connect(at);
  EXPECT_TRUE(alice.say(stream, "six"));
  EXPECT_TRUE(
      runUntil([&] { return bob.accepted.size() == 1 && bob.heard[bob.accepted[0]] == "six"; }));
}

TEST_F(TcpStreamsTest, WhatIsWrittenBeforeItIsOpenLeavesOnceItIs) {
  const SocketId stream = alice.connect(bob.listen());
  EXPECT_TRUE(alice.say(stream, "early"));
  EXPECT_TRUE(
      runUntil([&] { return !bob.accepted.empty() && bob.heard[bob.accepted[0]] == "early"; }));
}

TEST_F(TcpStreamsTest, SaysThatNobodyListens) {
  const Address at = bob.listen();
  runner.host().close(bob.listener);
  const SocketId stream = alice.connect(at);
  EXPECT_TRUE(runUntil([&] { return alice.ends.contains(stream); }));
  EXPECT_EQ(alice.ends[stream], StreamEnd::refused);
  EXPECT_TRUE(alice.opened.empty());
  EXPECT_EQ(runner.report().sockets, 0u);
}

TEST_F(TcpStreamsTest, SaysThatAnAddressIsNotOurs) {
  const auto stream = runner.host().connectTcp(
      alice, {.local = *IpAddress::parse("192.0.2.1"), .remote = {kLoopback, 9}});
  EXPECT_EQ(stream.error(), OpenError::addressNotAvailable);
  const auto mixed = runner.host().connectTcp(
      alice, {.local = kLoopback, .remote = {*IpAddress::parse("::1"), 9}});
  EXPECT_EQ(mixed.error(), OpenError::addressNotAvailable);
}

TEST_F(TcpStreamsTest, KeepsABoundedNumberOfBytesForAPeerThatDoesNotRead) {
  const SocketId stream = join();
  const std::string piece(64 << 10, 'x');
  std::string said;
  // Bob reads as much as he is given, so the one who does not is outside of any loop.
  Descriptor deaf(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress any({kLoopback, 0});
  ASSERT_EQ(::bind(deaf.number(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(deaf.number(), 1), 0);
  const SocketId blocked = alice.connect(localOf(deaf.number()));
  ASSERT_TRUE(runUntil([&] { return alice.opened.contains(blocked); }));
  for (std::uint64_t before = 1; before != stats().streamBytesSent;) {
    before = stats().streamBytesSent;
    while (alice.say(blocked, piece)) said += piece;
    runner.poll();
  }
  EXPECT_GT(said.size(), limits::loop::kUnsentBytesPerStream);
  EXPECT_LT(runner.host().writable(blocked), piece.size());
  EXPECT_FALSE(alice.say(blocked, piece));
  const std::string greeting = "this one is not blocked";
  EXPECT_TRUE(alice.say(stream, greeting));
  EXPECT_TRUE(runUntil([&] { return !bob.heard[bob.accepted[0]].empty(); }));
  // Closed, it lingers; nobody reads, and so it ends with its patience.
  runner.host().close(blocked);
  EXPECT_EQ(stats().streamsLingering, 1u);
  runner.host().leave(alice);
  runner.host().leave(bob);
  EXPECT_EQ(runner.report().sockets, 1u);
  EXPECT_TRUE(runner.drain(kPatience));
  EXPECT_EQ(runner.report().sockets, 0u);
  EXPECT_EQ(stats().streamBytesSent + stats().streamBytesDropped, said.size() + greeting.size());
}

TEST_F(TcpStreamsTest, AllThatWasWrittenArrivesThoughItIsClosedAtOnce) {
  const SocketId stream = join();
  const SocketId other = bob.accepted.at(0);
  const std::string much(limits::loop::kUnsentBytesPerStream, 'm');
  EXPECT_TRUE(alice.say(stream, much));
  runner.host().close(stream);
  EXPECT_TRUE(runUntil([&] { return bob.ends.contains(other); }));
  EXPECT_EQ(bob.ends[other], StreamEnd::byPeer);
  EXPECT_EQ(bob.heard[other], much);
  EXPECT_TRUE(runUntil([&] { return stats().streamsLingering == 0; }));
  EXPECT_TRUE(alice.ends.empty());
  EXPECT_EQ(stats().streamBytesDropped, 0u);
}

TEST_F(TcpStreamsTest, AStreamThatIsResetSaysSo) {
  const SocketId stream = join();
  Descriptor rude(::socket(AF_INET, SOCK_STREAM, 0));
  const SocketAddress to(bob.locals.at(bob.accepted.at(0)));
  ASSERT_EQ(::connect(rude.number(), to.data(), to.size()), 0);
  ASSERT_TRUE(runUntil([&] { return bob.accepted.size() == 2; }));
  const linger atOnce{.l_onoff = 1, .l_linger = 0};
  ASSERT_EQ(::setsockopt(rude.number(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce), 0);
  {
    const Descriptor closed = std::move(rude);
  }
  EXPECT_TRUE(runUntil([&] { return bob.ends.contains(bob.accepted[1]); }));
  EXPECT_EQ(bob.ends[bob.accepted[1]], StreamEnd::reset);
  EXPECT_TRUE(alice.say(stream, "not this one"));
}

TEST_F(TcpStreamsTest, WritingToOneWhoHasGoneEndsTheStreamAndNotTheProcess) {
  const SocketId stream = join();
  runner.host().close(bob.accepted.at(0));
  EXPECT_TRUE(runUntil([&] {
    (void)alice.say(stream, "anybody?");
    return alice.ends.contains(stream);
  }));
  EXPECT_FALSE(alice.say(stream, "no"));
}

TEST_F(TcpStreamsTest, TakesABoundedPartOfAStreamInOneStep) {
  const SocketId stream = join();
  const SocketId other = bob.accepted.at(0);
  const std::string much(limits::loop::kUnsentBytesPerStream, 'm');
  std::map<int, std::size_t> perStep;
  std::size_t before = 0;
  bob.bytesDo = [&](SocketId) {
    perStep[bob.settled] +=
        bob.heard[other].size() - std::exchange(before, bob.heard[other].size());
  };
  EXPECT_TRUE(alice.say(stream, much));
  EXPECT_TRUE(runUntil([&] { return bob.heard[other].size() == much.size(); }));
  for (const auto& [step, size] : perStep) EXPECT_LE(size, limits::loop::kStreamBytesPerStep);
}

TEST_F(TcpStreamsTest, AGuestMayCloseWhatItAcceptsAndItsListenerWhileItHearsOfIt) {
  bob.acceptedDo = [&](SocketId stream) {
    runner.host().close(stream);
    runner.host().close(bob.listener);
  };
  const SocketId stream = alice.connect(bob.listen());
  EXPECT_TRUE(runUntil([&] { return alice.ends.contains(stream); }));
  EXPECT_EQ(runner.report().sockets, 0u);
}

TEST_F(TcpStreamsTest, AStreamGoesToAnotherGuest) {
  const SocketId stream = join();
  Party carol(runner.host());
  runner.host().handOver(bob.accepted.at(0), carol);
  runner.host().leave(bob);
  EXPECT_TRUE(alice.say(stream, "who is there?"));
  EXPECT_TRUE(runUntil([&] { return carol.heard[bob.accepted[0]] == "who is there?"; }));
  EXPECT_TRUE(bob.heard.empty());
}

TEST_F(TcpStreamsTest, ListensOnAPortOfTheRangeAndSaysThatAllAreTaken) {
  std::vector<SocketId> held;
  std::optional<OpenError> refused;
  while (held.size() < 5 && !refused) {
    const auto bound = runner.host().listenTcp(alice, {kLoopback, 39'410, 39'413});
    if (!bound) {
      refused = bound.error();
    } else {
      EXPECT_GE(bound->local.port, 39'410);
      EXPECT_LE(bound->local.port, 39'413);
      held.push_back(bound->socket);
    }
  }
  EXPECT_EQ(refused, OpenError::addressInUse);
}

TEST_F(TcpStreamsTest, AcceptsNoMoreThanItMayHaveOpen) {
  rlimit most{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &most), 0);
  const std::size_t wanted = limits::loop::kAcceptedPerListener + 1;
  if (most.rlim_cur < 2 * wanted + 64) {
    most.rlim_cur = std::min<rlim_t>(most.rlim_max, 2 * wanted + 64);
    if (::setrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur < 2 * wanted + 64)
      GTEST_SKIP() << "too few descriptors";
  }
  for (std::size_t i = 1; i < wanted; ++i) join();
  const SocketId last = alice.connect(bob.locals.at(bob.accepted[0]));
  EXPECT_TRUE(runUntil([&] { return alice.ends.contains(last); }));
  EXPECT_EQ(stats().streamsRefused, 1u);
  runner.host().close(bob.accepted[0]);
  join();
  EXPECT_EQ(bob.accepted.size(), wanted);
}

TEST_F(TcpStreamsTest, ALoopMayEndInTheMiddleOfEverything) {
  const SocketId stream = join();
  EXPECT_TRUE(alice.say(stream, std::string(900'000, 'x')));
  (void)alice.connect(bob.locals.at(bob.accepted[0]));
  runner.host().close(stream);
}

TEST(StreamEnds, AreWhatTheSystemSays) {
  EXPECT_EQ(streamEndOf(ECONNREFUSED), StreamEnd::refused);
  EXPECT_EQ(streamEndOf(EHOSTUNREACH), StreamEnd::unreachable);
  EXPECT_EQ(streamEndOf(ETIMEDOUT), StreamEnd::timedOut);
  EXPECT_EQ(streamEndOf(EPIPE), StreamEnd::reset);
  EXPECT_EQ(streamEndOf(ENOMEM), StreamEnd::failed);
}

}  // namespace
}  // namespace parley::runtime
