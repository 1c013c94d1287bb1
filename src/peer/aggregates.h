#pragma once

#include <span>

#include "parley/peer_connection.h"
#include "parley/transports.h"

// webrtc-pc 4.3.2 to 4.3.4: the states of a connection as functions of those of its transports.
// "closed" is not among the results of the first two: only the connection itself knows it.
//
// A DTLS transport that the peer closed counts as well as a connected one, so connectionState stays
// "connected" until ICE notices the silence; DtlsCloseReason::remote tells it at once.

namespace parley::peer {

RTCIceGatheringState gatheringStateOf(std::span<const RTCIceGathererState> transports);
RTCIceConnectionState iceStateOf(std::span<const RTCIceTransportState> transports);
RTCPeerConnectionState connectionStateOf(RTCIceConnectionState ice,
                                         std::span<const RTCDtlsTransportState> transports);

}  // namespace parley::peer
