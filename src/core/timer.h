#pragma once

#include "core/time.h"

namespace parley {

// A timer is a value. It is registered nowhere and calls nobody: its owner folds due() into its
// own deadline() and asks expire() when a step arrives.
class Timer {
 public:
  void start(Instant now, Duration after) { due_ = now + after; }
  void startAt(Instant due) { due_ = due; }
  void stop() { due_ = never(); }

  bool isRunning() const { return due_ != never(); }
  Instant due() const { return due_; }

  // True once per start, in the first step at or after the due time; leaves the timer stopped.
  bool expire(Instant now) {
    if (now < due_) return false;
    stop();
    return true;
  }

 private:
  Instant due_ = never();
};

// The retransmission pattern shared by STUN, TURN and SCTP: wait, double, give up.
struct BackoffPolicy {
  Duration initial;
  Duration longest;
  int attemptsMax = 0;  // counting the first transmission; 0: no limit
};

class BackoffTimer {
 public:
  enum class Outcome : std::uint8_t { waiting, resend, gaveUp };

  explicit BackoffTimer(BackoffPolicy policy) : policy_(policy), wait_(policy.initial) {}

  // Called when the first transmission leaves.
  void start(Instant now) {
    wait_ = policy_.initial;
    attempts_ = 1;
    timer_.start(now, wait_);
  }
  void stop() { timer_.stop(); }

  Outcome onTimer(Instant now) {
    if (!timer_.expire(now)) return Outcome::waiting;
    if (policy_.attemptsMax > 0 && attempts_ >= policy_.attemptsMax) return Outcome::gaveUp;
    ++attempts_;
    wait_ = std::min(wait_ * 2, policy_.longest);
    timer_.start(now, wait_);
    return Outcome::resend;
  }

  bool isRunning() const { return timer_.isRunning(); }
  Instant due() const { return timer_.due(); }
  int attempts() const { return attempts_; }

 private:
  BackoffPolicy policy_;
  Duration wait_;
  int attempts_ = 0;
  Timer timer_;
};

}  // namespace parley
