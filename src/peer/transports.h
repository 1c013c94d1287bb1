#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jsep/types.h"
#include "parley/transports.h"
#include "peer/graves.h"

// The transport objects of W3C as mirrors: plain values behind the public interfaces, written by
// the tasks of peer::TransportSet and by nobody else.

namespace parley::peer {

class IceTransport final : public RTCIceTransport {
 public:
  struct Mirror {
    RTCIceRole role = RTCIceRole::unknown;
    RTCIceTransportState state = RTCIceTransportState::new_;
    RTCIceGathererState gatheringState = RTCIceGathererState::new_;
    std::vector<RTCIceCandidate> local, remote;
    std::optional<RTCIceCandidatePair> selectedPair;
    std::optional<RTCIceParameters> localParameters, remoteParameters;
  };

  RTCIceRole role() const override { return mirror.role; }
  RTCIceComponent component() const override { return RTCIceComponent::rtp; }
  RTCIceTransportState state() const override { return mirror.state; }
  RTCIceGathererState gatheringState() const override { return mirror.gatheringState; }
  std::vector<RTCIceCandidate> getLocalCandidates() const override { return mirror.local; }
  std::vector<RTCIceCandidate> getRemoteCandidates() const override { return mirror.remote; }
  std::optional<RTCIceCandidatePair> getSelectedCandidatePair() const override {
    return mirror.selectedPair;
  }
  std::optional<RTCIceParameters> getLocalParameters() const override {
    return mirror.localParameters;
  }
  std::optional<RTCIceParameters> getRemoteParameters() const override {
    return mirror.remoteParameters;
  }

  void bury(Graves& graves) {
    graves.bury(onstatechange, ongatheringstatechange, onselectedcandidatepairchange);
  }

  Mirror mirror;
};

class DtlsTransport final : public RTCDtlsTransport {
 public:
  struct Mirror {
    RTCDtlsTransportState state = RTCDtlsTransportState::new_;
    std::vector<std::vector<std::uint8_t>> remoteCertificates;
    DtlsCloseReason closeReason = DtlsCloseReason::none;
  };

  std::shared_ptr<RTCIceTransport> iceTransport() const override { return ice; }
  RTCDtlsTransportState state() const override { return mirror.state; }
  std::vector<std::vector<std::uint8_t>> getRemoteCertificates() const override {
    return mirror.remoteCertificates;
  }
  DtlsCloseReason closeReason() const override { return mirror.closeReason; }

  bool isClosed() const { return mirror.state == RTCDtlsTransportState::closed; }
  void close(DtlsCloseReason reason) {
    if (!isClosed()) mirror.closeReason = reason;
    mirror.state = RTCDtlsTransportState::closed;
  }
  void bury(Graves& graves) {
    graves.bury(onstatechange, onerror);
    ice->bury(graves);
  }

  // The generation an offered restart would replace: a rollback comes back to it.
  struct Former {
    std::string usernameFragment;
    bool isGathered = false;
  };

  Mirror mirror;
  std::optional<Former> former;
  const std::shared_ptr<IceTransport> ice = std::make_shared<IceTransport>();
  // None for the transport of a remote offer that was not answered yet: no engine knows it.
  std::optional<jsep::TransportId> id;
};

class SctpTransport final : public RTCSctpTransport {
 public:
  explicit SctpTransport(std::shared_ptr<DtlsTransport> dtls_) : dtls(std::move(dtls_)) {}

  std::shared_ptr<RTCDtlsTransport> transport() const override { return dtls; }
  RTCSctpTransportState state() const override { return mirror.state; }
  double maxMessageSize() const override { return mirror.maxMessageSize; }
  std::optional<std::uint16_t> maxChannels() const override { return mirror.maxChannels; }

  bool isClosed() const { return mirror.state == RTCSctpTransportState::closed; }
  // "Update the data max message size"; 0: no limit. [[MaxBufferSize]] is Tuning's matter.
  void updateMaxMessageSize(double remoteMax, double canSend);
  void bury(Graves& graves) { graves.bury(onstatechange); }

  struct Mirror {
    RTCSctpTransportState state = RTCSctpTransportState::connecting;
    double maxMessageSize = 65'536;  // RFC 8841 6.1, until a description says more
    std::optional<std::uint16_t> maxChannels;
  } mirror;
  const std::shared_ptr<DtlsTransport> dtls;
};

}  // namespace parley::peer
