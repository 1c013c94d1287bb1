#include "sim/loss_model.h"

#include <cmath>

#include "sim/chance.h"

namespace parley::sim {

bool LossModel::loses(const LinkOptions& options, Random& random, Instant now) {
  if (happens(random, options.loss)) return true;
  const BurstOptions& bursts = options.bursts;
  if (bursts.start <= 0) {
    isBad_ = false;
    return false;
  }
  if (!isBad_) {
    if (happens(random, bursts.start)) enter(bursts, random, now);
  } else if (bursts.time > Duration{}) {
    isBad_ = now < badUntil_;
  } else {
    isBad_ = bursts.packets > 1 && !happens(random, 1 / bursts.packets);
  }
  return isBad_ && happens(random, bursts.loss);
}

// A length in time is drawn once, with the distribution that has no memory.
void LossModel::enter(const BurstOptions& bursts, Random& random, Instant now) {
  isBad_ = true;
  if (bursts.time <= Duration{}) return;
  const double length = -std::log(1 - random.unit()) * static_cast<double>(bursts.time.count());
  badUntil_ = now + Duration(static_cast<Duration::rep>(length));
}

}  // namespace parley::sim
