#include "stun/transaction.h"

namespace parley::stun {

void ClientTransaction::start(Instant now) {
  started_ = now;
  giveUp_.stop();
  backoff_.start(now);
  if (tries_ == 1) stopResending(now);
}

void ClientTransaction::stopResending(Instant now, Duration wait) {
  backoff_.stop();
  if (!giveUp_.isRunning()) giveUp_.start(now, wait);
}

ClientTransaction::Outcome ClientTransaction::onTimer(Instant now) {
  if (giveUp_.expire(now)) return Outcome::gaveUp;
  const Outcome outcome = backoff_.onTimer(now);
  if (outcome == Outcome::resend && backoff_.attempts() == tries_) stopResending(now);
  return outcome;
}

std::optional<Duration> ClientTransaction::roundTrip(Instant now) const {
  if (backoff_.attempts() != 1) return std::nullopt;
  return now - started_;
}

}  // namespace parley::stun
