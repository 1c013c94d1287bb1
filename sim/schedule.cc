#include "sim/schedule.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace parley::sim {

namespace {
// A world in which time stands still for this many events is one that turns in circles.
constexpr std::size_t kEventsPerInstantMax = 1'000'000;
}  // namespace

bool Schedule::isLater(const Event& a, const Event& b) {
  return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
}

void Schedule::at(Instant when, Action action) {
  heap_.push_back({std::max(when, now_), nextSequence_++, std::move(action)});
  std::push_heap(heap_.begin(), heap_.end(), isLater);
}

void Schedule::runNext() {
  PARLEY_ASSERT(!heap_.empty());
  std::pop_heap(heap_.begin(), heap_.end(), isLater);
  Event event = std::move(heap_.back());
  heap_.pop_back();
  atThisInstant_ = event.when == now_ ? atThisInstant_ + 1 : 0;
  PARLEY_ASSERT(atThisInstant_ < kEventsPerInstantMax);
  now_ = event.when;
  event.action();
}

void Schedule::moveTo(Instant instant) {
  PARLEY_ASSERT(instant <= next());
  now_ = std::max(now_, instant);
}

}  // namespace parley::sim
