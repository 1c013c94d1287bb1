#include "parley/names.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace parley {
namespace {

// One table per enumeration: the strings of W3C in the order of the enumerators.
using std::to_array;
using Name = std::string_view;

template <class Enum>
constexpr auto kNames = 0;
template <>
constexpr auto kNames<RTCIceTransportPolicy> = to_array<Name>({"relay", "all"});
template <>
constexpr auto kNames<RTCBundlePolicy> = to_array<Name>({"balanced", "max-compat", "max-bundle"});
template <>
constexpr auto kNames<RTCRtcpMuxPolicy> = to_array<Name>({"require"});
template <>
constexpr auto kNames<TcpCandidates> = to_array<Name>({"none", "active", "all"});
template <>
constexpr auto kNames<RTCSdpType> = to_array<Name>({"offer", "pranswer", "answer", "rollback"});
template <>
constexpr auto kNames<RTCIceComponent> = to_array<Name>({"rtp", "rtcp"});
template <>
constexpr auto kNames<RTCIceProtocol> = to_array<Name>({"udp", "tcp"});
template <>
constexpr auto kNames<RTCIceTcpCandidateType> = to_array<Name>({"active", "passive", "so"});
template <>
constexpr auto kNames<RTCIceCandidateType> = to_array<Name>({"host", "srflx", "prflx", "relay"});
template <>
constexpr auto kNames<RTCIceServerTransportProtocol> = to_array<Name>({"udp", "tcp", "tls"});
template <>
constexpr auto kNames<RTCErrorDetailType> = to_array<Name>(
    {"data-channel-failure", "dtls-failure", "fingerprint-failure", "sctp-failure",
     "sdp-syntax-error", "hardware-encoder-not-available", "hardware-encoder-error"});
template <>
constexpr auto kNames<RTCDataChannelState> =
    to_array<Name>({"connecting", "open", "closing", "closed"});
template <>
constexpr auto kNames<RTCPriorityType> = to_array<Name>({"very-low", "low", "medium", "high"});
template <>
constexpr auto kNames<BinaryType> = to_array<Name>({"blob", "arraybuffer"});
template <>
constexpr auto kNames<RTCIceTransportState> = to_array<Name>(
    {"closed", "failed", "disconnected", "new", "checking", "completed", "connected"});
template <>
constexpr auto kNames<RTCIceGathererState> = to_array<Name>({"new", "gathering", "complete"});
template <>
constexpr auto kNames<RTCIceRole> = to_array<Name>({"unknown", "controlling", "controlled"});
template <>
constexpr auto kNames<RTCDtlsTransportState> =
    to_array<Name>({"new", "connecting", "connected", "closed", "failed"});
template <>
constexpr auto kNames<DtlsCloseReason> = to_array<Name>({"none", "local", "remote"});
template <>
constexpr auto kNames<RTCSctpTransportState> =
    to_array<Name>({"connecting", "connected", "closed"});
template <>
constexpr auto kNames<RTCSignalingState> =
    to_array<Name>({"stable", "have-local-offer", "have-remote-offer", "have-local-pranswer",
                    "have-remote-pranswer", "closed"});
template <>
constexpr auto kNames<RTCIceGatheringState> = to_array<Name>({"new", "gathering", "complete"});
template <>
constexpr auto kNames<RTCPeerConnectionState> =
    to_array<Name>({"closed", "failed", "disconnected", "new", "connecting", "connected"});
template <>
constexpr auto kNames<RTCIceConnectionState> = to_array<Name>(
    {"closed", "failed", "disconnected", "new", "checking", "completed", "connected"});
template <>
constexpr auto kNames<Proxy::Kind> = to_array<Name>({"http", "socks5"});

template <class Enum>
Name nameOf(Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kNames<Enum>.size() ? kNames<Enum>[index] : Name();
}

}  // namespace

template <class Enum>
std::optional<Enum> parse(std::string_view text) {
  const auto found = std::ranges::find(kNames<Enum>, text);
  if (found == kNames<Enum>.end()) return std::nullopt;
  return static_cast<Enum>(found - kNames<Enum>.begin());
}

