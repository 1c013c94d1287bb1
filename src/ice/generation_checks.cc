// The client's side of a generation: sending checks and consent requests, and what their answers
// mean (RFC 8445 7.2, RFC 7675).

#include <algorithm>

#include "core/planted.h"
#include "ice/generation.h"
#include "ice/priority.h"

namespace parley::ice {
namespace {

constexpr std::uint16_t kForbidden = static_cast<std::uint16_t>(stun::ErrorCode::forbidden);
constexpr std::uint16_t kRoleConflict = static_cast<std::uint16_t>(stun::ErrorCode::roleConflict);

}  // namespace

// RFC 8445 14.3: the more pairs wait for their turn, the later the first is tried again; not so
// where the peer was heard already.
Duration Generation::checkRto(const Pair& pair) const {
  if (pair.known) return limits::ice::kCheckRto;
  const auto pending = static_cast<Duration::rep>(shared_.checksPending);
  return std::max(limits::ice::kCheckRto, shared_.config.pacing * pending);
}

bool Generation::sendTriggered(Step& step) {
  if (!remote_ || failed_) return false;
  while (Pair* pair = list_.takeTriggered()) {
    // Since it was queued an ordinary check may have answered the question.
    const bool pointless = pair->state != PairState::waiting;
    const char* why = pair->nominating ? "nomination" : "triggered check";
    if (!pointless && startCheck(step, *pair, false, why)) return true;
  }
  return false;
}

bool Generation::sendOrdinary(Step& step) {
  if (!remote_ || failed_) return false;
  const Pair* next = nextOrdinary();
  return next && startCheck(step, *list_.find(next->id), false, "ordinary check");
}

bool Generation::startCheck(Step& step, Pair& pair, bool recovery, const char* trigger) {
  if (checks_.size() >= limits::ice::kTransactions) {
    if (!recovery) setState(step, pair, PairState::failed, "too many checks under way");
    return false;
  }
  RequestBody body;
  body.id = stun::newTransactionId(step.secrets);
  body.role = shared_.role;
  body.tieBreaker = shared_.tieBreaker;
  body.priority = peerReflexivePriority(pair.protocol, pair.localPriority);
  body.useCandidate =
      shared_.role == Role::controlling && (pair.nominating || (recovery && pair.id == selected_));
  body.nomination = pair.nomination;
  // At most two per pair: the one that decides and one whose late answer is still welcome.
  if (!recovery) {
    std::erase_if(checks_, [&pair](const Check& other) {
      return other.pair == pair.id && other.superseded && !other.recovery;
    });
    for (Check& other : checks_) {
      if (other.pair != pair.id || other.recovery) continue;
      other.superseded = true;
      other.transaction.stopResending(step.now);
    }
    setState(step, pair, PairState::inProgress, trigger);
  }
  if (pair.protocol == Protocol::udp && tcpFrom_ == Instant::min())
    tcpFrom_ = step.now + shared_.config.tcpHeadStart;
  const stun::ClientTransaction transaction =
      recovery ? stun::ClientTransaction(body.id, BackoffPolicy{limits::ice::kRecoveryRetry,
                                                                limits::ice::kRecoveryRetry, 0})
               : stun::ClientTransaction(body.id, checkRto(pair));
  checks_.push_back({transaction, body, pair.id, recovery});
  checks_.back().transaction.start(step.now);
  transmit(step, checks_.back(), pair);
  return true;
}

void Generation::transmit(Step& step, Check& check, Pair& pair) {
  pair.lastSent = step.now;
  pair.recheckAt = never();
  ++pair.counters.requestsSent;
  ++shared_.stats.checksSent;
  Packet packet = writeRequest(step, check.body, local_, *remote_);
  if (packet) {
    shared_.lower.sendOn(step, pair.path, std::move(packet));
  } else {
    ++shared_.stats.poolEmpty;
  }
}

void Generation::sendConsent(Step& step, Pair& pair) {
  RequestBody body;
  body.id = stun::newTransactionId(step.secrets);
  body.role = shared_.role;
  body.tieBreaker = shared_.tieBreaker;
  body.priority = peerReflexivePriority(pair.protocol, pair.localPriority);
  // Peers that follow the last nomination are reminded of it.
  body.useCandidate = shared_.role == Role::controlling && pair.id == selected_;
  body.nomination = pair.nomination;
  consent_.sent(step.now, body.id);
  ++pair.counters.consentRequestsSent;
  Packet packet = writeRequest(step, body, local_, *remote_);
  if (packet) {
    shared_.lower.sendOn(step, pair.path, std::move(packet));
  } else {
    ++shared_.stats.poolEmpty;
  }
}

void Generation::onTimer(Step& step) {
  if (failed_) return;
  if (patience_.expire(step.now)) patienceOver_ = true;
  if (lost_.expire(step.now)) return fail(step, "no other pair took the place of the lost one");
  onCheckTimers(step);
  onConsentTimers(step);
  settle(step);
}

void Generation::onCheckTimers(Step& step) {
  for (Pair& pair : list_.pairs()) {
    if (step.now < pair.recheckAt) continue;
    pair.recheckAt = never();
    if (pair.state == PairState::inProgress) list_.trigger(pair);
  }
  for (std::size_t i = 0; i < checks_.size();) {
    Check& check = checks_[i];
    Pair* pair = list_.find(check.pair);
    const auto outcome = check.transaction.onTimer(step.now);
    if (outcome == stun::ClientTransaction::Outcome::resend && pair) {
      transmit(step, check, *pair);
    }
    if (pair && outcome != stun::ClientTransaction::Outcome::gaveUp) {
      ++i;
      continue;
    }
    if (pair && !check.superseded) {
      setState(step, *pair, PairState::failed, "no answer");
      pair->valid = false;
      pair->nominating = false;
      pair->nominateOnAnswer = false;
    }
    checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void Generation::onConsentTimers(Step& step) {
  Pair* pair = list_.find(sending_);
  if (!pair || !remote_) return;
  if (consent_.isExpired(step.now) && !isPlanted(PlantedBug::consentForEver)) {
    PARLEY_TRACE(step, Topic::ice, "consent_expired", {"pair", pair->id.value});
    return revokeConsent(step, *pair, "consent expired");
  }
  if (isPlanted(PlantedBug::consentOfOneAnswer) && !disconnected_ &&
      consent_.isOverdue(step.now, pair->counters.currentRoundTrip))
    return revokeConsent(step, *pair, "planted");
  const bool isDue = consent_.takeDue(step.now, step.random);
  if (isDue && shared_.config.lite) consent_.asked(step.now);  // by waiting for the peer's
  if (isDue && !shared_.config.lite) sendConsent(step, *pair);
  const bool recovering = shared_.config.lite || std::ranges::any_of(checks_, &Check::recovery);
  if (!recovering && consent_.isOverdue(step.now, pair->counters.currentRoundTrip)) {
    PARLEY_TRACE(step, Topic::ice, "consent_overdue", {"pair", pair->id.value});
    startCheck(step, *pair, true, "consent is overdue");
    pair = list_.find(sending_);
  }
  if (!disconnected_ && consent_.isDisconnected(step.now)) {
    disconnected_ = true;
    reason_ = "the peer is silent on the pair that carries data";
    PARLEY_TRACE(step, Topic::ice, "disconnected", {"pair", sending_.value}, {"trigger", reason_});
    reopen(step);
  }
}

// RFC 7675 5.1 and 5.2. Without consent on the selected pair only a restart helps; before a pair
// was selected another may still do.
void Generation::revokeConsent(Step& step, Pair& pair, const char* reason) {
  pair.valid = false;
  setState(step, pair, PairState::failed, reason);
  if (pair.id == selected_) return fail(step, reason);
  disconnected_ = false;
  chooseSendPair(step);
}

bool Generation::ownsTransaction(const stun::TransactionId& id) const {
  if (consent_.find(id)) return true;
  return std::ranges::any_of(checks_,
                             [&id](const Check& check) { return check.transaction.id() == id; });
}

void Generation::receiveResponse(Step& step, const Path& path, const stun::MessageView& response) {
  const stun::TransactionId id = response.transaction();
  const std::optional<Instant> consentSent = consent_.find(id);
  const auto found = std::ranges::find_if(
      checks_, [&id](const Check& check) { return check.transaction.id() == id; });
  if (failed_ || !remote_ || (!consentSent && found == checks_.end())) return;

  Pair* pair = list_.find(consentSent ? sending_ : found->pair);
  // RFC 8445 7.2.5.2.1, and nobody else may speak for the address we asked.
  if (!pair || pair->path != path) {
    ++shared_.stats.wrongSource;
    PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "answer from another address"},
                 {"remote_address", path.remote.toString(), Field::Kind::secret});
    return;
  }
  if (provenIntegrity(response, remote_->password) == stun::Integrity::none) {
    ++shared_.stats.unauthenticated;
    PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "answer without integrity"});
    return;
  }
  const bool success = response.messageClass() == stun::Class::success;
  const auto error = response.findError();
  if (success ? !response.findXorAddress(stun::Attribute::xorMappedAddress) : !error) {
    ++shared_.stats.malformed;
    return;
  }
  ++pair->counters.responsesReceived;
  if (consentSent) {
    if (success) answered(step, *pair, step.now - *consentSent);
    if (!success && error->code == kForbidden)
      revokeConsent(step, *pair, "the peer revoked consent");
  } else {
    const Check check = *found;
    checks_.erase(found);
    if (success) onSuccess(step, check, response);
    if (!success) onError(step, check, error->code);
  }
  settle(step);
}

