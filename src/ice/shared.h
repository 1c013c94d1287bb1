#pragma once

#include <cstdint>

#include "core/limits.h"
#include "core/ports.h"
#include "core/rate.h"
#include "core/step.h"
#include "ice/config.h"
#include "ice/events.h"
#include "ice/pacer.h"
#include "ice/path.h"
#include "ice/stats.h"

namespace parley::ice {

// What all transports of one agent have in common. Data with the few verbs that touch nothing
// else; the agent owns it, its parts are handed a reference.
struct Shared {
  Shared(const Config& config_, PathSink& lower_)
      : config(config_), lower(lower_), role(config_.role), pacer(config_.pacing) {}

  // Before any input: notes the time and draws what construction, which has no step, could not.
  void prepare(Step& step) {
    now = step.now;
    if (prepared) return;
    prepared = true;
    tieBreaker = step.secrets.number<std::uint64_t>();
    salt = step.secrets.number<std::uint64_t>();
  }

  // False once the bound is reached: two agents must not push each other around for ever.
  bool switchRole(Step& step);
  void setRole(Role to) {
    role = to;
    ++roleEpoch;
  }
  void emit(Event event);

  Config config;
  PathSink& lower;
  Role role;
  std::uint32_t roleEpoch = 0;  // pair priorities depend on the role
  int roleSwitches = 0;
  bool isRemoteLite = false;
  bool prepared = false;
  std::uint64_t tieBreaker = 0;
  std::uint64_t salt = 0;
  std::uint32_t nextCandidate = 1;
  std::uint32_t nextPair = 1;
  std::size_t transports = 0;
  std::size_t checksPending = 0;  // pairs Waiting or In-Progress anywhere, as of the last flush
  Instant now = Instant::min();   // of the last step that reached the agent
  Pacer pacer;
  PerSecond errors{limits::ice::kErrorsPerSecond};  // to those who proved nothing
  EventQueue<Event> events;
  AgentStats stats;
};

}  // namespace parley::ice
