#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jsep/negotiation.h"
#include "peer/aggregates.h"
#include "peer/context.h"
#include "peer/transports.h"

namespace parley::peer {

// The transports of a connection: what negotiation asks of them goes down as commands, what the
// engine tells of them comes up as the tasks of webrtc-pc 5.5, 5.6 and 6.1. The aggregated states
// are kept here, too; only the transport that [[SctpTransport]] refers to counts for them.
class TransportSet {
 public:
  // `canSend`: the size of the send buffer of one channel.
  TransportSet(Context& context, jsep::Negotiation& negotiation, std::size_t canSend)
      : context_(context), negotiation_(negotiation), canSend_(static_cast<double>(canSend)) {}

  // For what is gathered and added from now on.
  void setGathering(bool relayOnly, std::vector<session::IceServer> servers);

  void setPool(std::size_t size);  // a size that is not zero opens the session

  // --- effects of a description, inside its task
  void apply(const jsep::OpenTransport& effect);
  void apply(const jsep::RestartIce& effect);
  void apply(const jsep::CancelIceRestart& effect);
  void apply(const jsep::SetRemoteIce& effect);
  void apply(const jsep::AddRemoteCandidate& effect);
  void apply(const jsep::EndOfRemoteCandidates& effect);
  void apply(const jsep::StartDtls& effect);
  void apply(const jsep::StartSctp& effect);
  void apply(const jsep::SetMaxMessageSize& effect);
  void apply(const jsep::StopSctp& effect);
  void apply(const jsep::CloseTransport& effect);
  void apply(const jsep::StateChanged&) {}

  // --- [[SctpTransport]]
  void offerSctp();   // an offer describes an association: there is an object from now on
  void dropSctp();    // an answer ended it
  void markStable();  // [[LastStableStateSctpTransport]]
  void rollBackToStable();
  const std::shared_ptr<SctpTransport>& sctp() const { return sctp_; }
  std::uint32_t associationNumber() const { return associationNumber_; }

  // --- events of the session, each inside a task of its own
  void on(session::CandidateFound event);
  void on(session::CandidateError event);
  void on(const session::GatheringEnded& event);
  void on(const session::IceStateChanged* state, const session::PairSelected* pair);
  void on(const session::IceRoleChanged& event);
  void on(session::DtlsStateChanged event);
  void onSctpConnected(std::uint16_t channelsMax);  // the statechange event comes next
  void onSctpClosed();

  RTCIceGatheringState iceGatheringState() const { return gathering_; }
  RTCIceConnectionState iceConnectionState() const { return ice_; }
  RTCPeerConnectionState connectionState() const { return connection_; }

  // "Close the connection", steps 6 to 11: no event fires.
  void close(Graves& graves);

 private:
  using Transport = std::shared_ptr<DtlsTransport>;

  Transport find(jsep::TransportId id) const;
  Transport find(session::TransportId id) const { return find(jsep::TransportId{id.value}); }
  Transport unbound();
  void beginGathering(const Transport& transport, const jsep::Credentials& local);
  void endGathering(const Transport& transport);
  void setRole(bool controlling);
  void updateGathering();  // derives, and fires at the connection next
  bool deriveIce();        // these two only derive: whether the state changed
  bool deriveConnection();
  void updateConnection();  // "update the connection state"
  std::optional<RTCIceCandidate> candidateOf(const DtlsTransport& transport,
                                             const ice::Candidate& candidate) const;
  RTCIceCandidate remoteOf(const DtlsTransport& transport, const ice::Candidate& candidate) const;
  bool selectPair(DtlsTransport& transport, const session::PairSelected& pair);

  Context& context_;
  jsep::Negotiation& negotiation_;
  double canSend_;
  bool relayOnly_ = false;
  std::vector<session::IceServer> servers_;
  std::size_t pool_ = 0;
  std::optional<bool> controlling_;
  std::vector<Transport> transports_;
  std::optional<session::StartSctp> association_;
  std::uint32_t associationNumber_ = 0;  // of this one or, where there is none, of the next
  std::shared_ptr<SctpTransport> sctp_, lastStable_;
  RTCIceGatheringState gathering_ = RTCIceGatheringState::new_;
  RTCIceConnectionState ice_ = RTCIceConnectionState::new_;
  RTCPeerConnectionState connection_ = RTCPeerConnectionState::new_;
};

}  // namespace parley::peer
