#pragma once

#include <string_view>

#include "ice/candidate.h"
#include "ice/config.h"
#include "ice/stats.h"

// What traces call things.

namespace parley::ice {

std::string_view nameOf(Role role);
std::string_view nameOf(State state);
std::string_view nameOf(PairState state);
std::string_view nameOf(AddError error);
std::string_view nameOf(CandidateType type);

}  // namespace parley::ice
