#include "ice/agent.h"

#include <algorithm>

#include "ice/priority.h"
#include "ice/shared.h"
#include "ice/transport.h"

namespace parley::ice {

Agent::Agent(Config config, PathSink& lower) : shared_(std::make_unique<Shared>(config, lower)) {
  // It waits for checks that come every four to six seconds, and may be lost.
  if (config.lite) shared_->config.disconnectedAfter *= 2;
}

Agent::~Agent() = default;

void Agent::setRole(Role role) {
  if (shared_->config.lite && !shared_->isRemoteLite) role = Role::controlled;  // RFC 8445 6.1.1
  if (role != shared_->role) shared_->setRole(role);
}

void Agent::setRemoteLite(bool lite) {
  shared_->isRemoteLite = lite;
  if (lite && !shared_->config.lite) setRole(Role::controlling);  // RFC 8445 6.1.1
  if (shared_->config.lite && !lite) setRole(Role::controlled);
}

void Agent::addTransport(Step& step, TransportIndex transport, Credentials local) {
  shared_->prepare(step);
  if (find(transport)) return;
  transports_.push_back(std::make_unique<Transport>(*shared_, transport, std::move(local)));
  shared_->transports = transports_.size();
}

void Agent::removeTransport(TransportIndex transport) {
  std::erase_if(transports_, [transport](const auto& held) { return held->index() == transport; });
  shared_->transports = transports_.size();
}

void Agent::restart(Step& step, TransportIndex transport, Credentials local) {
  shared_->prepare(step);
  if (Transport* found = find(transport)) found->restart(step, std::move(local));
  shared_->roleSwitches = 0;
}

void Agent::cancelRestart(Step& step, TransportIndex transport) {
  shared_->prepare(step);
  if (Transport* found = find(transport)) found->cancelRestart(step);
}

Result<CandidateId, AddError> Agent::addLocal(Step& step, TransportIndex transport,
                                              Candidate candidate, std::optional<CandidateId> base,
                                              std::optional<IpAddress> server) {
  shared_->prepare(step);
  Transport* found = find(transport);
  if (!found) return Unexpected(AddError::unknownTransport);
  return found->addLocal(step, std::move(candidate), base, server);
}

void Agent::removeLocal(Step& step, CandidateId candidate) {
  shared_->prepare(step);
  for (const auto& transport : transports_) {
    if (transport->removeLocal(step, candidate)) return;
  }
}

void Agent::pathLost(Step& step, const Path& path) {
  shared_->prepare(step);
  if (Transport* owner = ownerOf(path.local)) owner->pathLost(step, path);
}

void Agent::endOfLocals(Step& step, TransportIndex transport) {
  shared_->prepare(step);
  if (Transport* found = find(transport)) found->current().endOfLocals();
}

const Candidate* Agent::local(CandidateId candidate) const {
  for (const auto& transport : transports_) {
    if (const LocalCandidate* found = transport->local(candidate)) return &found->candidate;
  }
  return nullptr;
}

void Agent::setRemoteCredentials(Step& step, TransportIndex transport, Credentials remote) {
  shared_->prepare(step);
  if (Transport* found = find(transport)) {
    found->current().setRemoteCredentials(step, std::move(remote));
  }
}

Result<CandidateId, AddError> Agent::addRemote(Step& step, TransportIndex transport,
                                               Candidate candidate) {
  shared_->prepare(step);
  Transport* found = find(transport);
  if (!found) return Unexpected(AddError::unknownTransport);
  if (candidate.component != 1) return Unexpected(AddError::unsupported);
  if (candidate.needsResolution()) return Unexpected(AddError::unresolved);
  if (!isSendable(candidate.address)) return Unexpected(AddError::unsupported);
  return found->current().addRemote(step, std::move(candidate));
}

void Agent::endOfRemotes(Step& step, TransportIndex transport) {
  shared_->prepare(step);
  if (Transport* found = find(transport)) found->current().endOfRemotes();
}

bool Agent::receive(Step& step, const Path& from, Bytes datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (message) return receive(step, from, *message);
  ++shared_->stats.malformed;
  PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "not a STUN message"});
  return true;
}

bool Agent::receive(Step& step, const Path& from, const stun::MessageView& message) {
  shared_->prepare(step);
  if (message.method() != stun::Method::binding) return false;
  const bool isRequest = message.messageClass() == stun::Class::request;
  // Checks must carry FINGERPRINT (RFC 8445 7.1.2); elsewhere it only must not be wrong.
  if ((isRequest || message.hasFingerprint()) && !message.checkFingerprint()) {
    ++shared_->stats.badFingerprint;
    PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "bad FINGERPRINT"});
    return true;
  }
  switch (message.messageClass()) {
    case stun::Class::indication:
      ++shared_->stats.indications;
      return true;
    case stun::Class::request: {
      Transport* owner = ownerOf(from.local);
      if (owner) owner->receiveRequest(step, from, message);
      if (!owner) {
        ++shared_->stats.unknownBase;
        PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "on an unknown base"});
      }
      return true;
    }
    case stun::Class::success:
    case stun::Class::error:
      break;
  }
  for (const auto& transport : transports_) {
    if (Generation* asked = transport->ownerOf(message.transaction())) {
      asked->receiveResponse(step, from, message);
      return true;
    }
  }
  ++shared_->stats.strayResponses;
  PARLEY_TRACE(step, Topic::ice, "packet_dropped", {"trigger", "answer to no check of ours"});
  return false;
}

void Agent::onTimer(Step& step) {
  shared_->prepare(step);
  for (const auto& transport : transports_) transport->onTimer(step);
}

void Agent::flush(Step& step) {
  shared_->prepare(step);
  for (const auto& transport : transports_) transport->current().nominate(step);
  thaw();
  sendChecks(step);
  for (const auto& transport : transports_) transport->report(step);
}

