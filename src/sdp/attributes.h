#pragma once

#include <optional>
#include <string_view>

#include "sdp/session_description.h"

namespace parley::sdp {

// One "a=" line into the model: into its field if it has one, else into `others`. Returns what is
// wrong as a literal, or nullptr. `value` is what follows the colon; none if there is no colon.
const char* addAttribute(SessionDescription& session, std::string_view name,
                         std::optional<std::string_view> value);
const char* addAttribute(MediaDescription& section, std::string_view name,
                         std::optional<std::string_view> value);

}  // namespace parley::sdp