void Generation::onSuccess(Step& step, const Check& check, const stun::MessageView& response) {
  Pair& pair = *list_.find(check.pair);
  const PairId id = pair.id;
  // An older check's answer does not stand for the nomination that is under way since.
  const auto nominates = [id](const Check& other) {
    return other.pair == id && other.body.useCandidate && !other.recovery;
  };
  std::erase_if(checks_, [&](const Check& other) {
    return other.pair == id && !other.recovery && (check.body.useCandidate || !nominates(other));
  });
  const bool nominationLeft = std::ranges::any_of(checks_, nominates);
  answered(step, pair, check.transaction.roundTrip(step.now));
  noteMapped(step, pair, *response.findXorAddress(stun::Attribute::xorMappedAddress));
  chooseSendPair(step);
  if (isPlanted(PlantedBug::checkStorm)) return list_.trigger(*list_.find(id));
  const bool ours = shared_.role == Role::controlling && check.body.useCandidate;
  if (ours && !check.recovery) {
    select(step, id);
  } else if (shared_.role == Role::controlled && pair.nominateOnAnswer) {
    nominateByPeer(step, pair);
  } else if (nominationLeft) {
    setState(step, pair, PairState::inProgress, "nomination");
  } else if (pair.nominating) {
    list_.trigger(pair);  // decided while this check, still without the flag, was under way
  }
}

