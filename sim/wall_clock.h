#pragma once

#include <cstdint>

#include "core/time.h"

namespace parley::sim {

// A clock on a wall, which people and servers set: it jumps, stands still and runs backwards.
class WallClock {
 public:
  void jump(Duration by) { shown_ += by.count(); }
  // 1: as it should, 0: it stands still, -1: backwards.
  void setRate(std::int64_t rate) { nextRate_ = rate; }

  // Given the true time. A rate counts from the first reading after it was set.
  std::int64_t at(std::int64_t truth) {
    if (!isStarted_) {
      since_ = truth;
      shown_ += truth;
      isStarted_ = true;
    }
    shown_ += (truth - since_) * rate_;
    since_ = truth;
    rate_ = nextRate_;
    return shown_;
  }

 private:
  bool isStarted_ = false;
  std::int64_t since_ = 0;
  std::int64_t shown_ = 0;
  std::int64_t rate_ = 1;
  std::int64_t nextRate_ = 1;
};

}  // namespace parley::sim
