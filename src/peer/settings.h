#pragma once

#include <cstdint>
#include <memory>

#include "parley/configuration.h"
#include "session/port.h"

// What a connection is made with, checked: webrtc-pc "set the configuration" and our own Tuning.

namespace parley::peer {

// Cuts iceServers to what is supported and checks them; throws SyntaxError, InvalidAccessError.
RTCConfiguration validated(RTCConfiguration configuration);

// The constructor's step: throws InvalidAccessError for a certificate that has expired.
void requireUnexpired(const RTCConfiguration& configuration, std::int64_t wallMicros);

// Throws InvalidModificationError for what setConfiguration may not change.
void requireModifiable(const RTCConfiguration& from, const RTCConfiguration& to,
                       bool localDescriptionWasSet);

// RFC 9429 4.1.18: whether the change needs an ICE restart to take effect.
bool needsIceRestart(const RTCConfiguration& from, const RTCConfiguration& to);

// Throws TypeError for a Tuning that contradicts itself.
void validate(const Tuning& tuning);

session::Config sessionConfig(const RTCConfiguration& configuration, const Tuning& tuning,
                              std::shared_ptr<const crypto::Identity> identity);

}  // namespace parley::peer