void Generation::answered(Step& step, Pair& pair, std::optional<Duration> roundTrip) {
  pair.known = true;
  if (!std::exchange(pair.valid, true)) pair.validFrom = step.now;
  setState(step, pair, PairState::succeeded, "answered");
  pair.lastAnswer = step.now;
  pair.recheckAt = never();
  if (roundTrip) {
    pair.counters.currentRoundTrip = *roundTrip;
    pair.counters.totalRoundTrip += *roundTrip;
  }
  if (firstValid_ == never() && pair.id != selected_) firstValid_ = step.now;
  if (pair.id != sending_) return;
  consent_.answered(step.now);
  std::erase_if(checks_, [](const Check& check) { return check.recovery; });
}

// RFC 8445 7.2.5.3.1: an address of ours that nobody had told us is a peer-reflexive candidate.
void Generation::noteMapped(Step& step, Pair& pair, const Address& mapped) {
  const LocalCandidate* base = book_.base(pair.path.local);
  if (!base) return;
  const Protocol protocol = base->candidate.protocol;
  if (const LocalCandidate* seen = book_.localAt(mapped, protocol, base->id)) {
    pair.seenAs = seen->id;
    return;
  }
  // Each connection has a port of its own, which the candidate does not name (RFC 6544 4.5).
  if (base->candidate.tcpType == TcpType::active && mapped.ip == base->candidate.address.ip) return;
  if (!book_.hasRoomForLocal() || !isSendable(mapped)) return;
  LocalCandidate found;
  found.id = {shared_.nextCandidate++};
  found.base = base->id;
  found.candidate.address = mapped;
  found.candidate.protocol = protocol;
  found.candidate.tcpType = base->candidate.tcpType;
  found.candidate.component = base->candidate.component;
  found.candidate.type = CandidateType::peerReflexive;
  found.candidate.priority = peerReflexivePriority(protocol, base->candidate.priority);
  found.candidate.related = base->candidate.address;
  found.candidate.foundation =
      candidateFoundation(CandidateType::peerReflexive, base->candidate.address.ip, protocol,
                          std::nullopt, shared_.salt);
  pair.seenAs = found.id;
  PARLEY_TRACE(step, Topic::ice, "candidate_found", {"candidate", found.id.value},
               {"type", "prflx"}, {"side", "local"}, {"trigger", "an answer told our address"},
               {"address", mapped.toString(), Field::Kind::secret});
  shared_.emit(PeerReflexiveFound{transport_, found.id, false, found.candidate});
  addLocal(step, std::move(found));
}

void Generation::onError(Step& step, const Check& check, std::uint16_t code) {
  Pair& pair = *list_.find(check.pair);
  if (code == kRoleConflict) return onRoleConflict(step, check, pair);
  if (code == kForbidden && pair.id == sending_)
    return revokeConsent(step, pair, "the peer revoked consent");
  if (check.superseded || check.recovery) return;
  setState(step, pair, PairState::failed, "an error answer");
  pair.valid = false;
  pair.nominating = false;
  pair.nominateOnAnswer = false;
}

// RFC 8445 7.2.5.1.
void Generation::onRoleConflict(Step& step, const Check& check, Pair& pair) {
  ++shared_.stats.roleConflicts;
  bool retry = true;
  if (check.body.role == shared_.role) {
    retry = shared_.switchRole(step);
    if (retry) shared_.tieBreaker = step.secrets.number<std::uint64_t>();
    syncRole();
  }
  if (check.recovery || check.superseded) return;
  if (retry) {
    list_.trigger(pair);
  } else {
    setState(step, pair, PairState::failed, "a role conflict that does not end");
  }
}

}  // namespace parley::ice
