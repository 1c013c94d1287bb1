#include "parley/udp_mux.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <future>
#include <thread>

#include "parley/test_call.h"

namespace parley {
namespace {

using test::kPatience;

// Answerers on the mux, offerers with sockets of their own.
struct Served {
  Served(Loop& loop, const UdpMux& mux, int count) {
    for (int i = 0; i < count; ++i) {
      bool isFirst = true;
      calls.emplace_back([&] {
        const bool isOnMux = !std::exchange(isFirst, false);
        return std::make_unique<RTCPeerConnection>(loop, RTCConfiguration{},
                                                   Tuning{.udpMux = isOnMux ? &mux : nullptr});
      });
    }
  }
  bool areOpen() const {
    return std::ranges::all_of(calls, [](const test::Call& call) { return call.isOpen(); });
  }
  bool haveHeard() const {
    return std::ranges::all_of(calls, [](const test::Call& call) {
      return call.atAnswerer.size() == 1 && call.atOfferer.size() == 1;
    });
  }
  void talk() {
    for (test::Call& call : calls) {
      call.offered->send("up");
      call.announced->send("down");
    }
  }

  std::deque<test::Call> calls;
};

TEST(UdpMuxTest, ManyConnectionsHaveOnePort) {
  Loop loop;
  auto mux = std::make_unique<UdpMux>(loop);
  EXPECT_NE(mux->port(), 0);
  const std::size_t sockets = mux->addresses().size();
  auto served = std::make_unique<Served>(loop, *mux, 4);
  ASSERT_TRUE(loop.runUntil([&] { return served->areOpen(); }, kPatience));
  served->talk();
  ASSERT_TRUE(loop.runUntil([&] { return served->haveHeard(); }, kPatience));
  EXPECT_EQ(mux->stats().transports, 4 * sockets);
  served.reset();
  EXPECT_TRUE(loop.drain(kPatience));
  EXPECT_EQ(mux->stats().transports, 0u);
  mux.reset();
  EXPECT_TRUE(loop.releaseReport().isZero()) << loop.releaseReport().toString();
}

TEST(UdpMuxTest, ItsLoopMayEndBeforeIt) {
  auto loop = std::make_unique<Loop>();
  const UdpMux mux(*loop);
  Served served(*loop, mux, 1);
  ASSERT_TRUE(loop->runUntil([&] { return served.areOpen(); }, kPatience));
  loop.reset();
  EXPECT_EQ(mux.port(), 0);
  EXPECT_EQ(mux.stats().transports, 0u);
}

// A loop on a thread, its mux and what it serves; all of it made, used and let go on that thread.
struct Worker {
  std::uint16_t port = 0;
  std::unique_ptr<UdpMux> mux;
  std::unique_ptr<Served> served;
  LoopThread thread;

  void on(std::function<void()> task) {
    std::promise<void> isDone;
    thread.post([&] {
      task();
      isDone.set_value();
    });
    isDone.get_future().wait();
  }
  bool waitFor(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (bool holds = false; std::chrono::steady_clock::now() < end;) {
      on([&] { holds = condition(); });
      if (holds) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

TEST(UdpMuxTest, SeveralLoopsHaveAPortEach) {
  std::array<Worker, 2> workers;
  for (Worker& worker : workers) {
    worker.on([&] {
      Loop& loop = worker.thread.loop();
      worker.mux = std::make_unique<UdpMux>(loop);
      worker.port = worker.mux->port();
      worker.served = std::make_unique<Served>(loop, *worker.mux, 3);
    });
  }
  for (Worker& worker : workers) {
    EXPECT_TRUE(worker.waitFor([&] { return worker.served->areOpen(); }));
    worker.on([&] { worker.served->talk(); });
  }
  EXPECT_NE(workers[0].port, workers[1].port);
  for (Worker& worker : workers) {
    EXPECT_TRUE(worker.waitFor([&] { return worker.served->haveHeard(); }));
    worker.on([&] {
      worker.served.reset();
      worker.mux.reset();
    });
  }
}

}  // namespace
}  // namespace parley
