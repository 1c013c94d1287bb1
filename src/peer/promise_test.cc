#include "parley/promise.h"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

#include "peer/fake_realm.h"

namespace parley {
namespace {

using peer::testing::FakeRealm;
using peer::testing::nameThrownBy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PromiseTest : ::testing::Test {
  Promise<int>::Resolver make() { return Promise<int>::Resolver(realm.microtasks()); }
  // Writes down how the promise ends for then().
  void watch(const Promise<int>& promise, const std::string& name) {
    promise.then([this, name](int value) { log.push_back(name + " " + std::to_string(value)); },
                 [this, name](std::exception_ptr error) {
                   log.push_back(name + " " + nameThrownBy([&] { std::rethrow_exception(error); }));
                 });
  }
  Async await(Promise<int> promise, std::string name) {
    try {
      const int value = co_await promise;
      log.push_back(name + " " + std::to_string(value));
    } catch (const DOMException& error) {
      log.push_back(name + " " + error.name());
    }
  }
  FakeRealm realm;
  std::vector<std::string> log;
};

TEST_F(PromiseTest, ReactionsAreMicrotasksNeverTheCall) {
  auto resolver = make();
  watch(resolver.promise(), "early");
  EXPECT_TRUE(resolver.promise().isPending());
  resolver.resolve(1);
  EXPECT_FALSE(resolver.promise().isPending());
  EXPECT_THAT(log, IsEmpty());
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("early 1"));
  watch(resolver.promise(), "late");
  EXPECT_THAT(log, ElementsAre("early 1"));
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("early 1", "late 1"));
}

TEST_F(PromiseTest, ReactionsRunInTheOrderInWhichTheyWereAdded) {
  auto first = make(), second = make();
  watch(second.promise(), "b");
  watch(first.promise(), "a");
  await(first.promise(), "c");
  watch(first.promise(), "d");
  await(second.promise(), "e");
  first.resolve(1);
  second.resolve(2);
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("a 1", "c 1", "d 1", "b 2", "e 2"));
}

TEST_F(PromiseTest, WhatAReactionAddsRunsAfterTheOthers) {
  auto resolver = make();
  resolver.promise().then([&](int) {
    log.push_back("first");
    watch(resolver.promise(), "nested");
  });
  watch(resolver.promise(), "second");
  resolver.resolve(1);
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("first", "second 1", "nested 1"));
}

TEST_F(PromiseTest, TheFirstEndCounts) {
  auto resolver = make();
  watch(resolver.promise(), "p");
  resolver.rejectWith(DOMException("OperationError", "no"));
  resolver.resolve(1);
  resolver.rejectWith(DOMException("TypeError", "no"));
  resolver.abandon();
  EXPECT_TRUE(resolver.isSettled());
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("p OperationError"));
}

TEST_F(PromiseTest, EitherFunctionMayBeMissing) {
  auto kept = make(), broken = make();
  kept.promise().then({}, [](std::exception_ptr) { FAIL(); });
  broken.promise().then([](int) { FAIL(); });
  kept.resolve(1);
  broken.rejectWith(DOMException("TypeError", "nobody hears it"));
  realm.runMicrotasks();
  EXPECT_THAT(realm.thrown, IsEmpty());
}

TEST_F(PromiseTest, AReactionThatThrowsKeepsNoOtherFromRunning) {
  auto resolver = make();
  resolver.promise().then([](int) { throw std::runtime_error("reaction"); });
  watch(resolver.promise(), "next");
  await(resolver.promise(), "waiter");
  resolver.resolve(1);
  realm.runMicrotasks();
  EXPECT_EQ(realm.thrown.size(), 1u);
  EXPECT_THAT(log, ElementsAre("next 1", "waiter 1"));
}

TEST_F(PromiseTest, ACoroutineGoesOnAMicrotaskLaterEvenWhenAllIsThere) {
  auto resolver = make();
  resolver.resolve(1);
  await(resolver.promise(), "c");
  EXPECT_THAT(log, IsEmpty());
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("c 1"));
}

TEST_F(PromiseTest, ACoroutineGetsTheRejectionAsAnException) {
  auto resolver = make();
  await(resolver.promise(), "c");
  resolver.rejectWith(DOMException("InvalidStateError", "no"));
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("c InvalidStateError"));
}

TEST_F(PromiseTest, AnExceptionThatLeavesACoroutineEndsItsMicrotask) {
  auto resolver = make();
  const auto run = [](Promise<int> promise) -> Async { (void)co_await promise; };
  run(resolver.promise());
  await(resolver.promise(), "other");
  resolver.rejectWith(DOMException("OperationError", "no"));
  realm.runMicrotasks();
  EXPECT_EQ(realm.thrown.size(), 1u);
  EXPECT_THAT(log, ElementsAre("other OperationError"));
}

// Clang 19 unwound such a frame and destroyed it once more afterwards.
TEST_F(PromiseTest, WhatACoroutineHeldGoesOnceWhenAnExceptionLeavesIt) {
  auto resolver = make();
  const auto held = std::make_shared<int>(0);
  const auto run = [](Promise<int> promise, std::shared_ptr<int>) -> Async {
    (void)co_await promise;
    (void)co_await promise;
    throw std::runtime_error("later");
  };
  run(resolver.promise(), held);
  EXPECT_EQ(held.use_count(), 2);
  resolver.resolve(1);
  realm.runMicrotasks();
  EXPECT_EQ(realm.thrown.size(), 1u);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(PromiseTest, WhatLeavesACoroutineBeforeItWaitsIsThrownAtTheCaller) {
  const auto held = std::make_shared<int>(0);
  const auto run = [](std::shared_ptr<int> mine) -> Async {
    if (mine) throw std::runtime_error("early");
    co_return;
  };
  EXPECT_THROW(run(held), std::runtime_error);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(PromiseTest, AbandonDropsFunctionsAndAbortsCoroutines) {
  auto resolver = make();
  const auto held = std::make_shared<int>(0);
  resolver.promise().then([held](int) { FAIL(); }, [held](std::exception_ptr) { FAIL(); });
  await(resolver.promise(), "c");
  resolver.abandon();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_THAT(log, IsEmpty());
  watch(resolver.promise(), "later");
  await(resolver.promise(), "later");
  resolver.resolve(1);
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("c AbortError", "later AbortError"));
}

TEST_F(PromiseTest, AValueThatWasSettledBeforeTheEndStillArrives) {
  auto resolver = make();
  watch(resolver.promise(), "p");
  resolver.resolve(1);
  resolver.abandon();
  realm.runMicrotasks();
  EXPECT_THAT(log, ElementsAre("p 1"));
}

TEST_F(PromiseTest, NothingIsKeptWhenAllWhoKnewOfItAreGone) {
  const auto held = std::make_shared<int>(0);
  {
    auto resolver = make();
    resolver.promise().then([held](int) {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace parley
