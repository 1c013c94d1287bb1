#include "peer/operations.h"

#include <gmock/gmock.h>

#include "peer/errors.h"
#include "peer/fake_realm.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using testing::Outcome;

struct OperationsTest : ::testing::Test {
  // An operation that is ended by hand.
  Promise<int> chain(std::string name) {
    return operations.chain<int>([this, name](Completion<int> completion) {
      log.push_back(name + " runs");
      running.push_back(std::move(completion));
    });
  }
  testing::FakeRealm realm;
  std::vector<std::string> log;
  std::vector<Completion<int>> running;
  Operations operations{realm.microtasks(), [this] { log.push_back("empty"); }};
};

TEST_F(OperationsTest, TheFirstRunsAtOnceTheOthersWait) {
  Outcome<int> a(chain("a"));
  Outcome<int> b(chain("b"));
  EXPECT_THAT(log, ElementsAre("a runs"));
  running[0].resolve(7);
  EXPECT_EQ(a.text(), "pending");  // never inside the call
  realm.run();
  EXPECT_EQ(a.value(), 7);
  EXPECT_THAT(log, ElementsAre("a runs", "b runs"));
  running[1].reject(operationError("no"));
  realm.run();
  EXPECT_EQ(b.text(), "OperationError");
  EXPECT_THAT(log, ElementsAre("a runs", "b runs", "empty"));
}

TEST_F(OperationsTest, TheNextBeginsBeforeTheReactionsToTheLast) {
  chain("a").then([this](int) { log.push_back("reaction"); });
  chain("b");
  running[0].resolve(1);
  realm.run();
  EXPECT_THAT(log, ElementsAre("a runs", "b runs", "reaction"));
}

TEST_F(OperationsTest, OneEndCounts) {
  Outcome<int> a(chain("a"));
  chain("b");
  running[0].resolve(1);
  running[0].resolve(2);
  running[0].reject(operationError("late"));
  realm.run();
  EXPECT_EQ(a.value(), 1);
  EXPECT_THAT(log, ElementsAre("a runs", "b runs"));
}

TEST_F(OperationsTest, EndLeavesEveryPromisePending) {
  Outcome<int> a(chain("a"));
  Outcome<int> b(chain("b"));
  running[0].resolve(1);  // its microtask has not run yet
  operations.end();
  realm.run();
  EXPECT_EQ(a.text(), "pending");
  EXPECT_EQ(b.text(), "pending");
  EXPECT_THAT(log, ElementsAre("a runs"));
  EXPECT_TRUE(operations.isEmpty());
}

TEST_F(OperationsTest, ACoroutineThatAwaitsAtTheEndGetsAbortError) {
  std::string name;
  const auto wait = [](Promise<int> promise, std::string* out) -> Async {
    try {
      (void)co_await promise;
    } catch (const DOMException& error) {
      *out = error.name();
    }
  };
  wait(chain("a"), &name);
  realm.run();
  EXPECT_EQ(name, "");
  operations.end();
  realm.run();
  EXPECT_EQ(name, "AbortError");
}

}  // namespace
}  // namespace parley::peer
