// RTCPeerConnection: the public face of peer::PeerConnection.

#include <utility>

#include "parley/peer_connection.h"
#include "peer/errors.h"
#include "peer/peer_connection.h"

namespace parley {
namespace {

RTCSignalingState stateOf(jsep::SignalingState state) {
  switch (state) {
    case jsep::SignalingState::stable:
      return RTCSignalingState::stable;
    case jsep::SignalingState::haveLocalOffer:
      return RTCSignalingState::haveLocalOffer;
    case jsep::SignalingState::haveRemoteOffer:
      return RTCSignalingState::haveRemoteOffer;
    case jsep::SignalingState::haveLocalPranswer:
      return RTCSignalingState::haveLocalPranswer;
    case jsep::SignalingState::haveRemotePranswer:
      return RTCSignalingState::haveRemotePranswer;
    case jsep::SignalingState::closed:
      return RTCSignalingState::closed;
  }
  return RTCSignalingState::closed;
}

RTCSdpType typeOf(jsep::SdpType type) {
  switch (type) {
    case jsep::SdpType::offer:
      return RTCSdpType::offer;
    case jsep::SdpType::pranswer:
      return RTCSdpType::pranswer;
    case jsep::SdpType::answer:
      return RTCSdpType::answer;
    case jsep::SdpType::rollback:
      return RTCSdpType::rollback;
  }
  return RTCSdpType::rollback;
}

RTCSessionDescription descriptionOf(const jsep::Description& description) {
  return {typeOf(description.type), description.sdp.serialize()};
}

std::optional<RTCSessionDescription> descriptionOf(
    const std::optional<jsep::Description>& description) {
  return description ? std::optional(descriptionOf(*description)) : std::nullopt;
}

template <class T, class E>
Promise<T> rejected(const peer::PeerConnection& connection, E error) {
  typename Promise<T>::Resolver resolver(connection.realm()->microtasks());
  resolver.rejectWith(std::move(error));
  return resolver.promise();
}

}  // namespace

RTCPeerConnection::RTCPeerConnection(std::shared_ptr<peer::Realm> realm,
                                     RTCConfiguration configuration, Tuning tuning)
    : implementation_(peer::PeerConnection::create(this, std::move(realm), std::move(configuration),
                                                   std::move(tuning))) {}

RTCPeerConnection::~RTCPeerConnection() { implementation_->closeForGood(); }

// A connection that is closed refuses what would be chained.

Promise<RTCSessionDescriptionInit> RTCPeerConnection::createOffer(RTCOfferOptions options) {
  if (implementation_->isClosed())
    return rejected<RTCSessionDescriptionInit>(*implementation_, peer::closedError());
  return implementation_->negotiator().createOffer(options);
}

Promise<RTCSessionDescriptionInit> RTCPeerConnection::createAnswer(RTCAnswerOptions) {
  if (implementation_->isClosed())
    return rejected<RTCSessionDescriptionInit>(*implementation_, peer::closedError());
  return implementation_->negotiator().createAnswer();
}

Promise<Undefined> RTCPeerConnection::setLocalDescription(
    RTCLocalSessionDescriptionInit description) {
  if (implementation_->isClosed())
    return rejected<Undefined>(*implementation_, peer::closedError());
  return implementation_->negotiator().setLocalDescription(std::move(description));
}

Promise<Undefined> RTCPeerConnection::setRemoteDescription(RTCSessionDescriptionInit description) {
  if (implementation_->isClosed())
    return rejected<Undefined>(*implementation_, peer::closedError());
  return implementation_->negotiator().setRemoteDescription(std::move(description));
}

Promise<Undefined> RTCPeerConnection::addIceCandidate(
    std::optional<RTCIceCandidateInit> candidate) {
  RTCIceCandidateInit init = std::move(candidate).value_or(RTCIceCandidateInit{});
  if (!init.candidate.empty() && !init.sdpMid && !init.sdpMLineIndex)
    return rejected<Undefined>(*implementation_,
                               peer::typeError("sdpMid and sdpMLineIndex must not both be null"));
  if (implementation_->isClosed())
    return rejected<Undefined>(*implementation_, peer::closedError());
  return implementation_->negotiator().addIceCandidate(std::move(init));
}

std::optional<RTCSessionDescription> RTCPeerConnection::localDescription() const {
  const jsep::Description* description = implementation_->negotiation().local();
  return description ? std::optional(descriptionOf(*description)) : std::nullopt;
}
std::optional<RTCSessionDescription> RTCPeerConnection::currentLocalDescription() const {
  return descriptionOf(implementation_->negotiation().currentLocal());
}
std::optional<RTCSessionDescription> RTCPeerConnection::pendingLocalDescription() const {
  return descriptionOf(implementation_->negotiation().pendingLocal());
}
std::optional<RTCSessionDescription> RTCPeerConnection::remoteDescription() const {
  const jsep::Description* description = implementation_->negotiation().remote();
  return description ? std::optional(descriptionOf(*description)) : std::nullopt;
}
std::optional<RTCSessionDescription> RTCPeerConnection::currentRemoteDescription() const {
  return descriptionOf(implementation_->negotiation().currentRemote());
}
std::optional<RTCSessionDescription> RTCPeerConnection::pendingRemoteDescription() const {
  return descriptionOf(implementation_->negotiation().pendingRemote());
}

RTCSignalingState RTCPeerConnection::signalingState() const {
  if (implementation_->isClosed()) return RTCSignalingState::closed;
  return stateOf(implementation_->negotiation().state());
}
RTCIceGatheringState RTCPeerConnection::iceGatheringState() const {
  return implementation_->transports().iceGatheringState();
}
RTCIceConnectionState RTCPeerConnection::iceConnectionState() const {
  return implementation_->transports().iceConnectionState();
}
RTCPeerConnectionState RTCPeerConnection::connectionState() const {
  return implementation_->transports().connectionState();
}
std::optional<bool> RTCPeerConnection::canTrickleIceCandidates() const {
  return implementation_->negotiation().canTrickle();
}
std::shared_ptr<RTCSctpTransport> RTCPeerConnection::sctp() const {
  return implementation_->transports().sctp();
}

// W3C lets restartIce() pass on a closed connection: it only has no effect.
void RTCPeerConnection::restartIce() {
  if (!implementation_->isClosed()) implementation_->negotiator().restartIce();
}
RTCConfiguration RTCPeerConnection::getConfiguration() const {
  return implementation_->configuration();
}
void RTCPeerConnection::setConfiguration(RTCConfiguration configuration) {
  implementation_->setConfiguration(std::move(configuration));
}
std::shared_ptr<RTCDataChannel> RTCPeerConnection::createDataChannel(const std::string& label,
                                                                     RTCDataChannelInit init) {
  return implementation_->createDataChannel(label, std::move(init));
}

void RTCPeerConnection::close() {
  // The handlers that closing drops may hold the last reference to this object.
  const auto pinned = implementation_;
  pinned->close();
}

void RTCPeerConnection::close(CloseOptions options) {
  const auto pinned = implementation_;
  pinned->close(std::chrono::duration_cast<Duration>(options.flush), std::move(options.onFlushed));
}

}  // namespace parley
