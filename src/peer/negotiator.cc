#include "peer/negotiator.h"

#include <algorithm>
#include <utility>

#include "core/planted.h"
#include "core/random.h"
#include "crypto/identity.h"
#include "ice/candidate.h"
#include "ice/credentials.h"
#include "peer/errors.h"

namespace parley::peer {
namespace {

using jsep::SdpType;
using jsep::Side;
using jsep::SignalingState;

class RealmSecrets final : public Secrets {
 public:
  explicit RealmSecrets(Realm& realm) : realm_(realm) {}
  void fill(MutableBytes bytes) override { realm_.fillSecrets(bytes); }

 private:
  Realm& realm_;
};

SdpType typeOf(RTCSdpType type) {
  switch (type) {
    case RTCSdpType::offer:
      return SdpType::offer;
    case RTCSdpType::pranswer:
      return SdpType::pranswer;
    case RTCSdpType::answer:
      return SdpType::answer;
    case RTCSdpType::rollback:
      return SdpType::rollback;
  }
  return SdpType::offer;
}

jsep::Failure wrongState(const char* message) {
  return {.kind = jsep::FailureKind::invalidState, .message = message};
}

// RFC 8842 4: at least 20 of these characters. "/" would be one of them, but it is no character of
// an SDP token, and there are parsers that insist on one.
std::string tlsIdFrom(std::string password) {
  std::ranges::replace(password, '/', '-');
  std::ranges::replace(password, '+', '_');
  return password;
}

// An empty one is the end of candidates, and so is the bare prefix of older browsers.
bool isMalformed(std::string_view candidate) {
  if (candidate.starts_with("a=")) candidate.remove_prefix(2);
  if (candidate.empty() || candidate == "candidate:") return false;
  return ice::Candidate::parse(candidate) == Unexpected<ParseError>(ParseError::malformed);
}

bool describesData(const std::optional<jsep::Description>& description) {
  if (!description) return false;
  for (const sdp::MediaDescription& section : description->sdp.media)
    if (section.isDataChannels() && section.port != 0) return true;
  return false;
}

}  // namespace

Negotiator::Negotiator(Context& context, jsep::Negotiation& negotiation, TransportSet& transports,
                       DataChannels& channels, std::shared_ptr<const crypto::Identity> identity)
    : context_(context),
      negotiation_(negotiation),
      transports_(transports),
      channels_(channels),
      identity_(std::move(identity)),
      operations_(context.realm->microtasks(), [this] {
        if (std::exchange(updateOnEmpty_, false)) updateNegotiationNeeded();
      }) {}

// --- createOffer, createAnswer

Promise<RTCSessionDescriptionInit> Negotiator::createOffer(RTCOfferOptions options) {
  return operations_.chain<RTCSessionDescriptionInit>([this, options](Text text) {
    if (const auto refused = refuseOffer()) return text.rejectWith(rejection(*refused));
    context_.tasks.queue([this, options, text] {
      auto made = makeOffer(options);
      if (!made) return text.rejectWith(rejection(made.error()));
      text.resolve({RTCSdpType::offer, std::move(*made)});
    });
  });
}

Promise<RTCSessionDescriptionInit> Negotiator::createAnswer() {
  return operations_.chain<RTCSessionDescriptionInit>([this](Text text) {
    if (const auto refused = refuseAnswer()) return text.rejectWith(rejection(*refused));
    context_.tasks.queue([this, text] {
      auto made = makeAnswer();
      if (!made) return text.rejectWith(rejection(made.error()));
      text.resolve({RTCSdpType::answer, std::move(*made)});
    });
  });
}

std::optional<jsep::Failure> Negotiator::refuseOffer() const {
  const SignalingState state = negotiation_.state();
  if (state == SignalingState::stable || state == SignalingState::haveLocalOffer) return {};
  return wrongState("an offer can be created in stable and have-local-offer only");
}

std::optional<jsep::Failure> Negotiator::refuseAnswer() const {
  const SignalingState state = negotiation_.state();
  if (state == SignalingState::haveRemoteOffer || state == SignalingState::haveLocalPranswer)
    return {};
  return wrongState("an answer can be created in have-remote-offer and have-local-pranswer only");
}

jsep::LocalParameters Negotiator::localParameters() {
  RealmSecrets secrets(*context_.realm);
  const auto fresh = ice::Credentials::generate(secrets);
  const crypto::Fingerprint fingerprint = identity_->fingerprint();
  // An offer that was rolled back may have been answered all the same: the next one must not seem
  // to name another association (RFC 8842 5).
  if (tlsId_.empty()) tlsId_ = tlsIdFrom(ice::Credentials::generate(secrets).password);
  return {.fresh = {fresh.ufrag, fresh.password},
          .fingerprints = {{.algorithm = std::string(crypto::hashName(fingerprint.algorithm)),
                            .digest = fingerprint.digest}},
          .tlsId = tlsId_,
          .sctpInit = {}};
}

Result<std::string, jsep::Failure> Negotiator::makeOffer(RTCOfferOptions options) {
  const bool iceRestart = options.iceRestart || (restartAtNextOffer_ && negotiation_.local());
  auto offer = negotiation_.createOffer({.iceRestart = iceRestart}, localParameters());
  if (!offer) return Unexpected<jsep::Failure>(std::move(offer.error()));
  isOfferAccurate_ = true;
  return offer->serialize();
}

Result<std::string, jsep::Failure> Negotiator::makeAnswer() {
  auto answer = negotiation_.createAnswer(localParameters());
  if (!answer) return Unexpected<jsep::Failure>(std::move(answer.error()));
  isAnswerAccurate_ = true;
  return answer->serialize();
}

// --- setLocalDescription, setRemoteDescription

Promise<Undefined> Negotiator::setLocalDescription(RTCLocalSessionDescriptionInit description) {
  wasLocalSet_ = true;
  return operations_.chain<Undefined>(
      [this, description = std::move(description)](Done done) { setLocal(description, done); });
}

// webrtc-pc setLocalDescription, step 4.
void Negotiator::setLocal(const RTCLocalSessionDescriptionInit& description, Done done) {
  const SignalingState state = negotiation_.state();
  const bool isOffer = state == SignalingState::stable || state == SignalingState::haveLocalOffer ||
                       state == SignalingState::haveRemotePranswer;
  const SdpType type = description.type ? typeOf(*description.type)
                       : isOffer        ? SdpType::offer
                                        : SdpType::answer;
  const bool isAccurate = type == SdpType::offer ? isOfferAccurate_ : isAnswerAccurate_;
  if (type != SdpType::rollback && description.sdp.empty() && !isAccurate)
    return makeAndSet(type, done);
  set({.side = Side::local, .type = type, .sdp = description.sdp}, done);
}

// Makes the description first, in a task of its own, as createOffer and createAnswer do.
void Negotiator::makeAndSet(SdpType type, Done done) {
  const bool isOffer = type == SdpType::offer;
  if (const auto refused = isOffer ? refuseOffer() : refuseAnswer())
    return done.rejectWith(rejection(*refused));
  context_.tasks.queue([this, type, isOffer, done] {
    const auto made = isOffer ? makeOffer({}) : makeAnswer();
    if (!made) return done.rejectWith(rejection(made.error()));
    set({.side = Side::local, .type = type, .sdp = {}}, done);
  });
}

Promise<Undefined> Negotiator::setRemoteDescription(RTCSessionDescriptionInit description) {
  return operations_.chain<Undefined>(
      [this, description = std::move(description)](Done done) { setRemote(description, done); });
}

// An offer that collides with ours rolls ours back first, in a task of its own: the connection is
// seen to be stable in between, and stays so when their offer turns out to be bad.
void Negotiator::setRemote(RTCSessionDescriptionInit description, Done done) {
  const SignalingState state = negotiation_.state();
  Wanted wanted{.side = Side::remote, .type = typeOf(description.type), .sdp = description.sdp};
  const bool isColliding = wanted.type == SdpType::offer && state != SignalingState::stable &&
                           state != SignalingState::haveRemoteOffer;
  if (!isColliding || isPlanted(PlantedBug::glareWithoutRollback))
    return set(std::move(wanted), done);
  if (state != SignalingState::haveLocalOffer)
    return done.rejectWith(rejection(wrongState("a provisional answer cannot be rolled back")));
  context_.tasks.queue([this, wanted = std::move(wanted), done] {
    if (!apply({.side = Side::local, .type = SdpType::rollback, .sdp = {}}, done)) return;
    context_.tasks.next([this, wanted, done] { set(wanted, done); });
  });
}

void Negotiator::set(Wanted wanted, Done done) {
  const SignalingState state = negotiation_.state();
  const bool canRollBack =
      state == SignalingState::haveLocalOffer || state == SignalingState::haveRemoteOffer;
  if (wanted.type == SdpType::rollback && !canRollBack)
    return done.rejectWith(rejection(wrongState("there is no offer to roll back")));
  context_.tasks.queue([this, wanted = std::move(wanted), done] {
    if (apply(wanted, done)) context_.tasks.next([done] { done.resolve({}); });
  });
}

std::exception_ptr Negotiator::rejection(const jsep::Failure& failure) const {
  context_.trace("operation_rejected",
                 {{"error", jsep::nameOf(failure.kind)}, {"trigger", failure.message}});
  return errorOf(failure);
}

// The task of "set a session description": state first, then events, then the promise.
bool Negotiator::apply(const Wanted& wanted, const Done& done) {
  const SignalingState before = negotiation_.state();
  const bool isRestarting = restartAtNextOffer_ && isOfferAccurate_;
  auto effects = wanted.side == Side::local ? negotiation_.setLocal(wanted.type, wanted.sdp)
                                            : negotiation_.setRemote(wanted.type, wanted.sdp);
  if (!effects) {
    done.rejectWith(rejection(effects.error()));
    return false;
  }
  context_.trace("description_set", {{"side", wanted.side == Side::local ? "local" : "remote"},
                                     {"type", nameOf(wanted.type)}});
  isOfferAccurate_ = isAnswerAccurate_ = false;
  const bool isLocalOffer = wanted.side == Side::local && wanted.type == SdpType::offer;
  if (isLocalOffer && isRestarting) restartAtNextOffer_ = false;
  if (wanted.type == SdpType::offer && before == SignalingState::stable) transports_.markStable();

  const SignalingState after = negotiation_.state();
  if (wanted.type == SdpType::answer) tlsId_.clear();
  if (after == SignalingState::stable) {
    if (!isPlanted(PlantedBug::negotiationOnce)) isNeeded_ = false;
    updateNegotiationNeeded();
  }
  // Fired before the error events of channels that the effects may bring.
  if (after != before)
    context_.trace(
        "signaling_state_updated",
        {{"old", nameOf(before)}, {"new", nameOf(after)}, {"trigger", nameOf(wanted.type)}});
  if (after != before)
    context_.fire(&RTCPeerConnection::onsignalingstatechange, Event{"signalingstatechange"});
  applyEffects(wanted, std::move(*effects));
  return true;
}

void Negotiator::applyEffects(const Wanted& wanted, jsep::Effects effects) {
  for (jsep::Effect& effect : effects) {
    std::visit([this](const auto& any) { transports_.apply(any); }, effect);
    if (const auto* start = std::get_if<jsep::StartSctp>(&effect))
      for (const auto& failed : channels_.start(start->role)) channels_.fail(failed);
    if (std::holds_alternative<jsep::StopSctp>(effect)) channels_.stop();
  }
  const auto& pending =
      wanted.side == Side::local ? negotiation_.pendingLocal() : negotiation_.pendingRemote();
  if (wanted.type == SdpType::offer && describesData(pending)) transports_.offerSctp();
  if (wanted.type == SdpType::answer && !negotiation_.hasDataSection()) transports_.dropSctp();
  if (wanted.type == SdpType::answer) transports_.setPool(0);  // RFC 9429 5.11
  if (wanted.type == SdpType::rollback) transports_.rollBackToStable();
}

// --- addIceCandidate

Promise<Undefined> Negotiator::addIceCandidate(RTCIceCandidateInit candidate) {
  return operations_.chain<Undefined>(
      [this, candidate = std::move(candidate)](Done done) { add(candidate, done); });
}

void Negotiator::add(const RTCIceCandidateInit& candidate, Done done) {
  if (!negotiation_.remote())
    return done.reject(invalidState("there is no remote description yet"));
  context_.tasks.queue([this, candidate, done] {
    if (isMalformed(candidate.candidate))
      return done.reject(operationError("not an ICE candidate"));
    auto effects = negotiation_.addRemoteCandidate({.candidate = candidate.candidate,
                                                    .mid = candidate.sdpMid,
                                                    .index = candidate.sdpMLineIndex,
                                                    .ufrag = candidate.usernameFragment});
    if (!effects) return done.rejectWith(rejection(effects.error()));
    for (const jsep::Effect& effect : *effects)
      std::visit([this](const auto& any) { transports_.apply(any); }, effect);
    done.resolve({});
  });
}

// --- negotiationneeded

void Negotiator::needDataChannels() {
  negotiation_.needDataChannels();
  isOfferAccurate_ = false;
  updateNegotiationNeeded();
}

void Negotiator::restartIce() {
  negotiation_.restartIce();
  isOfferAccurate_ = false;
  updateNegotiationNeeded();
}

void Negotiator::updateNegotiationNeeded() {
  if (!operations_.isEmpty()) {
    updateOnEmpty_ = true;
    return;
  }
  context_.tasks.queue([this] {
    if (!operations_.isEmpty()) {
      updateOnEmpty_ = true;
      return;
    }
    if (negotiation_.state() != SignalingState::stable) return;
    if (!negotiation_.isNeeded()) {
      if (!isPlanted(PlantedBug::negotiationOnce)) isNeeded_ = false;
      return;
    }
    if (std::exchange(isNeeded_, true)) return;
    context_.trace("negotiation_needed", {});
    context_.fire(&RTCPeerConnection::onnegotiationneeded, Event{"negotiationneeded"});
  });
}

void Negotiator::close() {
  isClosed_ = true;
  negotiation_.close();
  operations_.end();
}

}  // namespace parley::peer
