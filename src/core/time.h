#pragma once

#include <algorithm>
#include <chrono>

namespace parley {

using Duration = std::chrono::microseconds;
using namespace std::chrono_literals;

// The monotonic time line of one loop. It deliberately has no now(): time is read once per step,
// by the loop's driver, and only told to everybody else.
struct LoopClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LoopClock>;
  static constexpr bool is_steady = true;
};
using Instant = LoopClock::time_point;

constexpr Instant never() { return Instant::max(); }

template <class... Instants>
constexpr Instant earliest(Instant first, Instants... rest) {
  ((first = std::min(first, rest)), ...);
  return first;
}

}  // namespace parley
