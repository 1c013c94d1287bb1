#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/dom_exception.h"
#include "parley/event.h"
#include "parley/export.h"
#include "parley/ice_candidate.h"

namespace parley {

// webrtc-pc 5.6.
enum class RTCIceTransportState : std::uint8_t {
  closed,
  failed,
  disconnected,
  new_,
  checking,
  completed,
  connected,
};
enum class RTCIceGathererState : std::uint8_t { new_, gathering, complete };
enum class RTCIceRole : std::uint8_t { unknown, controlling, controlled };

struct RTCIceParameters {
  std::string usernameFragment;
  std::string password;
};

struct RTCIceCandidatePair {
  RTCIceCandidate local;
  RTCIceCandidate remote;
};

class PARLEY_API RTCIceTransport {
 public:
  virtual ~RTCIceTransport() = default;
  virtual RTCIceRole role() const = 0;
  virtual RTCIceComponent component() const = 0;
  virtual RTCIceTransportState state() const = 0;
  virtual RTCIceGathererState gatheringState() const = 0;
  virtual std::vector<RTCIceCandidate> getLocalCandidates() const = 0;
  virtual std::vector<RTCIceCandidate> getRemoteCandidates() const = 0;
  virtual std::optional<RTCIceCandidatePair> getSelectedCandidatePair() const = 0;
  virtual std::optional<RTCIceParameters> getLocalParameters() const = 0;
  virtual std::optional<RTCIceParameters> getRemoteParameters() const = 0;

  EventHandler<Event> onstatechange;
  EventHandler<Event> ongatheringstatechange;
  EventHandler<Event> onselectedcandidatepairchange;
};

// webrtc-pc 5.5.
enum class RTCDtlsTransportState : std::uint8_t { new_, connecting, connected, closed, failed };

// Why a DTLS transport is closed: Parley's extension, so that "the peer closed" can be told from
// "we closed" without breaking the meaning of connectionState.
enum class DtlsCloseReason : std::uint8_t { none, local, remote };

class PARLEY_API RTCDtlsTransport {
 public:
  virtual ~RTCDtlsTransport() = default;
  virtual std::shared_ptr<RTCIceTransport> iceTransport() const = 0;
  virtual RTCDtlsTransportState state() const = 0;
  virtual std::vector<std::vector<std::uint8_t>> getRemoteCertificates() const = 0;  // DER
  virtual DtlsCloseReason closeReason() const = 0;

  EventHandler<Event> onstatechange;
  EventHandler<RTCErrorEvent> onerror;
};

// webrtc-pc 6.1.
enum class RTCSctpTransportState : std::uint8_t { connecting, connected, closed };

class PARLEY_API RTCSctpTransport {
 public:
  virtual ~RTCSctpTransport() = default;
  virtual std::shared_ptr<RTCDtlsTransport> transport() const = 0;
  virtual RTCSctpTransportState state() const = 0;
  virtual double maxMessageSize() const = 0;  // bytes; infinity: no limit
  virtual std::optional<std::uint16_t> maxChannels() const = 0;

  EventHandler<Event> onstatechange;
};

}  // namespace parley
