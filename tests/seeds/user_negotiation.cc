// A user's signalling: perfect negotiation as in webrtc-pc 10.7, and what a program may do beside
// it.

#include <utility>

#include "parley/names.h"
#include "user_end.h"

namespace parley::seeds {

using Sig = RTCSignalingState;

Async User::offer() {
  try {
    makingOffer_ = true;
    co_await pc_->setLocalDescription();
    if (isClosed_) co_return;
    const auto description = pc_->localDescription();
    if (description && description->type == RTCSdpType::offer)
      expectSignaling(Sig::haveLocalOffer, "setLocalDescription(offer)");
    if (description) setting_.signal({*description, {}});
  } catch (const DOMException& error) {
    unexpected("setLocalDescription", error);
  }
  makingOffer_ = false;
}

void User::receive(Signal signal) {
  if (isClosed_) return;
  if (signal.description) takeDescription(std::move(*signal.description));
  if (signal.candidate) takeCandidate(std::move(*signal.candidate));
}

Async User::takeDescription(RTCSessionDescription description) {
  const bool isPolite = setting_.index == 1;
  const bool isOffer = description.type == RTCSdpType::offer;
  try {
    const bool isReady = !makingOffer_ && (pc_->signalingState() == Sig::stable || settingAnswer_);
    ignoresOffer_ = !isPolite && isOffer && !isReady;
    if (ignoresOffer_) {
      journal_.note(setting_.index, "ignores an offer");
      co_return;
    }
    settingAnswer_ = !isOffer;
    co_await pc_->setRemoteDescription(std::move(description));
    settingAnswer_ = false;
    if (isClosed_) co_return;
    expectSignaling(isOffer ? Sig::haveRemoteOffer : Sig::stable, "setRemoteDescription");
    if (!isOffer) co_return;
    co_await pc_->setLocalDescription();
    if (isClosed_) co_return;
    if (const auto answer = pc_->localDescription()) setting_.signal({*answer, {}});
  } catch (const DOMException& error) {
    settingAnswer_ = false;
    // An answer to what was rolled back finds nobody, or somebody else.
    if (!setting_.rollsBack || isOffer) unexpected("setRemoteDescription", error);
  }
}

Async User::takeCandidate(RTCIceCandidateInit candidate) {
  const bool isOfIgnored = ignoresOffer_;
  try {
    co_await pc_->addIceCandidate(std::move(candidate));
  } catch (const DOMException& error) {
    if (!isOfIgnored && !setting_.rollsBack) unexpected("addIceCandidate", error);
  }
}

Async User::rollBack() {
  try {
    RTCLocalSessionDescriptionInit nothing;
    nothing.type = RTCSdpType::rollback;
    co_await pc_->setLocalDescription(nothing);
    if (!isClosed_) expectSignaling(Sig::stable, "rollback");
  } catch (const DOMException& error) {
    // The answer was quicker.
    if (error.name() != "InvalidStateError") unexpected("rollback", error);
  }
}

// The promise is settled in the task that changed the state, so nothing can have come between,
// but for what a trap did.
void User::expectSignaling(RTCSignalingState state, const char* after) {
  if (pc_->signalingState() == state) return;
  journal_.violate("J-7", std::string(after) + " is fulfilled and signalingState is " +
                              std::string(toString(pc_->signalingState())));
}

void User::unexpected(const char* where, const DOMException& error) {
  if (isClosed_ || error.name() == "AbortError") return;
  journal_.violate("INV-16", std::string(where) + " threw " + error.what());
}

}  // namespace parley::seeds