std::string_view toString(RTCIceTransportPolicy value) { return nameOf(value); }
std::string_view toString(RTCBundlePolicy value) { return nameOf(value); }
std::string_view toString(RTCRtcpMuxPolicy value) { return nameOf(value); }
std::string_view toString(TcpCandidates value) { return nameOf(value); }
std::string_view toString(RTCSdpType value) { return nameOf(value); }
std::string_view toString(RTCIceComponent value) { return nameOf(value); }
std::string_view toString(RTCIceProtocol value) { return nameOf(value); }
std::string_view toString(RTCIceTcpCandidateType value) { return nameOf(value); }
std::string_view toString(RTCIceCandidateType value) { return nameOf(value); }
std::string_view toString(RTCIceServerTransportProtocol value) { return nameOf(value); }
std::string_view toString(RTCErrorDetailType value) { return nameOf(value); }
std::string_view toString(RTCDataChannelState value) { return nameOf(value); }
std::string_view toString(RTCPriorityType value) { return nameOf(value); }
std::string_view toString(BinaryType value) { return nameOf(value); }
std::string_view toString(RTCIceTransportState value) { return nameOf(value); }
std::string_view toString(RTCIceGathererState value) { return nameOf(value); }
std::string_view toString(RTCIceRole value) { return nameOf(value); }
std::string_view toString(RTCDtlsTransportState value) { return nameOf(value); }
std::string_view toString(DtlsCloseReason value) { return nameOf(value); }
std::string_view toString(RTCSctpTransportState value) { return nameOf(value); }
std::string_view toString(RTCSignalingState value) { return nameOf(value); }
std::string_view toString(RTCIceGatheringState value) { return nameOf(value); }
std::string_view toString(RTCPeerConnectionState value) { return nameOf(value); }
std::string_view toString(RTCIceConnectionState value) { return nameOf(value); }
std::string_view toString(Proxy::Kind value) { return nameOf(value); }

template std::optional<RTCIceTransportPolicy> parse<RTCIceTransportPolicy>(std::string_view);
template std::optional<RTCBundlePolicy> parse<RTCBundlePolicy>(std::string_view);
template std::optional<RTCRtcpMuxPolicy> parse<RTCRtcpMuxPolicy>(std::string_view);
template std::optional<TcpCandidates> parse<TcpCandidates>(std::string_view);
template std::optional<RTCSdpType> parse<RTCSdpType>(std::string_view);
template std::optional<RTCIceComponent> parse<RTCIceComponent>(std::string_view);
template std::optional<RTCIceProtocol> parse<RTCIceProtocol>(std::string_view);
template std::optional<RTCIceTcpCandidateType> parse<RTCIceTcpCandidateType>(std::string_view);
template std::optional<RTCIceCandidateType> parse<RTCIceCandidateType>(std::string_view);
template std::optional<RTCIceServerTransportProtocol> parse<RTCIceServerTransportProtocol>(
    std::string_view);
template std::optional<RTCErrorDetailType> parse<RTCErrorDetailType>(std::string_view);
template std::optional<RTCDataChannelState> parse<RTCDataChannelState>(std::string_view);
template std::optional<RTCPriorityType> parse<RTCPriorityType>(std::string_view);
template std::optional<BinaryType> parse<BinaryType>(std::string_view);
template std::optional<RTCIceTransportState> parse<RTCIceTransportState>(std::string_view);
template std::optional<RTCIceGathererState> parse<RTCIceGathererState>(std::string_view);
template std::optional<RTCIceRole> parse<RTCIceRole>(std::string_view);
template std::optional<RTCDtlsTransportState> parse<RTCDtlsTransportState>(std::string_view);
template std::optional<DtlsCloseReason> parse<DtlsCloseReason>(std::string_view);
template std::optional<RTCSctpTransportState> parse<RTCSctpTransportState>(std::string_view);
template std::optional<RTCSignalingState> parse<RTCSignalingState>(std::string_view);
template std::optional<RTCIceGatheringState> parse<RTCIceGatheringState>(std::string_view);
template std::optional<RTCPeerConnectionState> parse<RTCPeerConnectionState>(std::string_view);
template std::optional<RTCIceConnectionState> parse<RTCIceConnectionState>(std::string_view);
template std::optional<Proxy::Kind> parse<Proxy::Kind>(std::string_view);

}  // namespace parley
