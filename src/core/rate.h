#pragma once

#include "core/time.h"

namespace parley {

// So many of something in each second and no more. A value; the seconds begin with the first one.
class PerSecond {
 public:
  explicit PerSecond(int most) : most_(most) {}

  bool take(Instant now) {
    if (now >= windowEnd_) {
      windowEnd_ = now + 1s;
      used_ = 0;
    }
    if (used_ >= most_) return false;
    ++used_;
    return true;
  }

 private:
  int most_;
  int used_ = 0;
  Instant windowEnd_ = Instant::min();
};

}  // namespace parley
