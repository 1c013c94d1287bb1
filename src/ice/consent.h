#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/limits.h"
#include "core/random.h"
#include "core/time.h"
#include "core/timer.h"
#include "ice/config.h"
#include "stun/protocol.h"

namespace parley::ice {

// The consent to send on one pair (RFC 7675) and what its silence means: when to ask again, when
// the pair is overdue, disconnected, expired. It sends nothing. Requests go out once each, 4 to 6
// seconds apart; an overdue answer makes the owner check the pair with retransmissions as well,
// because RFC 7675 forbids asking for consent more often, but not checking.
class Consent {
 public:
  explicit Consent(const Config& config) : config_(&config) {}

  void begin(Instant now, Instant lastAnswer, Random& random);
  void end();
  bool isRunning() const { return next_.isRunning(); }

  bool takeDue(Instant now, Random& random);  // true: send a consent request now
  void sent(Instant now, const stun::TransactionId& id);
  void asked(Instant now) { unansweredSince_ = std::min(unansweredSince_, now); }  // by a check
  std::optional<Instant> find(const stun::TransactionId& id) const;  // when it was sent
  void answered(Instant now);                // any authenticated answer on the pair
  void heard(Instant now) { heard_ = now; }  // an authenticated request on it

  bool isOverdue(Instant now, std::optional<Duration> roundTrip) const;
  bool isDisconnected(Instant now) const { return now >= disconnectsAt(); }
  bool isExpired(Instant now) const { return isRunning() && now >= expiresAt(); }
  Instant lastAnswer() const { return lastAnswer_; }
  Instant unansweredSince() const { return unansweredSince_; }

  // The next instant at which any of the above changes.
  Instant due(Instant now, std::optional<Duration> roundTrip) const;
  std::size_t memoryUsed() const { return outstanding_.capacity() * sizeof(Sent); }

 private:
  struct Sent {
    stun::TransactionId id;
    Instant at;
  };
  Duration interval(Random& random) const;
  Instant overdueAt(std::optional<Duration> roundTrip) const;
  Instant disconnectsAt() const;
  Instant expiresAt() const { return lastAnswer_ + config_->consentExpires; }

  const Config* config_;
  Timer next_;
  Instant lastAnswer_ = Instant::min();
  Instant heard_ = Instant::min();
  Instant unansweredSince_ = never();
  std::vector<Sent> outstanding_;
};

}  // namespace parley::ice
