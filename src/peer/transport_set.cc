// What the engine tells of the transports.

#include "peer/transport_set.h"

#include <algorithm>
#include <utility>

#include "parley/names.h"
#include "peer/errors.h"

namespace parley::peer {
namespace {

RTCIceTransportState stateOf(session::IceState state) {
  switch (state) {
    case session::IceState::new_:
      return RTCIceTransportState::new_;
    case session::IceState::checking:
      return RTCIceTransportState::checking;
    case session::IceState::connected:
      return RTCIceTransportState::connected;
    case session::IceState::completed:
      return RTCIceTransportState::completed;
    case session::IceState::disconnected:
      return RTCIceTransportState::disconnected;
    case session::IceState::failed:
      return RTCIceTransportState::failed;
  }
  return RTCIceTransportState::failed;
}

RTCDtlsTransportState stateOf(session::DtlsState state) {
  switch (state) {
    case session::DtlsState::connecting:
      return RTCDtlsTransportState::connecting;
    case session::DtlsState::connected:
      return RTCDtlsTransportState::connected;
    case session::DtlsState::closed:
      return RTCDtlsTransportState::closed;
    case session::DtlsState::failed:
      return RTCDtlsTransportState::failed;
  }
  return RTCDtlsTransportState::failed;
}

RTCIceServerTransportProtocol protocolOf(session::IceServer::Transport transport) {
  switch (transport) {
    case session::IceServer::Transport::udp:
    case session::IceServer::Transport::dtls:  // W3C has no word for it
      return RTCIceServerTransportProtocol::udp;
    case session::IceServer::Transport::tcp:
      return RTCIceServerTransportProtocol::tcp;
    case session::IceServer::Transport::tls:
      return RTCIceServerTransportProtocol::tls;
  }
  return RTCIceServerTransportProtocol::udp;
}

RTCLocalIceCandidateInit initOf(const jsep::MediaLine& line, std::string text, std::string ufrag) {
  RTCLocalIceCandidateInit init;
  init.candidate = std::move(text);
  init.sdpMid = line.mid;
  init.sdpMLineIndex = line.index;
  if (!ufrag.empty()) init.usernameFragment = std::move(ufrag);
  return init;
}

}  // namespace

// --- candidates

// webrtc-pc 5.6, "surface a candidate". A generation that no local description has any more is not
// told; there are no early candidates, because gathering begins in the task that sets one.
void TransportSet::on(session::CandidateFound event) {
  const Transport transport = find(event.id);
  if (!transport) return;
  const std::string ufrag = event.candidate.usernameFragment;
  std::string text = event.candidate.toString();
  const auto line = negotiation_.addLocalCandidate(*transport->id, ufrag, text);
  if (!line) return;
  RTCLocalIceCandidateInit init = initOf(*line, std::move(text), ufrag);
  if (!event.url.empty()) init.url = std::move(event.url);
  if (event.relayTransport) init.relayProtocol = protocolOf(*event.relayTransport);
  RTCIceCandidate candidate(std::move(init));
  transport->ice->mirror.local.push_back(candidate);
  auto url = candidate.url();
  context_.fire(&RTCPeerConnection::onicecandidate,
                RTCPeerConnectionIceEvent{{"icecandidate"}, std::move(candidate), std::move(url)});
}

// webrtc-pc 5.6, "an ICE agent has failed to gather with a server".
void TransportSet::on(session::CandidateError event) {
  if (!find(event.id)) return;
  RTCPeerConnectionIceErrorEvent told;
  told.type = "icecandidateerror";
  if (event.local) {
    told.address = event.local->ip.toString();
    told.port = event.local->port;
  }
  told.url = std::move(event.url);
  told.errorCode = event.code;
  told.errorText = std::move(event.text);
  context_.fire(&RTCPeerConnection::onicecandidateerror, std::move(told));
}

void TransportSet::on(const session::GatheringEnded& event) {
  const Transport transport = find(event.id);
  if (!transport) return;
  if (const auto line = negotiation_.endLocalCandidates(*transport->id, event.ufrag))
    context_.fire(&RTCPeerConnection::onicecandidate,
                  RTCPeerConnectionIceEvent{
                      {"icecandidate"}, RTCIceCandidate(initOf(*line, "", event.ufrag)), {}});
  if (transport->former && transport->former->usernameFragment == event.ufrag)
    transport->former->isGathered = true;
  const auto& local = transport->ice->mirror.localParameters;
  if (local && local->usernameFragment == event.ufrag)
    context_.tasks.next([this, transport] { endGathering(transport); });
}

// The second task of "finished gathering a generation": the null candidate comes last.
void TransportSet::endGathering(const Transport& transport) {
  if (transport->ice->mirror.state == RTCIceTransportState::closed) return;
  transport->ice->mirror.gatheringState = RTCIceGathererState::complete;
  context_.fire(transport->ice, &RTCIceTransport::ongatheringstatechange,
                Event{"gatheringstatechange"});
  updateGathering();
  if (gathering_ == RTCIceGatheringState::complete)
    context_.fire(&RTCPeerConnection::onicecandidate,
                  RTCPeerConnectionIceEvent{{"icecandidate"}, std::nullopt, {}});
}

void TransportSet::updateGathering() {
  std::vector<RTCIceGathererState> states;
  if (sctp_) states.push_back(sctp_->dtls->ice->gatheringState());
  if (std::exchange(gathering_, gatheringStateOf(states)) == gathering_) return;
  context_.trace("gathering_state_updated", {{"new", toString(gathering_)}});
  context_.fire(&RTCPeerConnection::onicegatheringstatechange, Event{"icegatheringstatechange"});
}

// --- ICE

// webrtc-pc 5.6, "change the selected candidate pair and state".
void TransportSet::on(const session::IceStateChanged* state, const session::PairSelected* pair) {
  const Transport transport = find(state ? state->id : pair->id);
  if (!transport || transport->ice->mirror.state == RTCIceTransportState::closed) return;
  const bool isPairChanged = pair && selectPair(*transport, *pair);
  const bool isStateChanged =
      state && std::exchange(transport->ice->mirror.state, stateOf(state->state)) !=
                   transport->ice->mirror.state;
  const bool isIceChanged = isStateChanged && deriveIce();
  const bool isConnectionChanged = isStateChanged && deriveConnection();

  if (isPairChanged)
    context_.fire(transport->ice, &RTCIceTransport::onselectedcandidatepairchange,
                  Event{"selectedcandidatepairchange"});
  if (isStateChanged)
    context_.fire(transport->ice, &RTCIceTransport::onstatechange, Event{"statechange"});
  if (isIceChanged)
    context_.fire(&RTCPeerConnection::oniceconnectionstatechange,
                  Event{"iceconnectionstatechange"});
  if (isConnectionChanged)
    context_.fire(&RTCPeerConnection::onconnectionstatechange, Event{"connectionstatechange"});
}

bool TransportSet::selectPair(DtlsTransport& transport, const session::PairSelected& pair) {
  auto local = candidateOf(transport, pair.local);
  if (!local) return false;
  transport.ice->mirror.selectedPair =
      RTCIceCandidatePair{std::move(*local), remoteOf(transport, pair.remote)};
  return true;
}

void TransportSet::on(const session::IceRoleChanged& event) {
  controlling_ = event.controlling;
  for (const Transport& transport : transports_)
    transport->ice->mirror.role =
        event.controlling ? RTCIceRole::controlling : RTCIceRole::controlled;
}

std::optional<RTCIceCandidate> TransportSet::candidateOf(const DtlsTransport& transport,
                                                         const ice::Candidate& candidate) const {
  const auto line = transport.id ? negotiation_.lineOf(*transport.id) : std::nullopt;
  if (!line) return std::nullopt;
  RTCIceCandidate made(initOf(*line, candidate.toString(), candidate.usernameFragment));
  const auto& told = transport.ice->mirror.local;  // with the server that it came from
  const auto same = std::ranges::find(told, made.candidate(), &RTCIceCandidate::candidate);
  return same == told.end() ? made : *same;
}

RTCIceCandidate TransportSet::remoteOf(const DtlsTransport& transport,
                                       const ice::Candidate& candidate) const {
  const auto line = negotiation_.lineOf(*transport.id);
  auto init =
      initOf(line.value_or(jsep::MediaLine{}), candidate.toString(), candidate.usernameFragment);
  if (candidate.type != ice::CandidateType::peerReflexive) return RTCIceCandidate(std::move(init));
  const std::string address = candidate.address.ip.toString();
  const bool isKnown =
      std::ranges::any_of(transport.ice->mirror.remote,
                          [&](const RTCIceCandidate& each) { return each.address() == address; });
  return RTCIceCandidate::discovered(std::move(init), isKnown);
}

bool TransportSet::deriveIce() {
  std::vector<RTCIceTransportState> states;
  if (sctp_) states.push_back(sctp_->dtls->ice->state());
  const RTCIceConnectionState old = std::exchange(ice_, iceStateOf(states));
  if (old == ice_) return false;
  context_.trace(
      "ice_connection_state_updated",
      {{"old", toString(old)}, {"new", toString(ice_)}, {"trigger", "an ICE transport"}});
  return true;
}

bool TransportSet::deriveConnection() {
  std::vector<RTCDtlsTransportState> states;
  if (sctp_) states.push_back(sctp_->dtls->state());
  const RTCPeerConnectionState old = std::exchange(connection_, connectionStateOf(ice_, states));
  if (old == connection_) return false;
  context_.trace("connection_state_updated", {{"old", toString(old)},
                                              {"new", toString(connection_)},
                                              {"ice", toString(ice_)},
                                              {"trigger", "an ICE or DTLS transport"}});
  return true;
}

void TransportSet::updateConnection() {
  if (deriveConnection())
    context_.fire(&RTCPeerConnection::onconnectionstatechange, Event{"connectionstatechange"});
}

// --- DTLS and SCTP

// webrtc-pc 5.5, followed by the task that updates the connection state.
void TransportSet::on(session::DtlsStateChanged event) {
  const Transport transport = find(event.id);
  if (!transport || transport->isClosed()) return;
  const RTCDtlsTransportState state = stateOf(event.state);
  if (state == transport->mirror.state) return;
  if (state == RTCDtlsTransportState::closed) {
    transport->close(event.closedByPeer ? DtlsCloseReason::remote : DtlsCloseReason::local);
  } else {
    transport->mirror.state = state;
  }
  if (state == RTCDtlsTransportState::connected)
    transport->mirror.remoteCertificates = {std::move(event.remoteCertificate)};
  if (state == RTCDtlsTransportState::failed)
    context_.fire(transport, &RTCDtlsTransport::onerror, RTCErrorEvent{{"error"}, errorOf(event)});
  context_.fire(transport, &RTCDtlsTransport::onstatechange, Event{"statechange"});
  context_.tasks.next([this] { updateConnection(); });
}

void TransportSet::onSctpConnected(std::uint16_t channelsMax) {
  if (!sctp_ || sctp_->isClosed()) return;
  sctp_->mirror.maxChannels = channelsMax;
  sctp_->mirror.state = RTCSctpTransportState::connected;
  context_.fire(sctp_, &RTCSctpTransport::onstatechange, Event{"statechange"});
}

void TransportSet::onSctpClosed() {
  if (!sctp_ || sctp_->isClosed()) return;
  sctp_->mirror.state = RTCSctpTransportState::closed;
  context_.fire(sctp_, &RTCSctpTransport::onstatechange, Event{"statechange"});
}

}  // namespace parley::peer
