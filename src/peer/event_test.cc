#include "parley/event.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace parley {
namespace {

struct Numbered : Event {
  int number = 0;
};

TEST(EventHandlerTest, AnEmptyOneIsCalledInVain) {
  EventHandler<Event> handler;
  EXPECT_FALSE(handler);
  handler(Event{"open"});
  handler = nullptr;
  EXPECT_FALSE(handler);
}

TEST(EventHandlerTest, CallsWhatWasAssignedLastWithTheEvent) {
  EventHandler<Numbered> handler;
  std::string seen;
  handler = [&](const Numbered&) { seen += "old"; };
  handler = [&](const Numbered& event) { seen += event.type + std::to_string(event.number); };
  EXPECT_TRUE(handler);
  handler({{"open"}, 7});
  handler({{"open"}, 8});
  EXPECT_EQ(seen, "open7open8");
}

TEST(EventHandlerTest, TakesCallablesThatOnlyMoveAndOnesForTheBase) {
  EventHandler<Numbered> handler;
  int sum = 0;
  handler = [&sum, one = std::make_unique<int>(1)](const Numbered&) { sum += *one; };
  handler({});
  handler = [&sum](const Event&) { sum += 10; };
  handler({});
  EXPECT_EQ(sum, 11);
}

TEST(EventHandlerTest, MayReplaceItselfWhileItRuns) {
  EventHandler<Event> handler;
  const auto alive = std::make_shared<int>(0);
  std::string seen;
  handler = [&, alive](const Event&) {
    handler = [&](const Event&) { seen += "second"; };
    EXPECT_EQ(alive.use_count(), 2);  // what runs still has what it captured
    seen += "first ";
  };
  handler({});
  EXPECT_EQ(alive.use_count(), 1);
  handler({});
  EXPECT_EQ(seen, "first second");
}

TEST(EventHandlerTest, MayDestroyTheObjectItBelongsTo) {
  struct Owner {
    EventHandler<Event> onevent;
  };
  auto owner = std::make_unique<Owner>();
  const auto alive = std::make_shared<int>(0);
  owner->onevent = [&, alive](const Event&) {
    owner.reset();
    EXPECT_EQ(alive.use_count(), 2);
  };
  owner->onevent({});
  EXPECT_FALSE(owner);
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(EventHandlerTest, WhatItThrowsReachesTheCallerAndItStays) {
  EventHandler<Event> handler;
  handler = [](const Event&) { throw std::runtime_error("handler"); };
  EXPECT_THROW(handler({}), std::runtime_error);
  EXPECT_TRUE(handler);
}

TEST(EventHandlerTest, ReleaseClearsItAndLeavesTheDestructionToTheCaller) {
  EventHandler<Event> handler;
  const auto alive = std::make_shared<int>(0);
  handler = [alive](const Event&) {};
  auto released = handler.release();
  EXPECT_FALSE(handler);
  EXPECT_EQ(alive.use_count(), 2);
  released.reset();
  EXPECT_EQ(alive.use_count(), 1);
}

}  // namespace
}  // namespace parley
