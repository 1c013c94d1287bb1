#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <gmock/gmock.h>

#include <deque>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <thread>

#include "parley/test_call.h"

// Faults that other stacks had with real sockets and threads, by the ids of
// docs/known-weaknesses.md.

namespace parley {
namespace {

using boost::asio::ip::udp;
using test::Call;
using test::kPatience;

std::size_t entriesOf(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

// The system takes a thread off its list a moment after it was joined.
bool comesTo(const char* folder, std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (entriesOf(folder) != count) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// Where the first candidate of a description can be reached.
udp::endpoint firstCandidate(const std::string& sdp) {
  const std::string name = "a=candidate:";
  std::istringstream line(sdp.substr(sdp.find(name) + name.size()));
  std::string foundation, component, protocol, priority, address;
  std::uint16_t port = 0;
  line >> foundation >> component >> protocol >> priority >> address >> port;
  return {boost::asio::ip::make_address(address), port};
}

TEST(KnownLoop, I11AHundredThousandDatagramsOnARealSocketLeaveAHealthyLinkAlone) {
  Loop loop;
  Call call(loop);
  ASSERT_TRUE(loop.runUntil([&] { return call.isOpen(); }, kPatience));
  std::vector<RTCPeerConnectionState> states;
  call.offerer->onconnectionstatechange = [&](const Event&) {
    states.push_back(call.offerer->connectionState());
  };
  const udp::endpoint target = firstCandidate(call.offerer->localDescription()->sdp);
  boost::asio::io_context context;
  udp::socket stranger(context, udp::endpoint(target.protocol(), 0));
  std::array<std::uint8_t, 64> bytes{};
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    bytes.fill(static_cast<std::uint8_t>(i));
    bytes[0] = std::array<std::uint8_t, 4>{0, 22, 23, 200}[i % 4];
    boost::system::error_code ignored;  // a full buffer of the kernel is part of it
    stranger.send_to(boost::asio::buffer(bytes), target, 0, ignored);
    if (i % 5'000 == 0) loop.poll();
  }
  call.announced->send("through it all");
  ASSERT_TRUE(loop.runUntil([&] { return !call.atOfferer.empty(); }, kPatience));
  EXPECT_EQ(call.atOfferer.front(), "through it all");
  EXPECT_TRUE(states.empty());
  EXPECT_EQ(stranger.available(), 0u) << "strangers are not answered";
}

// What the system holds for us, before the first and after the last of many lives: with a thread
// for each engine, and with a loop in the thread that is there.
TEST(KnownLoop, L6ThreadsAndDescriptorsAreBackToTheStartAfterEveryLife) {
  const auto live = [](bool withThread) {
    if (withThread) {
      LoopThread engine;
      engine.post([] {});
      return;
    }
    Loop loop;
    Call call(loop);
    ASSERT_TRUE(loop.runUntil([&] { return call.isOpen(); }, kPatience));
    call.offerer->close();
    ASSERT_TRUE(loop.runUntil([&] { return call.closes == 1; }, kPatience));
  };
  std::thread([] {}).join();  // with the first one a sanitizer begins one that stays
  const std::size_t threads = entriesOf("/proc/self/task");
  live(true);
  live(false);
  EXPECT_TRUE(comesTo("/proc/self/task", threads));
  const std::size_t descriptors = entriesOf("/proc/self/fd");
  for (int i = 0; i < 30; ++i) {
    live(i % 3 == 0);
    ASSERT_TRUE(comesTo("/proc/self/task", threads)) << i;
    ASSERT_EQ(entriesOf("/proc/self/fd"), descriptors) << i;
  }
}

enum class Stage { engine, created, offered, connected, busy, closing };

// Leaves the process by exit() with an engine at work: nothing of it is destroyed before, as when
// a program has it in a global or on the heap, or gives up in the middle of a function.
[[noreturn]] void exitIn(Stage stage, bool isOnEngine) {
  auto* const engine = new LoopThread();
  std::mutex mutex;
  std::deque<std::move_only_function<void()>> tasks;
  const auto make = [&] {
    return std::make_unique<RTCPeerConnection>(*engine, [&](std::move_only_function<void()> task) {
      const std::lock_guard lock(mutex);
      tasks.push_back(std::move(task));
    });
  };
  const auto pumpUntil = [&](const std::function<bool()>& condition) {
    while (!condition()) {
      std::unique_lock lock(mutex);
      if (tasks.empty()) continue;
      auto task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
    }
  };
  const auto leave = [&] {
    if (!isOnEngine) std::exit(7);
    engine->post([] { std::exit(7); });
    while (true) std::this_thread::yield();
  };
  if (stage == Stage::engine) leave();
  Call* const call = new Call(make);
  if (stage == Stage::created) leave();
  pumpUntil([&] { return call->offerer->iceGatheringState() == RTCIceGatheringState::complete; });
  if (stage == Stage::offered) leave();
  pumpUntil([&] { return call->isOpen(); });
  if (stage == Stage::busy) call->offered->send(std::string(200'000, 'x'));
  if (stage == Stage::closing) call->offerer->close();
  leave();
  std::abort();
}

// What the system tears down while a thread of ours still runs must be nothing that it uses.
TEST(KnownLoopDeathTest, L5ExitWithAnEngineAtWorkIsCleanAtEveryStage) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const Stage stage : {Stage::engine, Stage::created, Stage::offered, Stage::connected,
                            Stage::busy, Stage::closing}) {
    for (const bool isOnEngine : {false, true}) {
      SCOPED_TRACE(static_cast<int>(stage));
      EXPECT_EXIT(exitIn(stage, isOnEngine), testing::ExitedWithCode(7), "");
    }
  }
}

}  // namespace
}  // namespace parley
