#include "peer/tasks.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "peer/fake_realm.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct TasksTest : ::testing::Test {
  TasksTest() { tasks->start(tasks); }
  Tasks::Task noting(std::string text) {
    return [this, text = std::move(text)] { log.push_back(text); };
  }
  std::shared_ptr<testing::FakeRealm> realm = std::make_shared<testing::FakeRealm>();
  std::shared_ptr<Tasks> tasks = std::make_shared<Tasks>(realm);
  std::vector<std::string> log;
};

TEST_F(TasksTest, RunInOrderEachAsATaskOfTheRealm) {
  tasks->queue(noting("a"));
  tasks->queue(noting("b"));
  EXPECT_EQ(realm->tasks.size(), 2u);
  realm->runOne();
  EXPECT_THAT(log, ElementsAre("a"));
  realm->run();
  EXPECT_THAT(log, ElementsAre("a", "b"));
}

TEST_F(TasksTest, NextComesBeforeWhatWasQueued) {
  tasks->queue([this] {
    tasks->next(noting("a1"));
    tasks->queue(noting("c"));
    tasks->next(noting("a2"));
  });
  tasks->queue(noting("b"));
  realm->run();
  EXPECT_THAT(log, ElementsAre("a1", "a2", "b", "c"));
  EXPECT_THAT(realm->tasks, IsEmpty());
}

TEST_F(TasksTest, MicrotasksRunBetweenTheEventsOfOneTask) {
  tasks->queue([this] {
    tasks->next([this] {
      log.push_back("event 1");
      realm->microtasks()->queueMicrotask([this] { log.push_back("reaction"); });
    });
    tasks->next(noting("event 2"));
  });
  realm->run();
  EXPECT_THAT(log, ElementsAre("event 1", "reaction", "event 2"));
}

TEST_F(TasksTest, AnExceptionEndsOnlyItsOwnCall) {
  tasks->queue([this] {
    tasks->next([] { throw std::runtime_error("handler"); });
    tasks->next(noting("after"));
  });
  realm->run();
  EXPECT_EQ(realm->thrown.size(), 1u);
  EXPECT_THAT(log, ElementsAre("after"));
}

TEST_F(TasksTest, EndDropsWhatIsQueuedAndTakesNothingMore) {
  tasks->queue([this] {
    tasks->next(noting("soon"));
    tasks->end();
    tasks->queue(noting("late"));
    tasks->next(noting("later"));
  });
  tasks->queue(noting("queued"));
  realm->run();
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(tasks->count(), 0u);
}

TEST_F(TasksTest, NothingRunsWhenTheOwnerIsGone) {
  tasks->queue(noting("a"));
  tasks.reset();
  realm->run();
  EXPECT_THAT(log, IsEmpty());
}

}  // namespace
}  // namespace parley::peer
