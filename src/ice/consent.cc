#include "ice/consent.h"

namespace parley::ice {
namespace {

// How long an answer may take before we look closer: RFC 7675 5.1 asks for the round trip with an
// allowance.
constexpr Duration kOverdueMin = 500ms;

}  // namespace

Duration Consent::interval(Random& random) const {
  const double factor = 0.8 + 0.4 * random.unit();  // RFC 7675 5.1
  return Duration(
      static_cast<Duration::rep>(static_cast<double>(config_->consentInterval.count()) * factor));
}

void Consent::begin(Instant now, Instant lastAnswer, Random& random) {
  outstanding_.clear();
  lastAnswer_ = lastAnswer;
  heard_ = Instant::min();
  unansweredSince_ = never();
  next_.start(now, interval(random));
}

void Consent::end() {
  next_.stop();
  unansweredSince_ = never();
  outstanding_ = {};
}

bool Consent::takeDue(Instant now, Random& random) {
  if (!next_.expire(now)) return false;
  next_.start(now, interval(random));
  return true;
}

void Consent::sent(Instant now, const stun::TransactionId& id) {
  if (unansweredSince_ == never()) unansweredSince_ = now;
  if (outstanding_.size() >= limits::ice::kConsentOutstanding) {
    outstanding_.erase(outstanding_.begin());
  }
  outstanding_.push_back({id, now});
}

std::optional<Instant> Consent::find(const stun::TransactionId& id) const {
  const auto found = std::ranges::find(outstanding_, id, &Sent::id);
  return found == outstanding_.end() ? std::nullopt : std::optional(found->at);
}

void Consent::answered(Instant now) {
  lastAnswer_ = now;
  unansweredSince_ = never();
  outstanding_.clear();
}

Instant Consent::overdueAt(std::optional<Duration> roundTrip) const {
  if (unansweredSince_ == never()) return never();
  return unansweredSince_ + std::max(kOverdueMin, 2 * roundTrip.value_or(Duration::zero()));
}

bool Consent::isOverdue(Instant now, std::optional<Duration> roundTrip) const {
  return now >= overdueAt(roundTrip);
}

// Some peers stop answering some of our requests and yet send their own: those count as life.
Instant Consent::disconnectsAt() const {
  if (unansweredSince_ == never()) return never();
  return std::max(unansweredSince_, heard_) + config_->disconnectedAfter;
}

Instant Consent::due(Instant now, std::optional<Duration> roundTrip) const {
  if (!isRunning()) return never();
  Instant due = earliest(next_.due(), expiresAt());
  for (const Instant change : {overdueAt(roundTrip), disconnectsAt()}) {
    if (change > now) due = std::min(due, change);
  }
  return due;
}

}  // namespace parley::ice
