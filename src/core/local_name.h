#pragma once

#include <string>
#include <string_view>

#include "core/random.h"

namespace parley {

// Names that stay on one link (RFC 6762 3): whoever asks for one asks the neighbours.
bool isLocalName(std::string_view name);  // ends in ".local", in whatever case

// The ones that ICE candidates have: a single label before ".local"
// (draft-ietf-mmusic-mdns-ice-candidates 3.2.1).
bool isCandidateName(std::string_view name);

// A version 4 UUID and ".local": not to be guessed, and not to be probed for.
std::string makeCandidateName(Secrets& secrets);

}  // namespace parley
