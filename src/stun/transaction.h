#pragma once

#include <optional>

#include "core/limits.h"
#include "core/step.h"
#include "core/timer.h"
#include "stun/protocol.h"

namespace parley::stun {

// The client's side of one request over UDP: when to send it again and when to give up (RFC 8489
// 6.2.1: waits of RTO, 2 RTO, 4 RTO, … and, after the last try, of Rm = 16 RTO). It holds no
// message: the owner writes the same bytes again from what it knows.
class ClientTransaction {
 public:
  using Outcome = BackoffTimer::Outcome;
  static constexpr int kLastWait = 16;  // Rm

  explicit ClientTransaction(const TransactionId& id, Duration rto = limits::ice::kCheckRto,
                             int tries = limits::ice::kCheckTries)
      : ClientTransaction(id, {.initial = rto, .longest = rto * (1 << 16), .attemptsMax = tries}) {}
  ClientTransaction(const TransactionId& id, BackoffPolicy policy)
      : id_(id),
        backoff_(policy),
        tries_(policy.attemptsMax),
        lastWait_(policy.initial * kLastWait) {}

  const TransactionId& id() const { return id_; }

  void start(Instant now);  // the first transmission leaves
  Outcome onTimer(Instant now);
  Instant due() const { return earliest(backoff_.due(), giveUp_.due()); }

  // Goes on waiting for the answer without asking again: RFC 8445 8.1.2, and reliable transports,
  // which wait Ti = 39.5 s in all (RFC 8489 6.2.2).
  void stopResending(Instant now) { stopResending(now, lastWait_); }
  void stopResending(Instant now, Duration wait);

  int attempts() const { return backoff_.attempts(); }
  // Only of an answer to a request sent once: after that nobody knows which one was answered.
  std::optional<Duration> roundTrip(Instant now) const;

 private:
  TransactionId id_;
  BackoffTimer backoff_;
  int tries_;
  Duration lastWait_;
  Instant started_ = never();
  Timer giveUp_;
};

}  // namespace parley::stun
