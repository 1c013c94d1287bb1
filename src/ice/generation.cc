#include "ice/generation.h"

#include <algorithm>

#include "core/planted.h"
#include "ice/names.h"
#include "ice/nomination.h"
#include "ice/priority.h"

namespace parley::ice {

Generation::Generation(Shared& shared, TransportIndex transport, Credentials local)
    : shared_(shared),
      transport_(transport),
      local_(std::move(local)),
      consent_(shared.config),
      roleEpoch_(shared.roleEpoch) {}

void Generation::addLocal(Step& step, LocalCandidate local) {
  const bool isBase = local.isBase();
  book_.addLocal(std::move(local));
  // RFC 8445 6.1.2.4: a reflexive candidate's pairs are replaced by those of its base, which are
  // there already and better.
  if (!isBase || stopped_ || failed_ || shared_.config.lite) return;
  const LocalCandidate& base = book_.locals().back();
  for (const RemoteCandidate& remote : book_.remotes()) pairUp(step, base, remote);
  settle(step);
}

bool Generation::removeLocal(Step& step, CandidateId id) {
  const LocalCandidate* local = book_.local(id);
  if (!local) return false;
  const bool isBase = local->isBase();
  book_.removeLocal(id);
  if (!isBase) return true;
  list_.removeIf([id](const Pair& pair) { return pair.path.local == id; });
  onPairsRemoved(step, "the address of the selected pair went away");
  return true;
}

// The selected one may have been among them.
void Generation::onPairsRemoved(Step& step, const char* why) {
  forgetChecks();
  if (selected_ != PairId{} && !list_.find(selected_)) {
    selected_ = {};
    lost_.start(step.now, limits::ice::kFailed);
    reason_ = why;
    PARLEY_TRACE(step, Topic::ice, "pair_lost", {"transport", transport_.value},
                 {"trigger", reason_});
    reopen(step);
  }
  settle(step);
}

// A passive pair ends with its connection, for only the peer can make another. An active one is
// connected again by its next check (RFC 6544).
void Generation::pathLost(Step& step, const Path& path) {
  std::erase_if(early_, [&path](const EarlyRequest& early) { return early.path == path; });
  Pair* pair = list_.find(path);
  if (!pair) return;
  const LocalCandidate* base = book_.base(path.local);
  if (!base || base->candidate.tcpType != TcpType::active) {
    list_.removeIf([&path](const Pair& each) { return each.path == path; });
    return onPairsRemoved(step, "the connection of the selected pair is gone");
  }
  if (pair->id != sending_) {
    pair->valid = pair->known = false;
    if (pair->state == PairState::succeeded)
      setState(step, *pair, PairState::failed, "its connection is gone");
  } else if (std::ranges::none_of(checks_, &Check::recovery)) {
    consent_.asked(step.now);
    startCheck(step, *pair, true, "its connection is gone");
  }
}

void Generation::setRemoteCredentials(Step& step, Credentials remote) {
  if (remote_) return;  // other credentials are another generation
  remote_ = std::move(remote);
  reason_ = "the credentials of the peer are known";
  PARLEY_TRACE(step, Topic::ice, "remote_credentials_set", {"transport", transport_.value},
               {"ufrag", remote_->ufrag, Field::Kind::secret});
  patience_.start(step.now, shared_.config.patience);
  const std::vector<EarlyRequest> early = std::move(early_);
  early_ = {};
  for (const EarlyRequest& request : early) {
    if (request.remoteUfrag != remote_->ufrag) continue;
    learn(step, request.path, request.wish);
  }
  settle(step);
}

Result<CandidateId, AddError> Generation::addRemote(Step& step, Candidate candidate) {
  if (remote_ && !candidate.usernameFragment.empty() &&
      candidate.usernameFragment != remote_->ufrag) {
    return Unexpected(AddError::wrongGeneration);
  }
  candidate.priority = std::max(candidate.priority, 1u);
  const auto replaceable = [this](const RemoteCandidate& other) {
    return std::ranges::none_of(list_.pairs(), [&other](const Pair& pair) {
      return pair.remote == other.id && (pair.known || pair.valid);
    });
  };
  const CandidateId fresh{shared_.nextCandidate++};
  const auto added = book_.addRemote(std::move(candidate), fresh, step.now, replaceable);
  if (!added) return Unexpected(added.error());
  if (added->evicted) removePairs(*added->evicted);
  if (added->changed) refreshPriorities(added->id);
  if (added->isNew && !stopped_ && !failed_ && !shared_.config.lite) {
    for (const LocalCandidate& base : book_.locals()) {
      if (base.isBase()) pairUp(step, base, *book_.remote(added->id));
    }
  }
  settle(step);
  return added->id;
}

void Generation::pairUp(Step& step, const LocalCandidate& base, const RemoteCandidate& remote) {
  if (canPair(base.candidate, remote.candidate)) addPair(step, base, remote);
}

Pair* Generation::addPair(Step& step, const LocalCandidate& base, const RemoteCandidate& remote) {
  Pair pair;
  pair.id = {shared_.nextPair++};
  pair.path = {base.id, withZoneOf(remote.candidate.address, base.candidate.address.ip)};
  pair.remote = remote.id;
  pair.protocol = base.candidate.protocol;
  pair.seenAs = base.id;
  pair.localPriority = base.candidate.priority;
  pair.remotePriority = remote.candidate.priority;
  pair.priority = pairPriority(shared_.role, pair.localPriority, pair.remotePriority);
  pair.foundation = pairFoundation(base.candidate, remote.candidate);
  // RFC 8445 6.1.2.5: the bound is for the whole set, spread evenly.
  const std::size_t share = shared_.config.pairsMax / std::max<std::size_t>(shared_.transports, 1);
  Pair* added = list_.add(pair, std::max<std::size_t>(share, 1));
  if (!added) {
    ++shared_.stats.pairsRefused;
    return nullptr;
  }
  PARLEY_TRACE(step, Topic::ice, "pair_added", {"pair", pair.id.value}, {"local", base.id.value},
               {"local_type", nameOf(base.candidate.type)},
               {"local_address", base.candidate.address.toString(), Field::Kind::secret},
               {"remote", remote.id.value}, {"remote_type", nameOf(remote.candidate.type)},
               {"remote_address", pair.path.remote.toString(), Field::Kind::secret});
  return added;
}

void Generation::pairAll(Step& step) {
  if (shared_.config.lite) return;
  for (const LocalCandidate& base : book_.locals()) {
    if (!base.isBase()) continue;
    for (const RemoteCandidate& remote : book_.remotes()) pairUp(step, base, remote);
  }
}

void Generation::removePairs(CandidateId remote) {
  list_.removeIf([remote](const Pair& pair) { return pair.remote == remote; });
  forgetChecks();
}

void Generation::forgetChecks() {
  std::erase_if(checks_, [this](const Check& check) { return !list_.find(check.pair); });
}

// Signalling named an address that a check had shown before (RFC 8838 11.4).
void Generation::refreshPriorities(CandidateId remote) {
  const RemoteCandidate* named = book_.remote(remote);
  for (Pair& pair : list_.pairs()) {
    if (pair.remote != remote) continue;
    pair.remotePriority = named->candidate.priority;
    const LocalCandidate* base = book_.base(pair.path.local);
    if (base) pair.foundation = pairFoundation(base->candidate, named->candidate);
  }
  list_.reorder(shared_.role);
}

void Generation::syncRole() {
  if (roleEpoch_ == shared_.roleEpoch) return;
  roleEpoch_ = shared_.roleEpoch;
  list_.reorder(shared_.role);
  for (Pair& pair : list_.pairs()) {
    pair.nominating = false;
    pair.nominateOnAnswer = false;
  }
}

void Generation::nominate(Step& step) {
  syncRole();
  lookAgain_ = never();
  if (shared_.role != Role::controlling || !remote_ || failed_) return;
  const auto underWay = [](const Pair& pair) {
    return pair.nominating && pair.state != PairState::failed;
  };
  if (stopped_ || std::ranges::any_of(list_.pairs(), underWay)) return;
  const Pair* selected = selectedPair();
  if (selected && !disconnected_) {
    if (const Pair* other = liveInsteadOfSilent(step.now))
      return nominate(step, other->id, "the selected pair is silent, this one is not");
    const NominationAdvice advice =
        adviseMove(list_.pairs(), *selected, moves_, step.now, shared_.config);
    lookAgain_ = advice.lookAgain;
    if (advice.pair == PairId{}) return;
    ++moves_;
    return nominate(step, advice.pair, "it is better");
  }

  const Pair* best = bestUsable(list_.pairs(), selected_, step.now, shared_.config);
  if (!best) return;
  if (firstValid_ == never()) firstValid_ = step.now;
  const LocalCandidate* base = book_.base(best->path.local);
  const RemoteCandidate* remote = book_.remote(best->remote);
  const bool relayed = (base && base->candidate.type == CandidateType::relayed) ||
                       (remote && remote->candidate.type == CandidateType::relayed);
  const NominationAdvice advice =
      adviseNomination(list_.pairs(), firstValid_, relayed, selected_, step.now, shared_.config);
  lookAgain_ = advice.lookAgain;
  if (advice.pair == PairId{}) return;
  nominate(step, advice.pair,
           disconnected_            ? "the selected pair is silent"
           : step.now > firstValid_ ? "no better pair answered in time"
                                    : "no better pair can succeed");
}

void Generation::nominate(Step& step, PairId id, const char* why) {
  Pair* pair = list_.find(id);
  pair->nominating = true;
  pair->nomination = ++nominations_;
  list_.trigger(*pair);
  PARLEY_TRACE(step, Topic::ice, "nominating", {"pair", id.value}, {"trigger", why});
}

// A peer that moves to another address shows it by a check from there, long before consent tells.
const Pair* Generation::liveInsteadOfSilent(Instant now) const {
  const Instant since = consent_.unansweredSince();
  if (since == never() || sending_ != selected_ || now < since + limits::ice::kRecoveryRetry)
    return nullptr;
  for (const Pair& pair : list_.pairs())
    if (pair.id != selected_ && pair.lastAnswer >= since &&
        pair.isUsable(now, shared_.config.consentExpires))
      return &pair;
  return nullptr;
}

void Generation::select(Step& step, PairId id) {
  Pair* pair = list_.find(id);
  pair->nominated = true;
  pair->nominating = false;
  pair->nominateOnAnswer = false;
  lost_.stop();
  if (selected_ == id) return;
  if (Pair* before = list_.find(selected_)) {
    before->nominated = false;
    const Instant since = consent_.unansweredSince();
    if (since != never() && step.now - since >= limits::ice::kRecoveryRetry) {
      before->valid = false;  // it has to prove itself anew
      setState(step, *before, PairState::failed, "it fell silent");
    }
  }
  const std::uint32_t old = selected_.value;
  selected_ = id;
  disconnected_ = false;
  reason_ = "a pair was selected";
  shared_.emit(PathSelected{transport_, pair->path, id});
  const bool ours = shared_.role == Role::controlling;
  PARLEY_TRACE(step, Topic::ice, "pair_selected", {"transport", transport_.value}, {"old", old},
               {"new", id.value},
               {"trigger", ours ? "our nomination was answered" : "the peer nominated it"},
               {"remote_address", pair->path.remote.toString(), Field::Kind::secret});
  conclude();
  chooseSendPair(step);
}

// RFC 8445 8.1.2: nothing but the selected pair is checked any more. Pairs that the peer was
// heard on stay, because it may come back to them; the rest of the tables goes.
void Generation::conclude() {
  concluded_ = true;
  lookAgain_ = never();
  list_.removeIf([this](const Pair& pair) {
    return pair.id != selected_ && !pair.known && !pair.valid &&
           (pair.state == PairState::failed || !isWorthChecking(pair));
  });
  for (Pair& pair : list_.pairs()) {
    const bool open = pair.state == PairState::waiting || pair.state == PairState::inProgress;
    if (open && pair.id != selected_ && !pair.nominateOnAnswer && !isWorthChecking(pair))
      pair.state = PairState::frozen;
  }
  std::erase_if(checks_, [this](const Check& check) {
    const Pair* pair = list_.find(check.pair);
    return !pair || (pair->id != selected_ && !pair->nominateOnAnswer && !isWorthChecking(*pair));
  });
  list_.shrink();
  book_.shrink();
  checks_.shrink_to_fit();
}

// The pair that carried data fell silent or is gone: everything is tried again, so that another
// path may take over before consent ends.
void Generation::reopen(Step& step) {
  concluded_ = false;
  firstValid_ = never();
  for (Pair& pair : list_.pairs()) {
    pair.nominating = false;
    if (pair.id == sending_) continue;
    pair.valid = false;
    pair.nominated = false;
    pair.state = PairState::frozen;
  }
  pairAll(step);
}

void Generation::chooseSendPair(Step& step) {
  const Pair* pair = list_.find(selected_);
  if (!pair && !failed_) {
    pair = bestUsable(list_.pairs(), PairId{}, step.now, shared_.config);
  }
  if (isPlanted(PlantedBug::sendsUnvalidated) && !pair && !failed_ && !list_.pairs().empty())
    pair = &list_.pairs().front();
  const PairId now = pair ? pair->id : PairId{};
  if (now == sending_) return;
  sending_ = now;
  std::erase_if(checks_, [](const Check& check) { return check.recovery; });
  if (!pair) {
    consent_.end();
    PARLEY_TRACE(step, Topic::ice, "send_pair_updated", {"new", 0},
                 {"trigger", "no pair has consent"});
    return;
  }
  PARLEY_TRACE(step, Topic::ice, "send_pair_updated", {"new", now.value},
               {"trigger", now == selected_ ? "selected" : "the best that answered"});
  if (selected_ == PairId{}) reason_ = "a pair was answered";
  consent_.begin(step.now, pair->lastAnswer, step.random);
  if (!validated_) {
    validated_ = true;
    shared_.emit(PathValidated{transport_, pair->path, pair->id});
  }
}

void Generation::stopChecking() {
  concluded_ = stopped_ = true;
  lookAgain_ = never();
  patience_.stop();
  std::erase_if(checks_, [](const Check& check) { return !check.recovery; });
}

void Generation::resumeChecking(Step& step) {
  stopped_ = false;
  if (failed_) return;
  if (remote_ && !patienceOver_) patience_.start(step.now, shared_.config.patience);
  if (selected_ == PairId{} || disconnected_) reopen(step);
  settle(step);
}

// After every input: which pair carries data now, and whether all is lost.
void Generation::settle(Step& step) {
  syncRole();
  if (failed_) return;
  chooseSendPair(step);
  if (disconnected_ && !consent_.isDisconnected(step.now) &&
      !isPlanted(PlantedBug::disconnectedForEver)) {
    disconnected_ = false;
    reason_ = "the peer is heard again";
    PARLEY_TRACE(step, Topic::ice, "recovered", {"pair", sending_.value}, {"trigger", reason_});
    if (selected_ != PairId{}) conclude();
  }
  if (sending_ != PairId{} || lost_.isRunning() || !remote_) return;
  // RFC 8863 4: peers may still reach us first, even when we have no pair left to check.
  if (patienceOver_ && (shared_.config.lite || list_.isExhausted()))
    fail(step, "no pair answered and none is left to check");
}

void Generation::setState(Step& step, Pair& pair, PairState state, const char* trigger) {
  const PairState old = std::exchange(pair.state, state);
  if (old == state) return;
  PARLEY_TRACE(step, Topic::ice, "pair_state_updated", {"pair", pair.id.value},
               {"old", nameOf(old)}, {"new", nameOf(state)}, {"trigger", trigger});
}

void Generation::fail(Step& step, const char* reason) {
  failed_ = true;
  reason_ = reason;
  disconnected_ = false;
  checks_ = {};
  early_ = {};
  consent_.end();
  lost_.stop();
  patience_.stop();
  lookAgain_ = never();
  sending_ = {};
  for (Pair& pair : list_.pairs()) {
    if (pair.state != PairState::succeeded) pair.state = PairState::failed;
  }
  list_.shrink();
  book_.shrink();
  PARLEY_TRACE(step, Topic::ice, "failed", {"transport", transport_.value}, {"trigger", reason});
}

bool Generation::send(Step& step, Packet& packet) {
  Pair* pair = list_.find(sending_);
  if (!pair || !pair->isUsable(step.now, shared_.config.consentExpires)) return false;
  ++pair->counters.packetsSent;
  pair->counters.bytesSent += packet.size();
  pair->counters.lastPacketSent = step.now;
  shared_.lower.sendOn(step, pair->path, std::move(packet));
  return true;
}

bool Generation::isKnown(const Path& path) const {
  if (const Pair* pair = list_.find(path)) return pair->known || pair->valid;
  return std::ranges::find(early_, path, &EarlyRequest::path) != early_.end();
}

bool Generation::countReceived(Instant now, const Path& path, std::size_t bytes) {
  Pair* pair = list_.find(path);
  if (!pair) return false;
  ++pair->counters.packetsReceived;
  pair->counters.bytesReceived += bytes;
  pair->counters.lastPacketReceived = now;
  return true;
}

State Generation::state() const {
  if (failed_) return State::failed;
  if (disconnected_ || lost_.isRunning()) return State::disconnected;
  if (sending_ != PairId{}) {
    const bool done = concluded_ && localsEnded_ && remotesEnded_;
    return done ? State::completed : State::connected;
  }
  return remote_ && !list_.pairs().empty() ? State::checking : State::idle;
}

Instant Generation::deadline() const {
  if (failed_) return never();
  Instant due = earliest(patience_.due(), lost_.due(), lookAgain_);
  for (const Check& check : checks_) due = std::min(due, check.transaction.due());
  for (const Pair& pair : list_.pairs()) due = std::min(due, pair.recheckAt);
  const auto isHeld = [](const Pair& pair) {
    return pair.protocol == Protocol::tcp && pair.state == PairState::waiting;
  };
  if (tcpFrom_ > shared_.now && std::ranges::any_of(list_.pairs(), isHeld))
    due = std::min(due, tcpFrom_);
  if (const Pair* pair = sendPair()) {
    due = std::min(due, consent_.due(shared_.now, pair->counters.currentRoundTrip));
  }
  return due;
}

std::size_t Generation::memoryUsed() const {
  std::size_t bytes = sizeof *this + book_.memoryUsed() + list_.memoryUsed() +
                      consent_.memoryUsed() + checks_.capacity() * sizeof(Check) +
                      early_.capacity() * sizeof(EarlyRequest);
  bytes += local_.ufrag.capacity() + local_.password.capacity();
  if (remote_) bytes += remote_->ufrag.capacity() + remote_->password.capacity();
  return bytes;
}

const char* Generation::inconsistency() const {
  if (list_.pairs().size() > limits::ice::kPairs) return "ice: more pairs than allowed";
  if (checks_.size() > limits::ice::kTransactions) return "ice: more checks than allowed";
  if (early_.size() > limits::ice::kEarlyRequests) return "ice: more early requests than allowed";
  if (selected_ != PairId{} && !selectedPair()) return "ice: the selected pair is gone";
  if (sending_ != PairId{} && !sendPair()) return "ice: the pair that sends is gone";
  const Pair* sending = sendPair();
  if (sending && !failed_ && !sending->valid)
    return "ice: data goes out on a pair that no check has validated";
  return nullptr;
}

}  // namespace parley::ice
