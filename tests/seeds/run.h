#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/trace.h"
#include "journal.h"
#include "plan.h"

namespace parley::seeds {

struct Outcome {
  std::optional<Violation> violation;
  std::uint64_t step = 0;  // events of the world so far
  Instant at{};
  std::uint64_t hash = 0;
  std::deque<std::string> journal;
  std::uint64_t datagrams = 0;
  std::uint64_t messages = 0;
  bool connected = false;
  bool reportedFailure = false;
  std::vector<std::map<std::string, std::string>> sequences;  // per user, by emitter
};

struct RunOptions {
  bool isVerbose = false;
  bool ignoresPorts = false;  // everything on one loop, whatever the plan says
  TraceSink* trace = nullptr;
};

// One world from its plan: trouble first, then calm in which everything has to come right, then
// the end, after which nothing may be left. Stops at the first violation.
Outcome run(const Plan& plan, const RunOptions& options = {});

// The same, and where the plan asks for it the comparison with a run without ports.
Outcome runSeed(const Plan& plan, const RunOptions& options = {});

}  // namespace parley::seeds
