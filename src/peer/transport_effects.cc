// What descriptions ask of the transports.

#include <algorithm>
#include <utility>

#include "peer/prohibited.h"
#include "peer/transport_set.h"

namespace parley::peer {
namespace {

session::TransportId idOf(jsep::TransportId id) { return {static_cast<std::uint16_t>(id.value)}; }

ice::Credentials credentialsOf(const jsep::Credentials& credentials) {
  return {credentials.ufrag, credentials.password};
}

RTCIceParameters parametersOf(const jsep::Credentials& credentials) {
  return {credentials.ufrag, credentials.password};
}

std::vector<crypto::Fingerprint> fingerprintsOf(const std::vector<sdp::Fingerprint>& from) {
  std::vector<crypto::Fingerprint> fingerprints;
  for (const sdp::Fingerprint& fingerprint : from)
    for (const crypto::Hash hash :
         {crypto::Hash::sha256, crypto::Hash::sha384, crypto::Hash::sha512})
      if (crypto::hashName(hash) == fingerprint.algorithm)
        fingerprints.push_back({.algorithm = hash, .digest = fingerprint.digest});
  return fingerprints;
}

}  // namespace

// A session that is not open yet takes it from the configuration.
void TransportSet::setGathering(bool relayOnly, std::vector<session::IceServer> servers) {
  const bool isSame = relayOnly_ == relayOnly && servers_ == servers;
  relayOnly_ = relayOnly;
  servers_ = std::move(servers);
  if (!isSame && context_.session) context_.execute(session::SetGatherPolicy{relayOnly, servers_});
}

void TransportSet::setPool(std::size_t size) {
  if (std::exchange(pool_, size) != size) context_.execute(session::SetPool{size});
}

void TransportSet::apply(const jsep::OpenTransport& effect) {
  const auto waiting = std::ranges::find_if(
      transports_, [](const Transport& each) { return !each->id && !each->isClosed(); });
  Transport transport;
  if (waiting != transports_.end()) {
    transport = *waiting;
  } else {
    transport = std::make_shared<DtlsTransport>();
    transports_.push_back(transport);
  }
  transport->id = effect.transport;
  setRole(effect.controlling);
  transport->ice->mirror.role =
      effect.controlling ? RTCIceRole::controlling : RTCIceRole::controlled;
  context_.execute(session::CreateTransport{idOf(effect.transport), credentialsOf(effect.local)});
  beginGathering(transport, effect.local);
}

void TransportSet::apply(const jsep::RestartIce& effect) {
  const Transport transport = find(effect.transport);
  if (!transport) return;
  const IceTransport::Mirror& mirror = transport->ice->mirror;
  if (!transport->former && mirror.localParameters)
    transport->former = {mirror.localParameters->usernameFragment,
                         mirror.gatheringState == RTCIceGathererState::complete};
  context_.execute(session::RestartIce{idOf(effect.transport), credentialsOf(effect.local)});
  beginGathering(transport, effect.local);
}

// A generation that had been gathered is not gathered again.
void TransportSet::apply(const jsep::CancelIceRestart& effect) {
  const Transport transport = find(effect.transport);
  if (!transport) return;
  context_.execute(session::CancelIceRestart{idOf(effect.transport)});
  transport->ice->mirror.localParameters = parametersOf(effect.local);
  const auto former = std::exchange(transport->former, std::nullopt);
  if (!former || !former->isGathered) return;
  context_.tasks.queue([this, transport] {
    if (transport->ice->mirror.gatheringState == RTCIceGathererState::gathering)
      endGathering(transport);
  });
}

void TransportSet::apply(const jsep::SetRemoteIce& effect) {
  const Transport transport = find(effect.transport);
  if (!transport) return;
  setRole(effect.controlling);
  transport->former.reset();
  IceTransport::Mirror& mirror = transport->ice->mirror;
  if (effect.restart) mirror.remote.clear();
  mirror.remoteParameters = parametersOf(effect.remote);
  mirror.role = effect.controlling ? RTCIceRole::controlling : RTCIceRole::controlled;
  context_.execute(
      session::SetRemoteIce{idOf(effect.transport), credentialsOf(effect.remote), effect.lite});
}

void TransportSet::apply(const jsep::AddRemoteCandidate& effect) {
  const Transport transport = find(effect.transport);
  auto candidate = ice::Candidate::parse(effect.candidate);
  if (!transport || !candidate) return;  // RFC 8839 5.1: lines we do not know are passed over
  if (auto shown = candidateOf(*transport, *candidate))
    transport->ice->mirror.remote.push_back(std::move(*shown));
  if (isProhibited(*candidate, relayOnly_)) return;
  context_.execute(session::AddRemoteCandidate{idOf(effect.transport), std::move(*candidate)});
}

void TransportSet::apply(const jsep::EndOfRemoteCandidates& effect) {
  context_.execute(session::EndRemoteCandidates{idOf(effect.transport)});
}

void TransportSet::apply(const jsep::StartDtls& effect) {
  context_.execute(session::StartDtls{idOf(effect.transport), effect.role == jsep::DtlsRole::client,
                                      fingerprintsOf(effect.fingerprints)});
}

void TransportSet::apply(const jsep::StartSctp& effect) {
  association_ = session::StartSctp{.id = idOf(effect.transport),
                                    .localPort = effect.localPort,
                                    .remotePort = effect.remotePort,
                                    .messageMax = effect.maxMessageSize,
                                    .association = associationNumber_};
  offerSctp();
  sctp_->updateMaxMessageSize(static_cast<double>(effect.maxMessageSize), canSend_);
  context_.execute(*association_);
}

void TransportSet::apply(const jsep::SetMaxMessageSize& effect) {
  if (!association_ || !sctp_) return;
  association_->messageMax = effect.maxMessageSize;
  sctp_->updateMaxMessageSize(static_cast<double>(effect.maxMessageSize), canSend_);
  context_.execute(*association_);  // of an association that runs only this is taken over
}

void TransportSet::apply(const jsep::StopSctp&) {
  association_.reset();
  ++associationNumber_;
  context_.execute(session::StopSctp{});
  context_.tasks.queue([this, sctp = sctp_] {
    if (!sctp || sctp->isClosed()) return;
    sctp->mirror.state = RTCSctpTransportState::closed;
    context_.fire(sctp, &RTCSctpTransport::onstatechange, Event{"statechange"});
  });
}

// "This results in events firing on these objects in a queued task."
void TransportSet::apply(const jsep::CloseTransport& effect) {
  const Transport transport = find(effect.transport);
  if (!transport) return;
  context_.execute(session::CloseTransport{idOf(effect.transport)});
  std::erase(transports_, transport);
  context_.tasks.queue([this, transport] {
    IceTransport::Mirror& mirror = transport->ice->mirror;
    const bool wasIceClosed = mirror.state == RTCIceTransportState::closed;
    const bool wasDtlsClosed = transport->isClosed();
    mirror.state = RTCIceTransportState::closed;
    transport->close(DtlsCloseReason::local);
    const bool isIceChanged = deriveIce();
    const bool isConnectionChanged = deriveConnection();
    if (!wasDtlsClosed)
      context_.fire(transport, &RTCDtlsTransport::onstatechange, Event{"statechange"});
    if (!wasIceClosed)
      context_.fire(transport->ice, &RTCIceTransport::onstatechange, Event{"statechange"});
    context_.tasks.next([transport] {
      Graves graves;
      transport->bury(graves);
    });
    updateGathering();
    if (isIceChanged)
      context_.fire(&RTCPeerConnection::oniceconnectionstatechange,
                    Event{"iceconnectionstatechange"});
    if (isConnectionChanged)
      context_.fire(&RTCPeerConnection::onconnectionstatechange, Event{"connectionstatechange"});
  });
}

// webrtc-pc 5.6: the agent began to gather a generation.
void TransportSet::beginGathering(const Transport& transport, const jsep::Credentials& local) {
  transport->ice->mirror.localParameters = parametersOf(local);
  context_.tasks.queue([this, transport] {
    if (transport->ice->mirror.state == RTCIceTransportState::closed) return;
    if (transport->ice->mirror.gatheringState == RTCIceGathererState::gathering) return;
    transport->ice->mirror.gatheringState = RTCIceGathererState::gathering;
    context_.fire(transport->ice, &RTCIceTransport::ongatheringstatechange,
                  Event{"gatheringstatechange"});
    updateGathering();
  });
}

void TransportSet::setRole(bool controlling) {
  if (controlling_ == controlling) return;
  controlling_ = controlling;
  context_.execute(session::SetIceRole{controlling});
}

// --- [[SctpTransport]]

TransportSet::Transport TransportSet::unbound() {
  if (!transports_.empty()) return transports_.back();
  transports_.push_back(std::make_shared<DtlsTransport>());
  return transports_.back();
}

void TransportSet::offerSctp() {
  if (!sctp_) sctp_ = std::make_shared<SctpTransport>(unbound());
}

void TransportSet::dropSctp() { sctp_ = nullptr; }
void TransportSet::markStable() { lastStable_ = sctp_; }

void TransportSet::rollBackToStable() {
  sctp_ = lastStable_;
  std::erase_if(transports_, [](const Transport& transport) { return !transport->id; });
}

TransportSet::Transport TransportSet::find(jsep::TransportId id) const {
  const auto found = std::ranges::find(transports_, id, &DtlsTransport::id);
  return found == transports_.end() ? nullptr : *found;
}

void TransportSet::close(Graves& graves) {
  for (const auto& sctp : {sctp_, lastStable_}) {
    if (!sctp) continue;
    sctp->mirror.state = RTCSctpTransportState::closed;
    sctp->bury(graves);
  }
  for (const Transport& transport : transports_) {
    transport->close(DtlsCloseReason::local);
    transport->ice->mirror.state = RTCIceTransportState::closed;
    transport->bury(graves);
  }
  ice_ = RTCIceConnectionState::closed;
  connection_ = RTCPeerConnectionState::closed;
}

}  // namespace parley::peer
