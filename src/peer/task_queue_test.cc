#include "peer/task_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct TaskQueueTest : ::testing::Test {
  // What was posted onto the thread, turned by hand.
  std::deque<TaskQueue::Task> posted;
  std::shared_ptr<TaskQueue> queue = std::make_shared<TaskQueue>(
      [this](TaskQueue::Task task) { posted.push_back(std::move(task)); });
  std::vector<std::string> log;

  std::function<void()> note(std::string text) {
    return [this, text] { log.push_back(text); };
  }
  void task(std::function<void()> what) { queue->queueTask(std::move(what)); }
  void microtask(std::function<void()> what) { queue->queueMicrotask(std::move(what)); }
  void turn() {
    TaskQueue::Task next = std::move(posted.front());
    posted.pop_front();
    next();
  }
  void run() {
    while (!posted.empty()) turn();
  }
};

TEST_F(TaskQueueTest, MicrotasksRunAfterTheTaskThatQueuedThemAndBeforeTheNext) {
  task([this] {
    microtask(note("micro 1"));
    microtask([this] {
      log.push_back("micro 2");
      microtask(note("micro of micro"));
    });
    log.push_back("task 1");
  });
  task(note("task 2"));
  EXPECT_THAT(log, IsEmpty()) << "nothing runs inside the call that queues it";
  run();
  EXPECT_THAT(log, ElementsAre("task 1", "micro 1", "micro 2", "micro of micro", "task 2"));
}

TEST_F(TaskQueueTest, AMicrotaskOfNoTaskRunsBeforeTheNextTask) {
  task(note("task"));
  microtask(note("micro"));
  run();
  EXPECT_THAT(log, ElementsAre("micro", "task"));
}

TEST_F(TaskQueueTest, AMicrotaskAloneGetsATurn) {
  microtask(note("one"));
  microtask(note("two"));
  EXPECT_EQ(posted.size(), 1u);
  run();
  EXPECT_THAT(log, ElementsAre("one", "two"));
  microtask(note("three"));
  run();
  EXPECT_THAT(log, ElementsAre("one", "two", "three"));
}

TEST_F(TaskQueueTest, WhatATaskThrowsLeavesItAndItsMicrotasksStillRun) {
  task([this] {
    microtask(note("micro"));
    throw std::runtime_error("task");
  });
  task(note("next"));
  EXPECT_THROW(turn(), std::runtime_error);
  run();
  EXPECT_THAT(log, ElementsAre("micro", "next"));
}

TEST_F(TaskQueueTest, WhatAMicrotaskThrowsEndsOnlyItself) {
  task([this] {
    microtask([] { throw std::runtime_error("micro"); });
    microtask(note("after"));
  });
  EXPECT_THROW(turn(), std::runtime_error);
  run();
  EXPECT_THAT(log, ElementsAre("after"));
}

TEST_F(TaskQueueTest, ATaskMayTurnTheThreadAgain) {
  task([this] {
    microtask(note("micro"));
    turn();
    log.push_back("outer");
    microtask(note("micro of outer"));
  });
  task(note("inner"));
  run();
  EXPECT_THAT(log, ElementsAre("micro", "inner", "outer", "micro of outer"));
}

TEST_F(TaskQueueTest, ClosingDropsTasksAndRunsMicrotasks) {
  const auto held = std::make_shared<int>(1);
  task([this, held] { log.push_back("task"); });
  microtask([this] {
    log.push_back("micro");
    microtask(note("micro of micro"));
  });
  microtask([] { throw std::runtime_error("nobody hears it"); });
  microtask(note("last"));
  queue->close();
  EXPECT_THAT(log, ElementsAre("micro", "last", "micro of micro"));
  run();
  EXPECT_EQ(log.size(), 3u);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TaskQueueTest, ATaskMayCloseTheQueue) {
  task([this] {
    microtask(note("micro"));
    queue->close();
    microtask(note("too late"));
    task(note("too late"));
  });
  task(note("next"));
  run();
  EXPECT_THAT(log, ElementsAre("micro"));
}

TEST_F(TaskQueueTest, ATaskThatDropsTheQueueIsSafe) {
  std::weak_ptr<TaskQueue> weak = queue;
  task([this] {
    microtask(note("micro"));
    queue.reset();
  });
  run();
  EXPECT_THAT(log, ElementsAre("micro"));
  EXPECT_TRUE(weak.expired());
}

}  // namespace
}  // namespace parley::peer
