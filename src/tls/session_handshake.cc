#include <utility>

#include "core/assert.h"
#include "core/planted.h"
#include "tls/session.h"

// The part of a session's life before Connected: attempts, flights sent again, giving up.

namespace parley::dtls {

namespace {

constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kBadCertificate = 42;

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
  begin(step, role, Policy(fingerprints), roundTrip);
}

void Session::start(Step& step, ServerName server) {
  begin(step, Role::client, Policy(std::move(server)), Duration::zero());
}

void Session::begin(Step& step, Role role, Policy policy, Duration roundTrip) {
  auto* waiting = std::get_if<Waiting>(&state_);
  if (waiting == nullptr) return;
  if (!context_) return fail(step, {.reason = FailureReason::outOfMemory});
  if (policy.isEmpty()) return fail(step, {.reason = FailureReason::noUsableFingerprint});

  std::vector<ByteVector> held = waiting->held.take();
  const bool isOfServer = policy.server().has_value();
  auto& handshaking =
      state_.emplace<Handshaking>(role, std::move(policy), firstRetransmit(roundTrip));
  PARLEY_TRACE(step, Topic::dtls, "connection_state_updated", {"old", "new"}, {"new", "connecting"},
               {"trigger", isOfServer ? "a server is to be asked" : "a pair was answered"},
               {"owner", role == Role::client ? "client" : "server"});
  handshaking.giveUp.start(step.now, limits::dtls::kHandshake);
  if (role == Role::client) {
    stats_.notExpected += held.size();  // a server does not speak first
    return beginAttempt(step, handshaking);
  }
  for (ByteVector& datagram : held) receiveRecords(step, datagram, nullptr);
}

void Session::beginAttempt(Step& step, Handshaking& handshaking) {
  handshaking.flight.clear();
  handshaking.retransmit.stop();
  handshaking.messages.clear();
  handshaking.attempt =
      std::make_unique<Handshake>(*context_, handshaking.role, *handshaking.policy);
  handshaking.attempt->start();
  settleAttempt(step, handshaking);
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
  if (header.type == ContentType::handshake && header.epoch == 0) {
    std::vector<Message> whole;
    if (!handshaking.messages.take(record.body, whole)) ++stats_.notExpected;
    for (Message& message : whole) {
      auto* still = std::get_if<Handshaking>(&state_);
      if (still == nullptr) return;
      receiveMessage(step, *still, std::move(message));
    }
    return;
  }
  if (!handshaking.attempt || !handshaking.attempt->receive(record)) {
    ++stats_.notExpected;
    return;
  }
  settleAttempt(step, handshaking);
}

void Session::receiveMessage(Step& step, Handshaking& handshaking, Message message) {
  if (handshaking.role == Role::server && message.type == MessageType::clientHello) {
    return receiveHello(step, handshaking, std::move(message));
  }
  if (!handshaking.attempt) {
    ++stats_.notExpected;
    return;
  }
  Handshake& attempt = *handshaking.attempt;
  const bool isAgain = attempt.isAnswered(message);
  if (attempt.receive(std::move(message))) return settleAttempt(step, handshaking);
  ++stats_.notExpected;
  if (isAgain) repeatFlight(step, handshaking);
  // A certificate that was not announced may be forged, and a peer that has no other shows no
  // other.
  if (attempt.sawWrongCertificate() && !handshaking.secondOpinion.isRunning()) {
    handshaking.secondOpinion.start(step.now, limits::dtls::kSecondOpinion);
  }
}

void Session::onDatagramEnd(Step& step, Handshaking& handshaking) {
  if (!handshaking.attempt || !handshaking.attempt->hasPeerFlight()) return;
  if (!handshaking.verdicts.take(step.now)) {
    ++stats_.overflow;
  } else if (!handshaking.attempt->takePeerFlight()) {
    ++stats_.forged;
  } else {
    settleAttempt(step, handshaking);
  }
}

// RFC 6347 4.2.4: a flight that comes again says that ours was lost.
void Session::repeatFlight(Step& step, Handshaking& handshaking) {
  if (handshaking.flight.isEmpty() ||
      step.now < handshaking.flightSent + limits::dtls::kRetransmitFirstMin) {
    return;
  }
  ++stats_.handshakeRetransmits;
  sendFlight(step, handshaking, "the peer repeated its flight");
}

void Session::receiveHello(Step& step, Handshaking& handshaking, Message message) {
  const auto hello = ClientHello::parse(message.body);
  if (!hello) {
    ++stats_.malformed;
    return;
  }
  if (handshaking.attempt && handshaking.attempt->hasHello(hello->random)) {
    return repeatFlight(step, handshaking);
  }
  const bool bringsCookie =
      message.sequence == 1 && handshaking.cookie && handshaking.cookie->isIn(*hello);
  const bool isFirst = message.sequence == 0 && !handshaking.attempt && !handshaking.cookie;
  if (!bringsCookie && !isFirst) return askForCookie(step, handshaking);
  admit(step, handshaking, std::move(message), bringsCookie);
}

// The hello before it may have been forged, and is answered no more once a client has proved that
// it hears us.
void Session::admit(Step& step, Handshaking& handshaking, Message hello, bool bringsCookie) {
  if (bringsCookie) {
    if (!handshaking.restarts.isAllowed(step.now)) {
      ++stats_.notExpected;
      return;
    }
    handshaking.restarts.note(step.now);
    ++stats_.restarts;
    PARLEY_TRACE(step, Topic::dtls, "handshake_restarted", {"trigger", "a cookie came back"});
  }
  std::optional<Bytes> cookie;
  if (bringsCookie) cookie = handshaking.cookie->bytes();
  handshaking.flight.clear();
  handshaking.retransmit.stop();
  handshaking.attempt =
      std::make_unique<Handshake>(*context_, handshaking.role, *handshaking.policy, cookie);
  handshaking.attempt->receive(std::move(hello));
  settleAttempt(step, handshaking);
}

// RFC 6347 4.2.1. Not of everybody: it costs a round trip. Once there is a second hello one of the
// two is not our peer's.
void Session::askForCookie(Step& step, Handshaking& handshaking) {
  if (isPlanted(PlantedBug::noSecondAttempt) ||
      step.now < handshaking.cookieAsked + limits::dtls::kCookieInterval) {
    ++stats_.notExpected;
    return;
  }
  if (!handshaking.cookie) handshaking.cookie.emplace(step.secrets);
  handshaking.cookieAsked = step.now;
  PARLEY_TRACE(step, Topic::dtls, "cookie_requested", {"trigger", "another hello before this one"});
  send(step, handshaking.flight.plaintext(
                 {.version = kDtls10, .body = handshaking.cookie->request().encode()}));
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

// OpenSSL refused what it was shown: an accident on the way, or a forgery that nothing could tell
// from the truth. The true peer gets another attempt.
void Session::restart(Step& step, Handshaking& handshaking) {
  const Handshake::Failure failure = handshaking.attempt->failure();
  const bool isProven = handshaking.role == Role::server && handshaking.attempt->hasProof();
  if (failure.isFinal || isProven || isPlanted(PlantedBug::noSecondAttempt)) {
    return giveUp(step, handshaking,
                  {.reason = failure.reason,
                   .alertSent = failure.alert,
                   .alertReceived = handshaking.alertReceived,
                   .detail = failure.detail});
  }
  PARLEY_TRACE(step, Topic::dtls, "handshake_restarted", {"trigger", failure.detail});
  ++stats_.restarts;
  handshaking.lastError = failure.detail;
  handshaking.attempt.reset();
  handshaking.flight.clear();
  handshaking.retransmit.stop();
  if (handshaking.role == Role::server) {
    if (!handshaking.cookie) handshaking.cookie.emplace(step.secrets);
    return;
  }
  retry(step, handshaking);
}

// A client's next attempt, now or when it is allowed.
void Session::retry(Step& step, Handshaking& handshaking) {
  if (!handshaking.restarts.isAllowed(step.now)) return;
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
               {"new", "connected"},
               {"trigger", handshaking.policy->server() ? "handshake done, the server is verified"
                                                        : "handshake done, fingerprint matches"},
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
  if (handshaking.secondOpinion.expire(step.now)) {
    return giveUp(step, handshaking,
                  {.reason = FailureReason::wrongFingerprint,
                   .alertSent = kBadCertificate,
                   .alertReceived = handshaking.alertReceived});
  }
  if (!handshaking.attempt) {
    if (handshaking.role == Role::client) retry(step, handshaking);
    return;
  }
  if (handshaking.retransmit.onTimer(step.now) != BackoffTimer::Outcome::resend ||
      isPlanted(PlantedBug::flightNotRepeated)) {
    return;
  }
  if (handshaking.attempt->isBehindCookie() &&
      handshaking.retransmit.attempts() > limits::dtls::kCookieTries) {
    // Whoever asked for the cookie does not know it.
    handshaking.attempt.reset();
    ++stats_.restarts;
    return retry(step, handshaking);
  }
  ++stats_.handshakeRetransmits;
  sendFlight(step, handshaking, "timer");
}

}  // namespace parley::dtls
