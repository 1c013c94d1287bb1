#pragma once

#include "core/timer.h"

namespace parley::sctp {

// When a SACK is due: after every second packet with data, 200 ms after the first, and at once
// when something is out of order, repeated or asked for (RFC 9260 6.2, RFC 7053).
class AckPolicy {
 public:
  static constexpr Duration kDelay = 200ms;

  void onPacketWithData(Instant now) {
    if (++packets_ >= 2) due_ = true;
    if (!due_ && !timer_.isRunning()) timer_.start(now, kDelay);
  }
  void ackAtOnce() { due_ = true; }
  void onTimer(Instant now) {
    if (timer_.expire(now)) due_ = true;
  }
  void onSackSent() {
    packets_ = 0;
    due_ = false;
    timer_.stop();
  }

  bool isDue() const { return due_; }
  bool isPending() const { return due_ || packets_ > 0; }  // worth a place in a packet that leaves
  Instant due() const { return timer_.due(); }

 private:
  int packets_ = 0;
  bool due_ = false;
  Timer timer_;
};

}  // namespace parley::sctp
