#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "parley/test_call.h"

namespace parley {
namespace {

using test::Call;
using test::kPatience;

// The main loop of a program with a user interface: a queue of functions, pumped by hand.
class Pump {
 public:
  Dispatcher dispatcher() {
    return [state = state_](std::move_only_function<void()> task) {
      const std::lock_guard lock(state->mutex);
      state->tasks.push_back(std::move(task));
      state->arrived.notify_one();
    };
  }
  bool runUntil(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition())
      if (!runOne(end)) return condition();
    return true;
  }
  std::size_t waiting() const {
    const std::lock_guard lock(state_->mutex);
    return state_->tasks.size();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<std::move_only_function<void()>> tasks;
  };

  bool runOne(std::chrono::steady_clock::time_point end) {
    std::unique_lock lock(state_->mutex);
    if (!state_->arrived.wait_until(lock, end, [this] { return !state_->tasks.empty(); }))
      return false;
    auto task = std::move(state_->tasks.front());
    state_->tasks.pop_front();
    lock.unlock();
    task();
    return true;
  }

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

struct LoopThreadTest : testing::Test {
  Pump pump;
  std::unique_ptr<LoopThread> engine = std::make_unique<LoopThread>();

  // A program's queue is run to its end: there a coroutine learns that its connection is gone.
  void TearDown() override {
    engine.reset();
    EXPECT_TRUE(pump.runUntil([&] { return pump.waiting() == 0; }));
  }

