// The server's side of a generation: answering checks of the peer and learning from them
// (RFC 8445 7.3). Whatever comes here has proved that it knows our password.

#include <algorithm>

#include "ice/generation.h"
#include "ice/names.h"
#include "ice/nomination.h"
#include "ice/priority.h"

namespace parley::ice {

void Generation::receiveRequest(Step& step, const Path& path, const stun::MessageView& request,
                                const AnswerKey& key) {
  syncRole();
  const auto answerWith = [&](Packet packet) {
    if (!packet) {
      ++shared_.stats.poolEmpty;
      return;
    }
    if (Pair* pair = list_.find(path)) ++pair->counters.responsesSent;
    shared_.lower.sendOn(step, path, std::move(packet));
  };
  if (const auto unknown = unknownInCheck(request); unknown.count > 0) {
    ++shared_.stats.unknownAttributes;
    return answerWith(writeUnknown(step, request, unknown, key));
  }
  if (!settleRoleConflict(step, request)) {
    ++shared_.stats.roleConflicts;
    return answerWith(writeError(step, request, stun::ErrorCode::roleConflict, key));
  }

  const LocalCandidate* base = book_.base(path.local);
  const std::uint32_t fallback =
      base ? candidatePriority(CandidateType::peerReflexive, base->candidate.protocol, 0xffff,
                               base->candidate.component)
           : candidatePriority(CandidateType::peerReflexive, 0xffff, 1);
  const std::uint32_t nomination = request.findU32(stun::Attribute::nomination).value_or(0);
  const Wish wish{
      .priority = std::max(request.findU32(stun::Attribute::priority).value_or(fallback), 1u),
      .useCandidate = request.has(stun::Attribute::useCandidate) || nomination != 0,
      .nomination = nomination};
  if (remote_) {
    learn(step, path, wish);
  } else {
    const std::string_view username = request.username().value_or("");
    rememberEarly(path, wish, username.substr(username.find(':') + 1));
  }
  answerWith(writeSuccess(step, request, path.remote, key));
  settle(step);
}

// RFC 8445 7.3.1.1. False: the peer is the one to give way, and is told so.
bool Generation::settleRoleConflict(Step& step, const stun::MessageView& request) {
  const bool controlling = shared_.role == Role::controlling;
  const auto theirs = request.findU64(controlling ? stun::Attribute::iceControlling
                                                  : stun::Attribute::iceControlled);
  if (!theirs) return true;
  const bool weWin = shared_.tieBreaker >= *theirs;
  // Controlling, the winner stays; controlled, the winner takes the other role.
  if (weWin == controlling) return false;
  if (!shared_.switchRole(step)) return false;
  ++shared_.stats.roleConflicts;
  syncRole();
  return true;
}

void Generation::rememberEarly(const Path& path, const Wish& wish, std::string_view remoteUfrag) {
  const auto found = std::ranges::find(early_, path, &EarlyRequest::path);
  if (found != early_.end()) {
    found->wish.useCandidate |= wish.useCandidate;
    found->wish.nomination = std::max(found->wish.nomination, wish.nomination);
    found->remoteUfrag = remoteUfrag;
  } else if (early_.size() < limits::ice::kEarlyRequests && book_.base(path.local)) {
    early_.push_back({path, wish, std::string(remoteUfrag)});
  }
}

void Generation::learn(Step& step, const Path& path, const Wish& wish) {
  if (failed_) return;
  Pair* pair = list_.find(path);
  if (!pair) pair = pairFromRequest(step, path, wish.priority);
  if (!pair) return;
  const bool first = !pair->known;
  pair->known = true;
  ++pair->counters.requestsReceived;
  if (pair->id == sending_) consent_.heard(step.now);
  if (shared_.config.lite) {
    answered(step, *pair, std::nullopt);  // RFC 8445 7.3.2
    chooseSendPair(step);
  }
  if (wish.useCandidate && shared_.role == Role::controlled) {
    pair->nomination = std::max(pair->nomination, wish.nomination);
    nominateByPeer(step, *pair);
  }
  pair = list_.find(path);
  if (shared_.config.lite) return;
  if (pair) triggerFor(step, *pair, wish.useCandidate, first);
  if (first && concluded_) suspect(step);
}

// A peer that has no need of another pair does not check one: does the selected one still work?
void Generation::suspect(Step& step) {
  Pair* pair = list_.find(selected_);
  const bool isAsked = consent_.unansweredSince() != never();
  if (stopped_ || !pair || selected_ != sending_ || isAsked ||
      step.now - pair->lastAnswer < limits::ice::kCheckRto)
    return;
  consent_.asked(step.now);
  startCheck(step, *pair, true, "the peer tries another pair");
}

// RFC 8445 7.3.1.3 and 7.3.1.4.
Pair* Generation::pairFromRequest(Step& step, const Path& path, std::uint32_t priority) {
  const LocalCandidate* base = book_.base(path.local);
  if (!base || !isSendable(path.remote)) return nullptr;
  const RemoteCandidate* remote = book_.remoteAt(path.remote, base->candidate.protocol);
  if (!remote) {
    Candidate found;
    const CandidateId fresh{shared_.nextCandidate++};
    found.foundation = "prflx" + std::to_string(fresh.value);
    found.component = base->candidate.component;
    found.protocol = base->candidate.protocol;
    found.priority = priority;
    found.address = path.remote;
    found.type = CandidateType::peerReflexive;
    if (base->candidate.tcpType == TcpType::passive) found.tcpType = TcpType::active;
    // An old one gives way only when nothing has come of it, so that a peer that shows a new
    // address every second cannot make us check each of them. Before anything has ever answered
    // none does: behind NATs that map by address every check of ours shows the peer a new one, and
    // the other way round, and two such peers would never be done.
    const auto replaceable = [&](const RemoteCandidate& other) {
      if (!validated_ || step.now - other.added < limits::ice::kFailed) return false;
      return std::ranges::none_of(list_.pairs(), [&other](const Pair& pair) {
        return pair.remote == other.id && (pair.valid || pair.state == PairState::inProgress);
      });
    };
    const auto added = book_.addRemote(found, fresh, step.now, replaceable);
    if (!added) {
      ++shared_.stats.peerReflexiveRefused;
      PARLEY_TRACE(step, Topic::ice, "candidate_refused", {"type", "prflx"}, {"side", "remote"},
                   {"trigger", nameOf(added.error())},
                   {"address", path.remote.toString(), Field::Kind::secret});
      return nullptr;
    }
    if (added->evicted) removePairs(*added->evicted);
    PARLEY_TRACE(step, Topic::ice, "candidate_found", {"candidate", fresh.value}, {"type", "prflx"},
                 {"side", "remote"}, {"trigger", "a check came from an address that was not told"},
                 {"address", path.remote.toString(), Field::Kind::secret});
    shared_.emit(PeerReflexiveFound{transport_, fresh, true, std::move(found)});
    remote = book_.remote(fresh);
  }
  // Whatever the two are, this connection stands: a passive one gets its pairs here and nowhere
  // else (RFC 6544 6.2).
  const bool isConnected = base->candidate.protocol == Protocol::tcp;
  if (!isConnected && !canPair(base->candidate, remote->candidate)) return nullptr;
  Pair* pair = addPair(step, *base, *remote);
  // The path is told by the datagram itself, zone and all.
  if (pair && !list_.find(path)) pair->path = path;
  return pair;
}

void Generation::triggerFor(Step& step, Pair& pair, bool useCandidate, bool first) {
  if (pair.isUsable(step.now, shared_.config.consentExpires)) return;
  if (concluded_ && !useCandidate && (stopped_ || !(first || isWorthChecking(pair)))) return;
  if (pair.state == PairState::inProgress) {
    // RFC 8445 7.3.1.4 would cancel and ask again. That helps when our first try died at the
    // peer's NAT, which its own check has opened now; when the two only crossed, the answer is
    // almost here; and after that it would merely double the rate.
    if (first) pair.recheckAt = pair.lastSent + shared_.config.pacing;
    if (first || step.now - pair.lastSent < limits::ice::kCheckRto) return;
  }
  list_.trigger(pair);
}

// RFC 8445 7.3.1.5, also when the pair's answer came after the peer's wish.
void Generation::nominateByPeer(Step& step, Pair& pair) {
  pair.lastNominated = step.now;
  if (!pair.isUsable(step.now, shared_.config.consentExpires)) {
    pair.nominateOnAnswer = true;
    return;
  }
  pair.nominateOnAnswer = false;
  pair.nominated = true;
  const Pair* selected = list_.find(selected_);
  if (selected && selected->id != pair.id && !disconnected_ &&
      !replacesSelected(pair, *selected, step.now)) {
    return;
  }
  select(step, pair.id);
}

}  // namespace parley::ice
