#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "parley/asio.h"
#include "parley/test_call.h"

namespace parley {
namespace {

using test::Call;
using test::kPatience;

bool connect(Loop& loop, Call& call) {
  return loop.runUntil([&] { return call.isOpen(); }, kPatience);
}

// Runs until nothing is left; what is left after that is said.
testing::AssertionResult drains(Loop& loop) {
  if (loop.runUntil([&] { return loop.releaseReport().isZero(); }, kPatience))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << loop.releaseReport().toString();
}

TEST(LoopTest, TwoConnectionsTalkAndLeaveNothing) {
  Loop loop;
  {
    Call call(loop);
    ASSERT_TRUE(connect(loop, call));
    EXPECT_EQ(loop.releaseReport().connections, 2u);
    EXPECT_GT(loop.releaseReport().sockets, 0u);
    EXPECT_FALSE(loop.releaseReport().isZero());
    call.offered->send("there");
    call.announced->send("back");
    ASSERT_TRUE(loop.runUntil(
        [&] { return call.atAnswerer.size() == 1 && call.atOfferer.size() == 1; }, kPatience));
    call.offerer->close();
    EXPECT_TRUE(loop.runUntil([&] { return call.closes == 1; }, kPatience));
  }
  EXPECT_TRUE(drains(loop));
  loop.trim();
  Call another(loop);
  EXPECT_TRUE(connect(loop, another));
}

TEST(LoopTest, TheReportNamesWhatIsHeld) {
  EXPECT_EQ(ReleaseReport{}.toString(),
            "connections 0, tails 0, sockets 0, timers 0, transactions 0, packets 0, lookups 0, "
            "tasks 0, allocations 0, permissions 0, turnChannels 0, namesPublished 0");
  ReleaseReport report;
  report.tails = 2;
  EXPECT_FALSE(report.isZero());
  EXPECT_THAT(report.toString(), testing::HasSubstr("tails 2"));
}

TEST(LoopTest, WhatAHandlerThrowsLeavesRunAndTheLoopGoesOn) {
  Loop loop;
  Call call(loop);
  ASSERT_TRUE(connect(loop, call));
  call.announced->onmessage = [](const MessageEvent&) { throw std::runtime_error("handler"); };
  call.offered->send("one");
  EXPECT_THROW(loop.runFor(kPatience), std::runtime_error);
  int heard = 0;
  call.announced->onmessage = [&](const MessageEvent&) { ++heard; };
  call.offered->send("two");
  EXPECT_TRUE(loop.runUntil([&] { return heard == 1; }, kPatience));
}

TEST(LoopTest, OrReachesOnUnhandled) {
  std::vector<std::string> caught;
  LoopConfig config;
  config.onUnhandled = [&](std::exception_ptr thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      caught.emplace_back(error.what());
    }
  };
  Loop loop(std::move(config));
  Call call(loop);
  ASSERT_TRUE(connect(loop, call));
  call.announced->onmessage = [](const MessageEvent&) { throw std::runtime_error("handler"); };
  call.offered->send("one");
  ASSERT_TRUE(loop.runUntil([&] { return !caught.empty(); }, kPatience));
  EXPECT_THAT(caught, testing::ElementsAre("handler"));
  EXPECT_TRUE(call.isOpen());
}

TEST(LoopTest, EndsBelowOpenConnectionsAndTheyAreInert) {  // L-5
  std::unique_ptr<Call> call;
  {
    Loop loop;
    call = std::make_unique<Call>(loop);
    ASSERT_TRUE(connect(loop, *call));
  }
  EXPECT_EQ(call->offerer->connectionState(), RTCPeerConnectionState::closed);
  EXPECT_EQ(call->offered->readyState(), RTCDataChannelState::closed);
  EXPECT_THROW(call->offered->send("nobody"), DOMException);
  EXPECT_THROW(call->offerer->createDataChannel("late"), DOMException);
  call->offerer->createOffer();
  call->offerer->close();
}

TEST(LoopTest, EndsWhileANegotiationIsUnderWay) {
  std::unique_ptr<Call> call;  // its coroutine ends with AbortError and leaks nothing
  {
    Loop loop;
    call = std::make_unique<Call>(loop);
    loop.poll();
  }
  EXPECT_EQ(call->offerer->signalingState(), RTCSignalingState::closed);
}

TEST(LoopTest, ItsEndThrowsNothingAwayThatThrows) {
  Loop loop;
  Call call(loop);
  ASSERT_TRUE(connect(loop, call));
  loop.post([] { throw std::runtime_error("too late for anybody"); });
}

TEST(LoopTest, PostedTasksRunInOrderOnTheThreadOfTheLoop) {
  Loop loop;
  std::vector<int> order;
  std::thread other([&] {
    for (int i = 0; i < 100; ++i)
      loop.post([&, i] {
        EXPECT_TRUE(loop.isCurrent());
        order.push_back(i);
      });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
  ASSERT_EQ(order.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(LoopTest, StopsFromAnotherThread) {
  Loop loop;
  std::promise<void> running;
  loop.post([&] { running.set_value(); });
  std::thread other([&] {
    running.get_future().wait();
    loop.stop();
  });
  loop.run();
  other.join();
}

TEST(LoopTest, PollDoesWhatIsReadyAndReturns) {
  Loop loop;
  int ran = 0;
  loop.poll();
  loop.post([&] { ++ran; });
  EXPECT_EQ(ran, 0);
  loop.poll();
  EXPECT_EQ(ran, 1);
}

TEST(LoopTest, RunUntilSaysWhetherTheConditionCame) {
  Loop loop;
  bool done = false;
  EXPECT_TRUE(loop.runUntil([] { return true; }, std::chrono::milliseconds(0)));
  EXPECT_FALSE(loop.runUntil([&] { return done; }, std::chrono::milliseconds(1)));
  loop.post([&] { done = true; });
  EXPECT_TRUE(loop.runUntil([&] { return done; }, kPatience));
}

TEST(LoopTest, WritesTheLogItWasAskedForAndNoAddressInIt) {  // I-9
  std::vector<std::string> topics;
  std::string fields;
  LoopConfig config;
  config.log.sink = [&](const LogRecord& record) {
    topics.emplace_back(record.topic);
    fields += record.fields;
    fields += ' ';
  };
  Loop loop(std::move(config));
  Call call(loop);
  ASSERT_TRUE(connect(loop, call));
  EXPECT_FALSE(topics.empty());
  EXPECT_EQ(fields.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(fields.find("192.168."), std::string::npos);
}

TEST(LoopTest, TwoLoopsInTwoThreadsKnowNothingOfEachOther) {
  std::atomic<int> talked = 0;
  const auto work = [&] {
    Loop loop;
    {
      Call call(loop);
      ASSERT_TRUE(connect(loop, call));
      for (int i = 0; i < 50; ++i) call.offered->send(std::string(5'000, 'x'));
      ASSERT_TRUE(loop.runUntil([&] { return call.atAnswerer.size() == 50; }, kPatience));
    }
    EXPECT_TRUE(drains(loop));
    ++talked;
  };
  std::thread one(work), two(work);
  one.join();
  two.join();
  EXPECT_EQ(talked, 2);
}

TEST(AsioLoopTest, RunsOnAContextOfSomebodyElse) {
  boost::asio::io_context context;
  AsioLoop loop(context);
  auto call = std::make_unique<Call>(loop);
  int foreign = 0;
  boost::asio::post(context, [&] { ++foreign; });
  const auto runContextUntil = [&](const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context.restart();
      context.run_one_until(end);
    }
    return condition();
  };
  ASSERT_TRUE(runContextUntil([&] { return call->isOpen(); }));
  EXPECT_EQ(foreign, 1);
  call->offered->send("over asio");
  EXPECT_TRUE(runContextUntil([&] { return call->atAnswerer.size() == 1; }));
  call.reset();
  EXPECT_TRUE(runContextUntil([&] { return loop.releaseReport().isZero(); }));
}

TEST(AsioLoopTest, EndsBeforeItsContextThatGoesOn) {
  boost::asio::io_context context;
  std::unique_ptr<Call> call;
  {
    AsioLoop loop(context);
    call = std::make_unique<Call>(loop);
    context.poll();
  }
  int foreign = 0;
  boost::asio::post(context, [&] { ++foreign; });
  context.restart();
  context.poll();
  EXPECT_EQ(foreign, 1);
  EXPECT_EQ(call->offerer->connectionState(), RTCPeerConnectionState::closed);
}

}  // namespace
}  // namespace parley
