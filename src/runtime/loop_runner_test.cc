#include "runtime/loop_runner.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <netinet/udp.h>
#include <sys/socket.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

#include "runtime/socket_address.h"

namespace parley::runtime {
namespace {

constexpr Duration kPatience = 20s;  // nothing here takes long; a busy machine may

class TestSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override { std::ranges::fill(bytes, std::uint8_t{9}); }
};

std::size_t openDescriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// A guest with a socket that notes what it hears, and sends it back if it is told to.
class Talker : public Host::Guest {
 public:
  Talker(Host& host, std::string_view ip) : host_(host) {
    host_.enter(*this);
    if (const auto bound = host_.openUdp(*this, {.local = *IpAddress::parse(ip)})) {
      socket = bound->socket;
      local = bound->local;
    }
  }
  ~Talker() override { host_.leave(*this); }

  void say(const Address& to, std::string_view text) {
    host_.send(
        {.socket = socket, .remote = to, .packet = host_.step().packets.copyOf(bytesOf(text))});
  }
  void onDatagram(Step&, Datagram datagram) override {
    heard.emplace_back(textOf(datagram.packet.bytes()));
    local_ = datagram.local;
    if (echoes) say(datagram.remote, heard.back());
  }
  void onTimer(Step& step) override { rang.push_back(step.now); }
  void onResolved(Step&, ResolveId, std::vector<IpAddress> found) override { answer = found; }
  void onStepEnd(Step&) override { ++settled; }

  SocketId socket;
  Address local{}, local_{};
  bool echoes = false;
  std::vector<std::string> heard;
  std::vector<Instant> rang;
  std::optional<std::vector<IpAddress>> answer;
  int settled = 0;

 private:
  Host& host_;
};

struct LoopRunnerTest : testing::Test {
  TestSecrets secrets;
  RunnerConfig config() { return {.secrets = &secrets}; }
};

void exchangeThousand(RunnerConfig config, std::string_view ip) {
  LoopRunner runner(config);
  Talker alice(runner.host(), ip);
  Talker bob(runner.host(), ip);
  bob.echoes = true;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 1'000; ++i) {
    texts.push_back(std::to_string(i) + std::string(i / 100 * 100, '.'));
  }
  // A window, since a receive buffer is finite.
  for (std::size_t i = 0; i < texts.size(); i += 100) {
    for (std::size_t j = i; j < i + 100; ++j) alice.say(bob.local, texts[j]);
    ASSERT_TRUE(runner.runUntil([&] { return alice.heard.size() == i + 100; }, kPatience));
  }
  EXPECT_EQ(bob.heard, texts);
  EXPECT_EQ(alice.heard, texts);
  EXPECT_EQ(bob.local_, bob.local);
  const loop::LoopReport report = runner.report();
  EXPECT_EQ(report.driver.datagramsSent, 2'000u);
  EXPECT_EQ(report.driver.datagramsReceived, 2'000u);
  EXPECT_EQ(report.packetsInUse, 0u);
  EXPECT_LT(bob.settled, 500) << "datagrams are not taken in batches";
}

TEST_F(LoopRunnerTest, CarriesDatagramsBothWaysWhateverTheKernelOffers) {
  for (const bool useMmsg : {true, false}) {
    for (const bool useGso : {true, false}) {
      RunnerConfig tuned = config();
      tuned.useMmsg = useMmsg;
      tuned.useGso = useGso;
      exchangeThousand(tuned, "127.0.0.1");
    }
  }
}

// Receive offload of the socket that is bound there; absent: the kernel has none.
std::optional<bool> joinsRuns(const Address& local) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int descriptor = std::stoi(entry.path().filename());
    SocketAddress bound;
    if (::getsockname(descriptor, bound.data(), bound.sizeRoom()) != 0) continue;
    int value = 0;
    socklen_t size = sizeof value;
    if (bound.toAddress() != local) continue;
    if (::getsockopt(descriptor, IPPROTO_UDP, UDP_GRO, &value, &size) != 0) return std::nullopt;
    return value != 0;
  }
  return std::nullopt;
}

