#pragma once

#include <optional>

#include "jsep/sections.h"
#include "jsep/types.h"

// What RFC 9429 5.8 and 5.10 and RFC 9143 ask of a description before it may change anything.
// Only sections that we could accept must be complete: what is rejected anyway harms nobody.

namespace parley::jsep {

// Fingerprints whose hash we trust: sha-256, sha-384, sha-512 (RFC 8122 5).
std::vector<sdp::Fingerprint> usableFingerprints(const std::vector<sdp::Fingerprint>& all);

std::optional<Failure> checkOffer(const sdp::SessionDescription& offer, const Sections& sections);
std::optional<Failure> checkAnswer(const sdp::SessionDescription& answer,
                                   const sdp::SessionDescription& offer);

}  // namespace parley::jsep
