#include "ice/names.h"

namespace parley::ice {

std::string_view nameOf(Role role) {
  return role == Role::controlling ? "controlling" : "controlled";
}

std::string_view nameOf(State state) {
  constexpr std::string_view kNames[] = {"new",       "checking",     "connected",
                                         "completed", "disconnected", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view nameOf(PairState state) {
  constexpr std::string_view kNames[] = {"frozen", "waiting", "in-progress", "failed", "succeeded"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view nameOf(AddError error) {
  constexpr std::string_view kNames[] = {
      "no such transport", "no such base",        "not an address that can be used",
      "still a name",      "too many candidates", "of another generation"};
  return kNames[static_cast<std::size_t>(error)];
}

std::string_view nameOf(CandidateType type) {
  constexpr std::string_view kNames[] = {"host", "srflx", "prflx", "relay"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace parley::ice