TEST_F(LoopRunnerTest, JoinsRunsOfDatagramsOnceASocketProvesToBeBusy) {
  LoopRunner runner(config());
  Talker one(runner.host(), "127.0.0.1"), two(runner.host(), "127.0.0.1");
  if (!joinsRuns(two.local)) GTEST_SKIP() << "the kernel has no receive offload";
  one.say(two.local, "a word");
  ASSERT_TRUE(runner.runUntil([&] { return two.heard.size() == 1; }, kPatience));
  EXPECT_EQ(joinsRuns(two.local), false);
  for (int i = 0; i < 40; ++i) one.say(two.local, "a lot");
  ASSERT_TRUE(runner.runUntil([&] { return two.heard.size() == 41; }, kPatience));
  EXPECT_EQ(joinsRuns(two.local), true);
  EXPECT_EQ(joinsRuns(one.local), false) << "which only sends";
}

TEST_F(LoopRunnerTest, CarriesDatagramsOverV6) {
  {
    LoopRunner runner(config());
    if (Talker(runner.host(), "::1").local.port == 0) GTEST_SKIP() << "no IPv6 here";
  }
  exchangeThousand(config(), "::1");
}

TEST_F(LoopRunnerTest, RingsTimersInOrderAndNeverEarly) {
  LoopRunner runner(config());
  Talker late(runner.host(), "127.0.0.1");
  Talker soon(runner.host(), "127.0.0.1");
  const Instant start = runner.host().step().now;
  runner.host().wakeAt(late, start + 40ms);
  runner.host().wakeAt(soon, start + 700us);
  ASSERT_TRUE(runner.runUntil([&] { return !late.rang.empty(); }, kPatience));
  ASSERT_EQ(soon.rang.size(), 1u);
  EXPECT_GE(soon.rang[0], start + 700us);
  EXPECT_GE(late.rang[0], start + 40ms);
  runner.host().wakeAt(late, start + 1h);
  ASSERT_TRUE(runner.runFor(1ms));
  runner.host().wakeAt(late, runner.host().step().now + 2ms);
  ASSERT_TRUE(runner.runUntil([&] { return late.rang.size() == 2; }, kPatience))
      << "the timer of the system was not moved earlier";
}

