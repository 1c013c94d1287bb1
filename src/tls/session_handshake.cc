#include <utility>

#include "core/assert.h"
#include "core/planted.h"
#include "tls/session.h"

// The part of a session's life before Connected: attempts, flights sent again, giving up.

namespace parley::dtls {

namespace {

constexpr std::uint8_t kFatal = 2;

// RFC 6347 4.2.4.1 says one second; a measured path knows better.
Duration firstRetransmit(Duration roundTrip) {
  if (roundTrip <= Duration::zero()) return limits::dtls::kRetransmitFirstMax;
  return std::clamp(2 * roundTrip, limits::dtls::kRetransmitFirstMin,
                    limits::dtls::kRetransmitFirstMax);
}

void tellKeys(Step& step, Handshake& attempt) {
  if (!step.trace.wantsKeys()) return;
  if (const auto line = attempt.takeKeyLine()) step.trace.keyLine(step.now, *line);
}

}  // namespace

void Session::start(Step& step, Role role, std::vector<crypto::Fingerprint> fingerprints,
                    Duration roundTrip) {
  auto* waiting = std::get_if<Waiting>(&state_);
  if (waiting == nullptr) return;
  if (!context_) return fail(step, {.reason = FailureReason::outOfMemory});
  Policy policy(fingerprints);
  if (policy.isEmpty()) return fail(step, {.reason = FailureReason::noUsableFingerprint});

  std::vector<ByteVector> held = waiting->held.take();
  auto& handshaking =
      state_.emplace<Handshaking>(role, std::move(policy), firstRetransmit(roundTrip));
  PARLEY_TRACE(step, Topic::dtls, "connection_state_updated", {"old", "new"}, {"new", "connecting"},
               {"trigger", "a pair was answered"},
               {"owner", role == Role::client ? "client" : "server"});
  handshaking.giveUp.start(step.now, limits::dtls::kHandshake);
  beginAttempt(step, handshaking);
  if (role == Role::client) {  // a server does not speak first
    stats_.notExpected += held.size();
    return;
  }
  for (ByteVector& datagram : held) receiveRecords(step, datagram, nullptr);
}

void Session::beginAttempt(Step& step, Handshaking& handshaking) {
  handshaking.flight.clear();
  handshaking.retransmit.stop();
  std::vector<ByteVector> again = handshaking.firstFlight.take();
  handshaking.attempt =
      std::make_unique<Handshake>(*context_, handshaking.role, *handshaking.policy);
  handshaking.attempt->start();
  settleAttempt(step, handshaking);
  for (ByteVector& datagram : again) receiveRecords(step, datagram, nullptr);
}

void Session::receiveInHandshake(Step& step, Handshaking& handshaking, const RecordView& record) {
  const RecordHeader& header = record.header;
  if (header.type == ContentType::alert && header.epoch == 0) {
    // Anybody can write one. It is believed when nothing better comes until the end.
    ++stats_.plaintextAlerts;
    if (record.body.size() == 2) handshaking.alertReceived = record.body[1];
    PARLEY_TRACE(step, Topic::dtls, "alert_ignored",
                 {"description", handshaking.alertReceived.value_or(0)},
                 {"trigger", "it proves nothing before the keys"});
    if (isPlanted(PlantedBug::alertBelieved))
      giveUp(step, handshaking, {.reason = FailureReason::alert});
    return;
  }
  if (header.type == ContentType::applicationData) {
    if (header.epoch != 1) {
      ++stats_.notExpected;
    } else if (!handshaking.early.hold(record.whole)) {
      ++stats_.overflow;
    }
    return;
  }
  if (!handshaking.attempt) {
    ++stats_.notExpected;
    return;
  }
  const bool isAgain = handshaking.attempt->isAnswered(record);
  if (!handshaking.attempt->receive(record)) {
    ++stats_.notExpected;
    return;
  }
  // RFC 6347 4.2.4: a flight that comes again says that ours was lost.
  if (isAgain && !handshaking.attempt->hasFlight() && !handshaking.flight.isEmpty() &&
      handshaking.attempt->progress() == Handshake::Progress::pending &&
      step.now >= handshaking.flightSent + limits::dtls::kRetransmitFirstMin) {
    ++stats_.handshakeRetransmits;
    sendFlight(step, handshaking, "the peer repeated its flight");
  }
  settleAttempt(step, handshaking);
}

void Session::settleAttempt(Step& step, Handshaking& handshaking) {
  Handshake& attempt = *handshaking.attempt;
  if (attempt.progress() == Handshake::Progress::failed) return restart(step, handshaking);
  if (attempt.hasFlight()) {
    handshaking.flight.replace(attempt.takeFlight());
    tellKeys(step, attempt);  // before what they seal
    sendFlight(step, handshaking, "next");
    handshaking.retransmit.start(step.now);
  }
  if (attempt.progress() == Handshake::Progress::done) connect(step, handshaking);
}

void Session::restart(Step& step, Handshaking& handshaking) {
  const Handshake::Failure failure = handshaking.attempt->failure();
  Failed failed{.reason = failure.reason,
                .alertSent = failure.alert,
                .alertReceived = handshaking.alertReceived,
                .detail = failure.detail};
  const bool isLast = handshaking.restarts.isUsedUp() || isPlanted(PlantedBug::noSecondAttempt);
  if (failure.isFinal || isLast) {
    return giveUp(step, handshaking, std::move(failed));
  }
  // Something that was forged or broken spoilt the attempt. The true peer gets another one, without
  // the datagram that did it.
  PARLEY_TRACE(step, Topic::dtls, "handshake_restarted", {"trigger", failure.detail});
  ++stats_.restarts;
  handshaking.lastError = failure.detail;
  if (handshaking.holdsCurrent) handshaking.firstFlight.dropLast();
  handshaking.holdsCurrent = false;
  handshaking.attempt.reset();
  handshaking.flight.clear();
  if (!handshaking.restarts.isAllowed(step.now)) return;  // onTimer() will
  handshaking.restarts.note(step.now);
  beginAttempt(step, handshaking);
}

void Session::connect(Step& step, Handshaking& handshaking) {
  Handshake::Outcome outcome = handshaking.attempt->finish();
  std::vector<ByteVector> early = handshaking.early.take();
  Open open{std::move(outcome.sealer), std::move(outcome.opener), {}, step.now};
  // The server has the last word, so it alone may be asked to repeat it.
  if (handshaking.role == Role::server) open.lastFlight = std::move(handshaking.flight);
  tellKeys(step, *handshaking.attempt);
  PARLEY_TRACE(step, Topic::dtls, "connection_state_updated", {"old", "connecting"},
               {"new", "connected"}, {"trigger", "handshake done, fingerprint matches"},
               {"cipher", outcome.connected.cipher}, {"group", outcome.connected.group});
  state_ = std::move(open);
  events_.push(std::move(outcome.connected));
  for (ByteVector& record : early) receiveRecords(step, record, nullptr);
}

void Session::sendFlight(Step& step, Handshaking& handshaking, const char* trigger) {
  PARLEY_TRACE(step, Topic::dtls, "flight_sent", {"trigger", trigger});
  handshaking.flightSent = step.now;
  for (Packet& packet :
       handshaking.flight.pack(step, context_->options().mtu, handshaking.attempt->sealer())) {
    ++stats_.handshakeDatagramsOut;
    lower_.sendDatagram(step, std::move(packet));
  }
}

void Session::giveUp(Step& step, Handshaking& handshaking, Failed failed) {
  const FlightRecord alert{.type = ContentType::alert,
                           .body = {kFatal, failed.alertSent.value_or(0)}};
  RecordSealer* sealer = handshaking.attempt ? handshaking.attempt->sealer() : nullptr;
  send(step, sealer != nullptr ? sealer->seal(alert.type, alert.body)
                               : handshaking.flight.plaintext(alert));
  PARLEY_TRACE(step, Topic::dtls, "alert_sent", {"description", failed.alertSent.value_or(0)},
               {"trigger", failed.detail});
  fail(step, std::move(failed));
}

void Session::onHandshakeTimer(Step& step, Handshaking& handshaking) {
  if (handshaking.giveUp.expire(step.now)) {
    return fail(step, {.reason = FailureReason::timeout,
                       .alertReceived = handshaking.alertReceived,
                       .detail = std::move(handshaking.lastError)});
  }
  if (!handshaking.attempt) {
    if (!handshaking.restarts.isAllowed(step.now)) return;
    handshaking.restarts.note(step.now);
    return beginAttempt(step, handshaking);
  }
  if (handshaking.retransmit.onTimer(step.now) == BackoffTimer::Outcome::resend &&
      !isPlanted(PlantedBug::flightNotRepeated)) {
    ++stats_.handshakeRetransmits;
    sendFlight(step, handshaking, "timer");
  }
}

}  // namespace parley::dtls