// RFC 8445 6.1.4.2 step 2 and 7.2.5.3.3: of the pairs of one foundation, in whatever list, one is
// tried at a time, until one of them has shown that it works.
void Agent::thaw() {
  std::size_t pending = 0;
  bool anyFrozen = false;
  for (const auto& transport : transports_) {
    pending += transport->current().list().activeCount();
    anyFrozen |= transport->current().hasFrozen();
  }
  shared_->checksPending = pending;
  if (!anyFrozen) return;

  std::vector<std::uint64_t> active, succeeded;
  for (const auto& transport : transports_) {
    transport->current().list().collectFoundations(active, succeeded);
  }
  std::ranges::sort(active);
  std::ranges::sort(succeeded);
  const auto mayThaw = [&](std::uint64_t foundation) {
    if (std::ranges::binary_search(succeeded, foundation)) return true;
    const auto place = std::ranges::lower_bound(active, foundation);
    if (place != active.end() && *place == foundation) return false;
    active.insert(place, foundation);
    return true;
  };
  for (const auto& transport : transports_) transport->current().thaw(mayThaw);
}

template <class Send>
bool Agent::sendInTurn(Send send) {
  for (std::size_t i = 1; i <= transports_.size(); ++i) {
    const std::size_t turn = (lastServed_ + i) % transports_.size();
    if (!send(transports_[turn]->current())) continue;
    lastServed_ = turn;
    return true;
  }
  return false;
}

void Agent::sendChecks(Step& step) {
  Pacer& pacer = shared_->pacer;
  if (step.now >= pacer.triggeredAt() &&
      sendInTurn([&](Generation& generation) { return generation.sendTriggered(step); })) {
    pacer.sentTriggered(step.now);
  }
  if (step.now >= pacer.ordinaryAt() &&
      sendInTurn([&](Generation& generation) { return generation.sendOrdinary(step); })) {
    pacer.sentOrdinary(step.now);
  }
}

Instant Agent::deadline() const {
  Instant due = never();
  for (const auto& transport : transports_) {
    due = std::min(due, transport->deadline());
    if (transport->current().hasTriggered()) due = std::min(due, shared_->pacer.triggeredAt());
    if (transport->current().hasOrdinary()) due = std::min(due, shared_->pacer.ordinaryAt());
  }
  return due;
}

std::optional<Event> Agent::nextEvent() { return shared_->events.pop(); }

bool Agent::send(Step& step, TransportIndex transport, Packet packet) {
  Transport* found = find(transport);
  if (found && found->send(step, packet)) return true;
  ++shared_->stats.packetsDiscarded;
  shared_->stats.bytesDiscarded += packet.size();
  return false;
}

bool Agent::answer(Step& step, const Path& path, Packet packet) {
  if (!isKnown(path)) return false;
  shared_->lower.sendOn(step, path, std::move(packet));
  return true;
}

bool Agent::isKnown(const Path& path) const {
  return std::ranges::any_of(transports_,
                             [&path](const auto& transport) { return transport->isKnown(path); });
}

void Agent::countReceived(Step& step, const Path& path, std::size_t bytes) {
  if (Transport* owner = ownerOf(path.local)) owner->countReceived(step.now, path, bytes);
}

Role Agent::role() const { return shared_->role; }

State Agent::state(TransportIndex transport) const {
  const Transport* found = find(transport);
  return found ? found->state() : State::idle;
}

std::optional<Path> Agent::selected(TransportIndex transport) const {
  const Transport* found = find(transport);
  const Pair* pair = found ? found->sender().selectedPair() : nullptr;
  return pair ? std::optional(pair->path) : std::nullopt;
}

std::optional<Path> Agent::sendPath(TransportIndex transport) const {
  const Transport* found = find(transport);
  const Pair* pair = found ? found->sender().sendPair() : nullptr;
  return pair ? std::optional(pair->path) : std::nullopt;
}

std::optional<Duration> Agent::roundTrip(TransportIndex transport) const {
  const Transport* found = find(transport);
  const Pair* pair = found ? found->sender().sendPair() : nullptr;
  return pair ? pair->counters.currentRoundTrip : std::nullopt;
}

const Credentials* Agent::localCredentials(TransportIndex transport) const {
  const Transport* found = find(transport);
  return found ? &found->current().localCredentials() : nullptr;
}

std::vector<CandidateStats> Agent::locals(TransportIndex transport) const {
  const Transport* found = find(transport);
  return found ? found->locals() : std::vector<CandidateStats>{};
}

std::vector<CandidateStats> Agent::remotes(TransportIndex transport) const {
  const Transport* found = find(transport);
  return found ? found->remotes() : std::vector<CandidateStats>{};
}

std::vector<PairStats> Agent::pairs(TransportIndex transport) const {
  const Transport* found = find(transport);
  return found ? found->pairs() : std::vector<PairStats>{};
}

const AgentStats& Agent::stats() const { return shared_->stats; }

std::size_t Agent::memoryUsed() const {
  std::size_t bytes = sizeof *this + sizeof(Shared) + transports_.capacity() * sizeof(void*);
  for (const auto& transport : transports_) bytes += transport->memoryUsed();
  return bytes;
}

const char* Agent::inconsistency() const {
  for (const auto& transport : transports_)
    if (const char* found = transport->current().inconsistency()) return found;
  return nullptr;
}

Transport* Agent::find(TransportIndex transport) const {
  for (const auto& held : transports_) {
    if (held->index() == transport) return held.get();
  }
  return nullptr;
}

Transport* Agent::ownerOf(CandidateId base) const {
  for (const auto& held : transports_) {
    if (held->local(base)) return held.get();
  }
  return nullptr;
}

}  // namespace parley::ice
