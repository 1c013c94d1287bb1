#include "ice/transport.h"

#include <algorithm>
#include <utility>

#include "core/planted.h"
#include "ice/names.h"
#include "ice/priority.h"

namespace parley::ice {

Transport::Transport(Shared& shared, TransportIndex index, Credentials local)
    : shared_(shared),
      index_(index),
      current_(std::make_unique<Generation>(shared, index, std::move(local))) {}

void Transport::restart(Step& step, Credentials local) {
  if (isPlanted(PlantedBug::restartKeepsPassword))
    local.password = current_->localCredentials().password;
  PARLEY_TRACE(step, Topic::ice, "restarted", {"transport", index_.value},
               {"ufrag", local.ufrag, Field::Kind::secret});
  auto fresh = std::make_unique<Generation>(shared_, index_, std::move(local));
  // A second restart before the first one has led anywhere keeps what still carries data, and
  // before the first one was answered what a rollback would come back to.
  const bool keepPrevious = previous_ && !isLingering() && !current_->selectedPair() &&
                            (previous_->isHealthy() || !current_->hasRemoteCredentials());
  std::unique_ptr<Generation> gone = keepPrevious ? std::move(current_) : std::move(previous_);
  if (!keepPrevious) previous_ = std::move(current_);
  current_ = std::move(fresh);
  previous_->stopChecking();
  retire_.stop();
  if (!gone) return;
  auto bases = basesOnlyIn(*gone);
  retire(step, std::move(bases));
}

void Transport::cancelRestart(Step& step) {
  if (!previous_ || isLingering() || current_->hasRemoteCredentials()) return;
  const std::unique_ptr<Generation> gone = std::exchange(current_, std::move(previous_));
  current_->resumeChecking(step);
  auto bases = basesOnlyIn(*gone);
  retire(step, std::move(bases));
}

void Transport::fillIn(Candidate& candidate, const LocalCandidate* base,
                       const std::optional<IpAddress>& server) const {
  if (candidate.priority == 0) {
    const auto preference = localPreference(candidate.address.ip.family(), 0);
    candidate.priority =
        candidatePriority(candidate.type, candidate.protocol, preference, candidate.component);
  }
  if (candidate.foundation.empty()) {
    const IpAddress& ip = base ? base->candidate.address.ip : candidate.address.ip;
    candidate.foundation =
        candidateFoundation(candidate.type, ip, candidate.protocol, server, shared_.salt);
  }
}

Result<CandidateId, AddError> Transport::addLocal(Step& step, Candidate candidate,
                                                  std::optional<CandidateId> base,
                                                  std::optional<IpAddress> server) {
  const CandidateBook& book = current_->book();
  const LocalCandidate* foundBase = base ? book.base(*base) : nullptr;
  if (base && !foundBase) return Unexpected(AddError::unknownBase);
  if (candidate.component != 1) return Unexpected(AddError::unsupported);
  if (!base) {
    if (const LocalCandidate* same = book.baseAt(candidate)) return same->id;
  } else if (const LocalCandidate* same =
                 book.localAt(candidate.address, candidate.protocol, *base)) {
    return same->id;  // RFC 8445 5.1.3: same address and base, redundant
  }
  if (!book.hasRoomForLocal()) return Unexpected(AddError::tooMany);

  fillIn(candidate, foundBase, server);
  const LocalCandidate* before = !base && previous_ ? previous_->book().baseAt(candidate) : nullptr;
  const CandidateId id = before ? before->id : CandidateId{shared_.nextCandidate++};
  current_->addLocal(step, {id, base.value_or(id), std::move(candidate)});
  return id;
}

bool Transport::removeLocal(Step& step, CandidateId id) {
  const bool now = current_->removeLocal(step, id);
  const bool before = previous_ && previous_->removeLocal(step, id);
  return now || before;
}

void Transport::pathLost(Step& step, const Path& path) {
  current_->pathLost(step, path);
  if (previous_) previous_->pathLost(step, path);
}

const LocalCandidate* Transport::local(CandidateId id) const {
  if (const LocalCandidate* found = current_->book().local(id)) return found;
  return previous_ ? previous_->book().local(id) : nullptr;
}

// RFC 8489 9.1.3, RFC 8445 7.3: nothing of the request is looked at before its integrity holds.
void Transport::receiveRequest(Step& step, const Path& path, const stun::MessageView& request) {
  const auto refuseWith = [&](stun::ErrorCode code) {
    ++shared_.stats.unauthenticated;
    PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "check without proof"},
                 {"error", static_cast<std::int64_t>(code)},
                 {"remote_address", path.remote.toString(), Field::Kind::secret});
    Packet answer = refuse(step, request, code, shared_);
    if (answer) shared_.lower.sendOn(step, path, std::move(answer));
  };
  const auto ufrag = localHalf(request);
  if (!ufrag || !(request.hasIntegrity() || request.hasIntegritySha256())) {
    return refuseWith(stun::ErrorCode::badRequest);
  }
  for (Generation* generation : {current_.get(), previous_.get()}) {
    if (!generation || generation->localCredentials().ufrag != *ufrag) continue;
    const std::string& password = generation->localCredentials().password;
    const stun::Integrity integrity = provenIntegrity(request, password);
    if (integrity == stun::Integrity::none) break;
    return generation->receiveRequest(step, path, request, {integrity, password});
  }
  refuseWith(stun::ErrorCode::unauthenticated);
}