TEST_F(LoopRunnerTest, RunsTasksPostedFromManyThreadsInTheOrderOfEach) {
  LoopRunner runner(config());
  std::vector<std::vector<int>> seen(4);
  std::size_t total = 0;
  std::vector<std::jthread> threads;
  for (std::size_t who = 0; who < 4; ++who) {
    threads.emplace_back([&, who] {
      for (int i = 0; i < 500; ++i) {
        runner.post([&, who, i] {
          EXPECT_TRUE(runner.isCurrent());
          seen[who].push_back(i);
          ++total;
        });
      }
    });
  }
  ASSERT_TRUE(runner.runUntil([&] { return total == 2'000; }, kPatience));
  for (const auto& one : seen) EXPECT_TRUE(std::ranges::is_sorted(one));
}

TEST_F(LoopRunnerTest, StopsFromAnotherThreadAndRunsAgain) {
  LoopRunner runner(config());
  for (int i = 0; i < 3; ++i) {
    std::jthread stopper([&] {
      EXPECT_FALSE(runner.isCurrent());
      runner.stop();
    });
    runner.run();
  }
  runner.stop();
  runner.run();  // a stop that came first
  EXPECT_FALSE((runner.stop(), runner.runFor(1h)));
}

TEST_F(LoopRunnerTest, PollDoesWhatIsReadyAndReturns) {
  LoopRunner runner(config());
  bool ran = false;
  runner.post([&] { ran = true; });
  runner.poll();
  EXPECT_TRUE(ran);
  std::function<void()> again = [&] { runner.host().queueTask(again); };
  runner.host().queueTask(again);
  runner.poll();  // although there is always more
  EXPECT_GE(runner.report().tasksQueued, 1u);
}

TEST_F(LoopRunnerTest, WhatAHandlerThrowsLeavesRunAfterItsStepAndTheLoopGoesOn) {
  LoopRunner runner(config());
  Talker alice(runner.host(), "127.0.0.1");
  Talker bob(runner.host(), "127.0.0.1");
  runner.host().queueTask([&] {
    alice.say(bob.local, "said before");
    throw std::runtime_error("first");
  });
  runner.host().queueTask([] { throw std::logic_error("second"); });
  EXPECT_THROW(runner.runFor(kPatience), std::runtime_error);
  EXPECT_THROW(runner.runFor(kPatience), std::logic_error);
  EXPECT_TRUE(runner.runUntil([&] { return bob.heard.size() == 1; }, kPatience));
}

TEST_F(LoopRunnerTest, AHookGetsWhatHandlersThrow) {
  LoopRunner runner(config());
  std::vector<std::string> caught;
  runner.onUnhandled([&](const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      caught.emplace_back(error.what());
    }
  });
  runner.post([] { throw std::runtime_error("posted"); });
  runner.host().queueTask([] { throw std::runtime_error("queued"); });
  ASSERT_TRUE(runner.runUntil([&] { return caught.size() == 2; }, kPatience));
  EXPECT_THAT(caught, testing::UnorderedElementsAre("posted", "queued"));
}

TEST_F(LoopRunnerTest, ResolvesHostNames) {
  LoopRunner runner(config());
  Talker alice(runner.host(), "127.0.0.1");
  runner.host().resolve(alice, "127.0.0.5");
  ASSERT_TRUE(runner.runUntil([&] { return alice.answer.has_value(); }, kPatience));
  EXPECT_EQ(alice.answer->at(0).toString(), "127.0.0.5");
  EXPECT_EQ(runner.report().resolving, 0u);
}

TEST_F(LoopRunnerTest, IsOneUserAmongOthersOfSomebodyElsesContext) {
  boost::asio::io_context context;
  int others = 0;
  {
    LoopRunner runner(context, config());
    Talker alice(runner.host(), "127.0.0.1");
    Talker bob(runner.host(), "127.0.0.1");
    bob.echoes = true;
    alice.say(bob.local, "hello");
    boost::asio::post(context, [&] { ++others; });
    while (alice.heard.empty()) ASSERT_GT(context.run_one_for(kPatience), 0u);
    EXPECT_TRUE(runner.isCurrent());
    runner.post([] { ADD_FAILURE() << "the runner is gone by then"; });
    runner.host().wakeAt(alice, runner.host().step().now + 1h);
    context.poll_one();
  }
  EXPECT_EQ(others, 1);
  context.restart();
  EXPECT_NO_THROW(context.run()) << "what was under way must end with the runner";
}

TEST_F(LoopRunnerTest, DrainWaitsForResidentsButNoLongerThanAsked) {
  struct Tail final : Talker {
    explicit Tail(Host& host) : Talker(host, "127.0.0.1"), owner(host) {}
    void onTimer(Step&) override { owner.dismiss(*this); }
    Host& owner;
  };
  LoopRunner runner(config());
  auto tail = std::make_unique<Tail>(runner.host());
  Tail& resident = *tail;
  runner.host().adopt(std::move(tail));
  EXPECT_FALSE(runner.drain(1ms));
  runner.host().wakeAt(resident, runner.host().step().now + 5ms);
  EXPECT_TRUE(runner.drain(kPatience));
  EXPECT_EQ(runner.report().sockets, 0u);
}

TEST_F(LoopRunnerTest, GivesEveryDescriptorBack) {
  const std::size_t before = openDescriptors();
  for (int i = 0; i < 3; ++i) {
    LoopRunner runner(config());
    Talker alice(runner.host(), "127.0.0.1");
    auto bob = std::make_unique<Talker>(runner.host(), "127.0.0.1");
    alice.say(bob->local, "hello");
    ASSERT_TRUE(runner.runUntil([&] { return !bob->heard.empty(); }, kPatience));
    const std::size_t with = openDescriptors();
    bob.reset();
    EXPECT_EQ(openDescriptors(), with - 1) << "at once, not at the end";
  }
  EXPECT_EQ(openDescriptors(), before);
}

TEST_F(LoopRunnerTest, ASocketMayBeClosedByTheDatagramItBrought) {
  struct Hasty final : Talker {
    using Talker::Talker;
    void onDatagram(Step& step, Datagram datagram) override {
      Talker::onDatagram(step, std::move(datagram));
      if (onFirst) std::exchange(onFirst, nullptr)();
    }
    std::function<void()> onFirst;
  };
  LoopRunner runner(config());
  Talker alice(runner.host(), "127.0.0.1");
  auto hasty = std::make_unique<Hasty>(runner.host(), "127.0.0.1");
  hasty->onFirst = [&] { hasty.reset(); };
  for (int i = 0; i < 50; ++i) alice.say(hasty->local, "hello");
  ASSERT_TRUE(runner.runUntil([&] { return hasty == nullptr; }, kPatience));
  EXPECT_EQ(runner.report().sockets, 1u);
  EXPECT_TRUE(runner.runFor(1ms));
}

}  // namespace
}  // namespace parley::runtime