  std::unique_ptr<Call> call() {
    return std::make_unique<Call>(
        [this] { return std::make_unique<RTCPeerConnection>(*engine, pump.dispatcher()); });
  }
  std::unique_ptr<Call> connected() {
    auto made = call();
    EXPECT_TRUE(pump.runUntil([&] { return made->isOpen(); }));
    return made;
  }
  bool isReleased() {  // every look waits for a turn of the engine
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end)
      if (engine->releaseReport().isZero()) return true;
    return false;
  }
};

TEST_F(LoopThreadTest, ConnectsAndTalksAndLeavesNothing) {
  auto pair = connected();
  EXPECT_EQ(engine->releaseReport().connections, 2u);
  for (int i = 0; i < 100; ++i) pair->offered->send(std::to_string(i));
  pair->announced->send("back");
  ASSERT_TRUE(
      pump.runUntil([&] { return pair->atAnswerer.size() == 100 && pair->atOfferer.size() == 1; }));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(pair->atAnswerer[static_cast<std::size_t>(i)], std::to_string(i));
  pair->offerer->close();
  EXPECT_TRUE(pump.runUntil([&] { return pair->closes == 1; }));
  pair.reset();
  EXPECT_TRUE(isReleased()) << engine->releaseReport().toString();
}

TEST_F(LoopThreadTest, EveryEventHappensOnTheThreadOfTheObjects) {
  const auto self = std::this_thread::get_id();
  auto pair = call();
  bool elsewhere = false;
  int events = 0;
  pair->offered->onopen = [&](const Event&) {
    ++events;
    elsewhere |= std::this_thread::get_id() != self;
  };
  pair->offerer->onconnectionstatechange = [&](const Event&) {
    ++events;
    elsewhere |= std::this_thread::get_id() != self;
  };
  ASSERT_TRUE(pump.runUntil([&] { return pair->isOpen(); }));
  EXPECT_GE(events, 2);
  EXPECT_FALSE(elsewhere);
}

TEST_F(LoopThreadTest, ConnectionsOverOneEngineShareOneIdentity) {
  auto one = connected(), two = connected();
  const auto fingerprint = [](const RTCPeerConnection& pc) {
    const std::string sdp = pc.localDescription()->sdp;
    const std::size_t at = sdp.find("a=fingerprint:");
    return sdp.substr(at, sdp.find('\r', at) - at);
  };
  EXPECT_EQ(fingerprint(*one->offerer), fingerprint(*two->answerer));
}

TEST_F(LoopThreadTest, DestroyingOneSideClosesTheOther) {
  auto pair = connected();
  pair->offerer.reset();
  EXPECT_TRUE(pump.runUntil([&] { return pair->closes == 1; }));
  pair->answerer.reset();
  EXPECT_TRUE(isReleased()) << engine->releaseReport().toString();
}

TEST_F(LoopThreadTest, AMessageSentRightBeforeTheEndIsNotLost) {
  auto pair = connected();
  pair->offered->send("last words");
  pair->offerer.reset();
  EXPECT_TRUE(pump.runUntil([&] { return pair->closes == 1; }));
  EXPECT_THAT(pair->atAnswerer, testing::ElementsAre("last words"));
}

TEST_F(LoopThreadTest, TheEngineMayEndFirst) {  // L-5
  auto pair = connected();
  engine.reset();
  ASSERT_TRUE(pump.runUntil([&] {
    return pair->offerer->connectionState() == RTCPeerConnectionState::closed &&
           pair->answerer->connectionState() == RTCPeerConnectionState::closed;
  }));
  EXPECT_EQ(pair->offered->readyState(), RTCDataChannelState::closed);
  EXPECT_THROW(pair->offered->send("nobody"), DOMException);
}

TEST_F(LoopThreadTest, WithoutPumpingAnythingEveryOrderOfDestructionIsSafe) {
  {
    auto pair = connected();
    engine.reset();
    pair->offered->send("into the void");  // the objects have not heard yet
    pair->offerer->close();
  }
  engine = std::make_unique<LoopThread>();
  {
    auto pair = connected();
    pair->answerer.reset();
    engine.reset();
  }
  engine = std::make_unique<LoopThread>();
  auto pair = call();  // nothing is connected yet
  engine.reset();
}

TEST_F(LoopThreadTest, AConnectionThatWasNeverPumpedLeavesNothingWithTheEngine) {
  {
    const auto pair = call();
  }
  EXPECT_TRUE(isReleased()) << engine->releaseReport().toString();
}

TEST_F(LoopThreadTest, EventsForObjectsThatAreGoneAreDropped) {
  auto pair = connected();
  for (int i = 0; i < 50; ++i) pair->offered->send("unheard");
  ASSERT_FALSE(engine->releaseReport().isZero());  // the engine had a turn
  pair.reset();
  EXPECT_TRUE(isReleased());
  EXPECT_TRUE(pump.runUntil([&] { return pump.waiting() == 0; }));
}

TEST_F(LoopThreadTest, PostedTasksRunThereInOrderAndNotAfterItsEnd) {
  std::vector<int> order;
  std::promise<bool> elsewhere;
  const auto self = std::this_thread::get_id();
  for (int i = 0; i < 10; ++i) engine->post([&order, i] { order.push_back(i); });
  engine->post([&] { elsewhere.set_value(std::this_thread::get_id() != self); });
  EXPECT_TRUE(elsewhere.get_future().get());
  EXPECT_EQ(order.size(), 10u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  const auto held = std::make_shared<int>(0);
  engine->post([held, loop = &engine->loop()] { loop->stop(); });
  engine->post([held] { ++*held; });
  engine.reset();
  EXPECT_EQ(held.use_count(), 1) << "what was not run is destroyed";
}

TEST_F(LoopThreadTest, ATaskThatStopsTheLoopIsNoTrouble) {
  auto pair = connected();
  engine->post([loop = &engine->loop()] { loop->stop(); });
  ASSERT_TRUE(pump.runUntil(
      [&] { return pair->offerer->connectionState() == RTCPeerConnectionState::closed; }));
  engine->post([] { FAIL() << "the loop is over"; });
  EXPECT_TRUE(engine->releaseReport().isZero());
}

TEST_F(LoopThreadTest, ManyConnectionsComeAndGo) {
  for (int i = 0; i < 5; ++i) {
    auto pair = connected();
    if (i % 2 == 0) pair->offerer->close();
    if (i % 3 == 0) pair->answerer.reset();
  }
  EXPECT_TRUE(isReleased()) << engine->releaseReport().toString();
}

}  // namespace
}  // namespace parley
