#include "server/limiter.h"

namespace parley::server {

// A token bucket of one second's worth, kept as the instant at which it will be full.
bool Limiter::take(Instant now, const IpAddress& source) {
  if (perSecond_ == 0 || slots_.empty()) return false;
  Slot& slot = slots_[hashOf({source, 0}, seed_) % slots_.size()];
  const Instant after = std::max(slot.fullAt, now) + Duration(1s) / perSecond_;
  if (after > now + Duration(1s)) return false;
  slot.fullAt = after;
  return true;
}

}  // namespace parley::server
