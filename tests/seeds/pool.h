#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan.h"
#include "run.h"

namespace parley::seeds {

struct Task {
  std::uint64_t first = 1;
  std::uint64_t count = 1;
  Scenario scenario = Scenario::mixed;
  unsigned jobs = 1;
  std::uint64_t twiceEvery = 100;  // this share of the seeds runs a second time; 0: none
  bool stopsAtFirst = false;
  unsigned secondsPerSeed = 60;  // of the wall clock: more is a hang
  bool isQuiet = false;          // no progress, no reports
};

struct Failure {
  std::uint64_t seed;
  std::string invariant;
  std::string detail;
};

struct Tally {
  std::uint64_t seeds = 0;
  std::uint64_t failed = 0;
  std::uint64_t twice = 0;  // run again, with the same hash
  std::uint64_t datagrams = 0;
  std::uint64_t messages = 0;
  std::uint64_t connected = 0;
  std::uint64_t reportedFailure = 0;
  std::uint64_t hash = 0;  // over all seeds, whatever their order
  double seconds = 0;
  double cpuSeconds = 0;
  std::vector<Failure> failures;  // the first ones
};

// Runs seeds in several processes, because a world has its process for itself, and because a
// crash or a hang is then the failure of one seed. `report` prints a failure where it was seen.
Tally runSeeds(const Task& task, const std::function<void(const Plan&, const Outcome&)>& report);

// One plan in a process of its own: what it violates, be it that it crashes.
std::optional<Violation> judge(const Plan& plan, unsigned seconds);

}  // namespace parley::seeds
