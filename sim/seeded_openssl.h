#pragma once

#include <cstdint>
#include <functional>

#include "core/random.h"

namespace parley::sim {

// Makes OpenSSL part of a world: its random numbers come from the seed and its wall clock is the
// world's, so that handshakes are the same to the byte whenever the seed is. Both are matters of
// the whole process: the youngest one alive holds, and the one before holds again after it. Worlds
// are therefore destroyed in the reverse order of their making, and live on one thread.
class SeededOpenssl {
 public:
  using WallClock = std::function<std::int64_t()>;  // microseconds since 1970

  SeededOpenssl(std::uint64_t seed, WallClock clock);
  ~SeededOpenssl();
  SeededOpenssl(const SeededOpenssl&) = delete;
  SeededOpenssl& operator=(const SeededOpenssl&) = delete;

  void fill(MutableBytes bytes);
  std::int64_t wallMicros() const { return clock_(); }
  static SeededOpenssl* current();

 private:
  Random random_;
  WallClock clock_;
  SeededOpenssl* before_;
};

}  // namespace parley::sim
