// What a user does when the trouble is over, and what is still missing before it may rest.

#include <algorithm>

#include "parley/names.h"
#include "user_end.h"

namespace parley::seeds {
namespace {

using Sig = RTCSignalingState;

// A negotiated channel that closes sooner than this after it opened may not be heard of.
constexpr Duration kKnown = 1s;

}  // namespace

void User::beCalm() {
  isCalm_ = true;
  trap_.reset();
  if (isClosed_) return;
  for (const auto& end : ends_) end->channel->resumeReceiving();
  if (setting_.rollsBack && setting_.index == 0) pc_->restartIce();
}

void User::keepAlive() {
  if (isClosed_) return;
  // The answer went to an offer that was taken back: a program notices and begins again.
  if (setting_.rollsBack && pc_->signalingState() == Sig::haveLocalOffer) rollBack();
  if (pc_->iceConnectionState() == RTCIceConnectionState::failed) {
    journal_.note(setting_.index, "restarts what has failed");
    pc_->restartIce();
  }
  if (isCalm_ && pc_->connectionState() == RTCPeerConnectionState::connected) sayLastWords();
}

// A message that may be lost is not, once nothing is: whatever became of those before it.
void User::sayLastWords() {
  for (const auto& end : ends_) {
    if (!end->init.maxRetransmits || end->channel->readyState() != RTCDataChannelState::open)
      continue;
    const Books::Line* line = setting_.books->find(end->channel->label(), setting_.index);
    if (line && !line->isLastDelivered()) sendOne(*end, 50, false);
  }
}

RTCPeerConnectionState User::connectionState() const {
  return isClosed_ ? RTCPeerConnectionState::closed : pc_->connectionState();
}

bool User::hasFailed() const { return dtlsFailed_; }

bool User::isGathering() const {
  return !isClosed_ && gathering_ == RTCIceGatheringState::gathering;
}

std::string User::unfinished(const User& other) const {
  if (isClosed_) return {};
  const std::string who = "user " + std::to_string(setting_.index);
  if (other.isClosed_) {
    if (pc_->connectionState() == RTCPeerConnectionState::connected)
      return who + " still believes in a peer that has closed";
    return {};
  }
  const bool hasMet = sawConnected_ && other.sawConnected_ && !iceFailed_ && !other.iceFailed_;
  if (setting_.mayNotMeet && !hasMet) return {};
  if (!setting_.tolerates && iceFailed_)
    return who + " saw ICE fail in a network that was never bad enough for it";
  if (setting_.tolerates && (hasFailed() || other.hasFailed())) return {};
  if (pc_->signalingState() != Sig::stable)
    return who + " is in " + std::string(toString(pc_->signalingState()));
  if (ends_.empty()) return {};
  if (pc_->connectionState() != RTCPeerConnectionState::connected)
    return who + " is " + std::string(toString(pc_->connectionState()));
  for (const auto& end : ends_) {
    const std::string& label = end->channel->label();
    const RTCDataChannelState state = end->channel->readyState();
    const auto twin = std::ranges::find(other.ends_, label,
                                        [](const auto& each) { return each->channel->label(); });
    if (twin == other.ends_.end()) {
      if (state != RTCDataChannelState::closed) return label + " is not known to the other side";
      continue;
    }
    const End& peer = **twin;
    // A negotiated channel that was closed before both ends were open may not be heard of.
    const auto tooSoon = [](const End& closer, const End& hearer) {
      return closer.closedHere && closer.closedAt < hearer.openedAt + kKnown;
    };
    const bool isUnknowable =
        end->channel->negotiated() &&
        (!end->wasOpen || !peer.wasOpen || tooSoon(*end, peer) || tooSoon(peer, *end));
    if (end->closedHere || peer.closedHere) {
      if (isUnknowable) continue;
      if (state != RTCDataChannelState::closed) return label + " does not close";
    } else {
      if (state != RTCDataChannelState::open)
        return label + " is " + std::string(toString(state)) + " and nobody closed it";
      const Books::Line* line = setting_.books->find(label, setting_.index);
      if (line && !line->isComplete())
        return end->name + " has delivered " + std::to_string(line->deliveredCount()) + " of " +
               std::to_string(line->sentCount());
      if (line && end->init.maxRetransmits && !line->isLastDelivered())
        return end->name + " has not delivered what was sent last";
      if (end->channel->bufferedAmount() != 0) return end->name + " still buffers";
      if (end->lows != end->crossings) return end->name + " was not told that it is low";
    }
    // C-7: what was sent before a graceful close arrives first.
    const Books::Line* line = setting_.books->find(label, setting_.index);
    if (line && !peer.closedHere && !end->failed && !peer.failed && !line->isComplete() &&
        peer.wasClosed && !peer.isPulled)
      return end->name + " was closed with messages undelivered";
  }
  return {};
}

}  // namespace parley::seeds
