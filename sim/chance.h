#pragma once

#include "core/random.h"
#include "core/time.h"

namespace parley::sim {

// Draws nothing for what never happens, so that a fault that is off changes no other's dice.
inline bool happens(Random& random, double probability) {
  return probability > 0 && random.unit() < probability;
}

inline Duration upTo(Random& random, Duration most) {
  return Duration(
      static_cast<Duration::rep>(random.below(static_cast<std::uint64_t>(most.count()) + 1)));
}

}  // namespace parley::sim
