#pragma once

#include <optional>

#include "jsep/types.h"

namespace parley::jsep {

// The state after a description of `type` is set on `side`, or nothing if it may not be set now
// (RFC 9429 3.2, webrtc-pc RTCSignalingState). The implicit rollback of webrtc-pc is not in it.
std::optional<SignalingState> nextState(SignalingState state, Side side, SdpType type);

}  // namespace parley::jsep
