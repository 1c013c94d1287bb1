#pragma once

#include "core/random.h"
#include "core/time.h"
#include "sim/link_options.h"

namespace parley::sim {

// Whether a datagram is lost: independently of others, or in a burst.
class LossModel {
 public:
  bool loses(const LinkOptions& options, Random& random, Instant now);
  bool isBad() const { return isBad_; }

 private:
  void enter(const BurstOptions& bursts, Random& random, Instant now);

  bool isBad_ = false;
  Instant badUntil_{};
};

}  // namespace parley::sim
