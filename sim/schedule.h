#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/time.h"

namespace parley::sim {

// One heap of things to come, by instant and then in the order they were scheduled, and the clock
// that follows it.
class Schedule {
 public:
  using Action = std::move_only_function<void()>;

  void at(Instant when, Action action);  // the past counts as now
  void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

  Instant now() const { return now_; }
  Instant next() const { return heap_.empty() ? never() : heap_.front().when; }
  bool isEmpty() const { return heap_.empty(); }

  void runNext();                // moves the clock; there must be one
  void moveTo(Instant instant);  // the clock alone, not past next()
  void clear() { heap_.clear(); }

 private:
  struct Event {
    Instant when;
    std::uint64_t sequence;
    Action action;
  };
  static bool isLater(const Event& a, const Event& b);

  std::vector<Event> heap_;
  Instant now_{1s};  // zero means "no time" here and there
  std::uint64_t nextSequence_ = 0;
  std::size_t atThisInstant_ = 0;
};

}  // namespace parley::sim
