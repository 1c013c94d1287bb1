#pragma once

#include <cstddef>
#include <deque>

#include "core/time.h"
#include "sim/link_options.h"

namespace parley::sim {

// The rate of a link and the queue in front of it, which drops what it cannot hold.
class Shaper {
 public:
  // When the last bit is out, after what is queued before it; never() when the queue is full.
  Instant leaves(const LinkOptions& options, std::size_t bytes, Instant now);

 private:
  std::deque<Instant> leaving_;  // of those still waiting or being sent
  Instant idleFrom_{};           // when what was accepted so far has left
};

}  // namespace parley::sim