Generation* Transport::ownerOf(const stun::TransactionId& id) {
  if (current_->ownsTransaction(id)) return current_.get();
  return previous_ && !isLingering() && previous_->ownsTransaction(id) ? previous_.get() : nullptr;
}

void Transport::onTimer(Step& step) {
  current_->onTimer(step);
  if (previous_ && !isLingering()) previous_->onTimer(step);
  if (retire_.expire(step.now)) forgetPrevious(step);
}

void Transport::forgetPrevious(Step& step) {
  const std::unique_ptr<Generation> gone = std::move(previous_);
  retire_.stop();
  auto bases = basesOnlyIn(*gone);
  retire(step, std::move(bases));
}

std::vector<CandidateId> Transport::basesOnlyIn(const Generation& gone) const {
  std::vector<CandidateId> bases;
  for (const LocalCandidate& local : gone.book().locals()) {
    const bool elsewhere =
        current_->book().base(local.id) || (previous_ && previous_->book().base(local.id));
    if (local.isBase() && !elsewhere) bases.push_back(local.id);
  }
  return bases;
}

const Generation& Transport::sender() const {
  if (!previous_ || isLingering() || current_->selectedPair()) return *current_;
  return previous_->isHealthy() || !current_->sendPair() ? *previous_ : *current_;
}

// webrtc-pc 5.6.3: a restart starts over, but what worked goes on working meanwhile.
State Transport::state() const {
  const State state = current_->state();
  if (!previous_ || isLingering() || (state != State::idle && state != State::checking)) {
    return state;
  }
  return previous_->isHealthy() ? State::connected : State::checking;
}

void Transport::retire(Step& step, std::vector<CandidateId> bases) {
  PARLEY_TRACE(step, Topic::ice, "generation_retired", {"transport", index_.value},
               {"bases", static_cast<std::int64_t>(bases.size())});
  if (!bases.empty()) shared_.emit(Retired{index_, std::move(bases)});
}

void Transport::report(Step& step) {
  if (previous_ && !isLingering() && current_->selectedPair()) {
    // What the peer sent before it saw our new pair is still on its way.
    retire_.start(shared_.now, limits::ice::kRetiredGeneration);
  }
  const State now = state();
  if (now == reported_) return;
  PARLEY_TRACE(step, Topic::ice, "state_updated", {"transport", index_.value},
               {"old", nameOf(reported_)}, {"new", nameOf(now)}, {"trigger", current_->reason()});
  reported_ = now;
  shared_.emit(StateChanged{index_, now});
}

Instant Transport::deadline() const {
  const Instant due = std::min(current_->deadline(), retire_.due());
  return previous_ && !isLingering() ? std::min(due, previous_->deadline()) : due;
}

bool Transport::send(Step& step, Packet& packet) {
  return const_cast<Generation&>(sender()).send(step, packet);
}

bool Transport::isKnown(const Path& path) const {
  return current_->isKnown(path) || (previous_ && previous_->isKnown(path));
}

void Transport::countReceived(Instant now, const Path& path, std::size_t bytes) {
  // While the old generation carries our data, the peer's comes on it too.
  if (previous_ && !current_->selectedPair() && previous_->countReceived(now, path, bytes)) return;
  if (!current_->countReceived(now, path, bytes) && previous_) {
    previous_->countReceived(now, path, bytes);
  }
}

std::vector<CandidateStats> Transport::locals() const {
  std::vector<CandidateStats> all;
  for (const LocalCandidate& local : current_->book().locals()) {
    all.push_back({local.id, local.base, local.candidate});
  }
  return all;
}

std::vector<CandidateStats> Transport::remotes() const {
  std::vector<CandidateStats> all;
  for (const RemoteCandidate& remote : current_->book().remotes()) {
    all.push_back({remote.id, remote.id, remote.candidate});
  }
  return all;
}

std::vector<PairStats> Transport::pairs() const {
  std::vector<PairStats> all;
  const Pair* carrying = sender().selectedPair();
  const auto append = [&](const Pair& pair) {
    all.push_back({.id = pair.id,
                   .transport = index_,
                   .local = pair.seenAs,
                   .remote = pair.remote,
                   .path = pair.path,
                   .state = pair.state,
                   .nominated = pair.nominated,
                   .selected = carrying && carrying->id == pair.id,
                   .priority = pair.priority,
                   .counters = pair.counters});
  };
  for (const Pair& pair : current_->list().pairs()) append(pair);
  // webrtc-stats 5: of the old generation only the pair in use is still shown.
  if (previous_ && &sender() == previous_.get() && carrying) append(*carrying);
  return all;
}

std::size_t Transport::memoryUsed() const {
  return sizeof *this + current_->memoryUsed() + (previous_ ? previous_->memoryUsed() : 0);
}

}  // namespace parley::ice
