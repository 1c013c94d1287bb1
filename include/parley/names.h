#pragma once

#include <optional>
#include <string_view>

#include "parley/configuration.h"
#include "parley/data_channel.h"
#include "parley/dom_exception.h"
#include "parley/export.h"
#include "parley/ice_candidate.h"
#include "parley/peer_connection.h"
#include "parley/session_description.h"
#include "parley/transports.h"

// The W3C strings of every enumeration, both ways: toString(RTCSignalingState::haveLocalOffer) is
// "have-local-offer", and parse<RTCSdpType>("offer") gives the enumerator, or nothing.

namespace parley {

PARLEY_API std::string_view toString(RTCIceTransportPolicy value);
PARLEY_API std::string_view toString(RTCBundlePolicy value);
PARLEY_API std::string_view toString(RTCRtcpMuxPolicy value);
PARLEY_API std::string_view toString(TcpCandidates value);
PARLEY_API std::string_view toString(RTCSdpType value);
PARLEY_API std::string_view toString(RTCIceComponent value);
PARLEY_API std::string_view toString(RTCIceProtocol value);
PARLEY_API std::string_view toString(RTCIceTcpCandidateType value);
PARLEY_API std::string_view toString(RTCIceCandidateType value);
PARLEY_API std::string_view toString(RTCIceServerTransportProtocol value);
PARLEY_API std::string_view toString(RTCErrorDetailType value);
PARLEY_API std::string_view toString(RTCDataChannelState value);
PARLEY_API std::string_view toString(RTCPriorityType value);
PARLEY_API std::string_view toString(BinaryType value);
PARLEY_API std::string_view toString(RTCIceTransportState value);
PARLEY_API std::string_view toString(RTCIceGathererState value);
PARLEY_API std::string_view toString(RTCIceRole value);
PARLEY_API std::string_view toString(RTCDtlsTransportState value);
PARLEY_API std::string_view toString(DtlsCloseReason value);
PARLEY_API std::string_view toString(RTCSctpTransportState value);
PARLEY_API std::string_view toString(RTCSignalingState value);
PARLEY_API std::string_view toString(RTCIceGatheringState value);
PARLEY_API std::string_view toString(RTCPeerConnectionState value);
PARLEY_API std::string_view toString(RTCIceConnectionState value);
PARLEY_API std::string_view toString(Proxy::Kind value);

template <class Enum>
PARLEY_API std::optional<Enum> parse(std::string_view text);

}  // namespace parley
