#pragma once

#include <algorithm>

#include "core/limits.h"
#include "core/time.h"

namespace parley::sctp {

// The retransmission timeout (RFC 9260 6.3.1). The peer may hold a SACK back for 200 ms, so the
// margin over the smoothed round trip never falls below that.
class Rto {
 public:
  void observe(Duration roundTrip) {
    roundTrip = std::max(roundTrip, Duration{1});
    if (smoothed_ == Duration{0}) {
      smoothed_ = roundTrip;
      variation_ = roundTrip / 2;
    } else {
      const Duration error = std::chrono::abs(smoothed_ - roundTrip);
      variation_ = (variation_ * 3 + error) / 4;
      smoothed_ = (smoothed_ * 7 + roundTrip) / 8;
    }
    value_ = clamped(smoothed_ + std::max(variation_ * 4, kAckDelay));
  }
  void backOff() { value_ = clamped(value_ * 2); }

  Duration value() const { return value_; }
  Duration smoothed() const { return smoothed_; }  // 0 before the first measurement

 private:
  static constexpr Duration kAckDelay = 220ms;

  static Duration clamped(Duration rto) {
    return std::clamp(rto, limits::sctp::kRtoMin, limits::sctp::kRtoMax);
  }

  Duration value_ = limits::sctp::kRtoInitial;
  Duration smoothed_{0};
  Duration variation_{0};
};

}  // namespace parley::sctp
