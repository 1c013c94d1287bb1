#include "runtime/clock.h"

#include <chrono>

namespace parley::runtime {

loop::ClockReading readClock() {
  using std::chrono::duration_cast;
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {Instant{duration_cast<Duration>(steady)}, duration_cast<Duration>(wall).count()};
}

}  // namespace parley::runtime
