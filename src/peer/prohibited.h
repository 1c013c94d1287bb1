#pragma once

#include "ice/candidate.h"

namespace parley::peer {

// webrtc-pc addIceCandidate, "administratively prohibited": remote candidates that nobody connects
// to and nobody is told about. These are the bad ports of the Fetch standard and, when only relays
// may be used, names that would have to be resolved.
bool isProhibited(const ice::Candidate& candidate, bool relayOnly);

}  // namespace parley::peer
