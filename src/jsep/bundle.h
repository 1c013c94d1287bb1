#pragma once

#include <cstddef>

#include "sdp/session_description.h"

// BUNDLE (RFC 9143) as questions about one description. A group's first live section is the
// tagged one: its transport carries all of them.

namespace parley::jsep {

// The group of semantics BUNDLE that the section is in, or nullptr.
const sdp::Group* bundleOf(const sdp::SessionDescription& description, std::size_t index);

// Port 0 means rejected or disabled, unless the section rides on another (RFC 9143 6).
bool isAlive(const sdp::SessionDescription& description, std::size_t index);

// The section whose transport carries this one: itself if it is not bundled.
std::size_t carrierOf(const sdp::SessionDescription& description, std::size_t index);

// Transport attributes of a section: its own or the session's, and where a bundled section says
// nothing those of its carrier (RFC 9143 7.1.3). Many stacks say them everywhere.
sdp::TransportAttributes transportOf(const sdp::SessionDescription& description, std::size_t index);

}  // namespace parley::jsep
