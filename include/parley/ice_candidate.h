#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "parley/event.h"
#include "parley/export.h"

namespace parley {

// webrtc-pc 4.8.1.3 to 4.8.1.6.
enum class RTCIceComponent : std::uint8_t { rtp, rtcp };
enum class RTCIceProtocol : std::uint8_t { udp, tcp };
enum class RTCIceTcpCandidateType : std::uint8_t { active, passive, so };
enum class RTCIceCandidateType : std::uint8_t { host, srflx, prflx, relay };
enum class RTCIceServerTransportProtocol : std::uint8_t { udp, tcp, tls };

// webrtc-pc RTCIceCandidateInit; an empty candidate says that there are no more.
struct PARLEY_API RTCIceCandidateInit {
  RTCIceCandidateInit() = default;
  explicit RTCIceCandidateInit(std::string candidate_, std::optional<std::string> mid = {},
                               std::optional<std::uint16_t> lineIndex = {},
                               std::optional<std::string> ufrag = {})
      : candidate(std::move(candidate_)),
        sdpMid(std::move(mid)),
        sdpMLineIndex(lineIndex),
        usernameFragment(std::move(ufrag)) {}

  std::string candidate;
  std::optional<std::string> sdpMid;
  std::optional<std::uint16_t> sdpMLineIndex;
  std::optional<std::string> usernameFragment;

  // Reads what toJSON or a browser's JSON.stringify wrote; throws TypeError.
  static RTCIceCandidateInit fromJSON(const std::string& json);
};

struct RTCLocalIceCandidateInit : RTCIceCandidateInit {
  std::optional<RTCIceServerTransportProtocol> relayProtocol;
  std::optional<std::string> url;
};

// webrtc-pc 4.8.1, RTCIceCandidate: the candidate-attribute of RFC 8839 with its fields parsed.
// Where `candidate` does not parse, the parsed members are empty.
class PARLEY_API RTCIceCandidate {
 public:
  // Throws TypeError when both sdpMid and sdpMLineIndex are missing.
  explicit RTCIceCandidate(RTCLocalIceCandidateInit init);

  const std::string& candidate() const { return init_.candidate; }
  const std::optional<std::string>& sdpMid() const { return init_.sdpMid; }
  std::optional<std::uint16_t> sdpMLineIndex() const { return init_.sdpMLineIndex; }
  const std::optional<std::string>& usernameFragment() const { return init_.usernameFragment; }
  std::optional<RTCIceServerTransportProtocol> relayProtocol() const { return init_.relayProtocol; }
  const std::optional<std::string>& url() const { return init_.url; }

  const std::optional<std::string>& foundation() const { return foundation_; }
  std::optional<RTCIceComponent> component() const { return component_; }
  std::optional<std::uint32_t> priority() const { return priority_; }
  const std::optional<std::string>& address() const { return address_; }
  std::optional<RTCIceProtocol> protocol() const { return protocol_; }
  std::optional<std::uint16_t> port() const { return port_; }
  std::optional<RTCIceCandidateType> type() const { return type_; }
  std::optional<RTCIceTcpCandidateType> tcpType() const { return tcpType_; }
  const std::optional<std::string>& relatedAddress() const { return relatedAddress_; }
  std::optional<std::uint16_t> relatedPort() const { return relatedPort_; }

  // For the library: a remote candidate that checks found and no description named. W3C leaves
  // `candidate` empty then, and `address` out unless the application knows it already.
  static RTCIceCandidate discovered(RTCLocalIceCandidateInit init, bool isAddressKnown);

  RTCIceCandidateInit toInit() const { return init_; }  // what W3C's toJSON holds
  std::string toJSON() const;

 private:
  RTCLocalIceCandidateInit init_;
  std::optional<std::string> foundation_;
  std::optional<RTCIceComponent> component_;
  std::optional<std::uint32_t> priority_;
  std::optional<std::string> address_;
  std::optional<RTCIceProtocol> protocol_;
  std::optional<std::uint16_t> port_;
  std::optional<RTCIceCandidateType> type_;
  std::optional<RTCIceTcpCandidateType> tcpType_;
  std::optional<std::string> relatedAddress_;
  std::optional<std::uint16_t> relatedPort_;
};

// webrtc-pc 4.8.2. An empty candidate means that gathering of this generation has ended.
struct RTCPeerConnectionIceEvent : Event {
  std::optional<RTCIceCandidate> candidate;
  std::optional<std::string> url;
};

// webrtc-pc 4.8.3.
struct RTCPeerConnectionIceErrorEvent : Event {
  std::optional<std::string> address;
  std::optional<std::uint16_t> port;
  std::string url;
  std::uint16_t errorCode = 0;  // STUN error code, or 701: the server could not be reached
  std::string errorText;
};

}  // namespace parley
