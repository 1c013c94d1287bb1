#pragma once

#include "core/limits.h"
#include "core/time.h"

namespace parley::ice {

// When the next check may leave (RFC 8445 6.1.4.2 and 14.2). Ordinary checks are Ta apart.
// Triggered ones answer something the peer just proved, so they need only the 5 ms that no agent
// may go below. An idle pacer lets the first check go at once.
class Pacer {
 public:
  explicit Pacer(Duration ta) : ta_(ta) {}

  Instant ordinaryAt() const { return std::max(ordinary_, triggered_); }
  Instant triggeredAt() const { return triggered_; }

  void sentOrdinary(Instant now) {
    ordinary_ = now + ta_;
    sentTriggered(now);
  }
  void sentTriggered(Instant now) { triggered_ = now + limits::ice::kTriggeredPacing; }

 private:
  Duration ta_;
  Instant ordinary_ = Instant::min();
  Instant triggered_ = Instant::min();
};

}  // namespace parley::ice
