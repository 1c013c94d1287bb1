// ./dev sim: whole peers in worlds that a seed draws. docs/reliability.md says what is checked.

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/planted.h"
#include "minimise.h"
#include "plan.h"
#include "pool.h"
#include "record.h"
#include "run.h"

namespace parley::seeds {
namespace {

struct Arguments {
  std::uint64_t seeds = 1'000;
  std::uint64_t first = 1;
  std::string scenario = "mixed";
  std::optional<std::uint64_t> replay, minimise;
  std::vector<std::size_t> without;
  unsigned jobs = 2;
  bool power = false;
  std::string bug;
};

unsigned long long wide(std::uint64_t number) { return number; }

const char* commit() {
  const char* name = std::getenv("PARLEY_COMMIT");
  return name ? name : "unknown";
}

std::string listed(const std::vector<std::size_t>& items) {
  std::string text;
  for (const std::size_t item : items) text += (text.empty() ? "" : ",") + std::to_string(item);
  return text;
}

// Where the traces of a seed go: the folder is that of PARLEY_TRACES, or the one we are in.
std::string stemOf(const Plan& plan) {
  const char* folder = std::getenv("PARLEY_TRACES");
  return std::string(folder ? folder : ".") + "/seed-" + std::to_string(plan.seed) + "-" +
         std::string(nameOf(plan.scenario));
}

void printFailure(const Plan& plan, const Outcome& outcome) {
  std::string text = "\nseed " + std::to_string(plan.seed) + " failed at commit " + commit() +
                     ", step " + std::to_string(outcome.step) + "\n" + plan.describe();
  for (const std::string& line : outcome.journal) text += line + "\n";
  text += outcome.violation->invariant + ": " + outcome.violation->detail + "\n";
  text += "replay with: ./dev sim --replay " + std::to_string(plan.seed) + " --scenario " +
          std::string(nameOf(plan.scenario)) + "\n";
  // A seed that crashed or hung in its own process would do it here as well.
  if (outcome.step > 0) {
    record(plan, stemOf(plan), false);
    text += "traces: " + stemOf(plan) + ".{txt,jsonl,pcapng,keys}\n";
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

int many(const Arguments& arguments, Scenario scenario) {
  const Task task{.first = arguments.first,
                  .count = arguments.seeds,
                  .scenario = scenario,
                  .jobs = arguments.jobs};
  const Tally tally = runSeeds(task, printFailure);
  std::printf("%llu seeds, %llu failed; %.1f s, %.0f seeds a second, %.1f ms of CPU each\n",
              wide(tally.seeds), wide(tally.failed), tally.seconds,
              static_cast<double>(tally.seeds) / tally.seconds,
              tally.cpuSeconds * 1e3 / static_cast<double>(tally.seeds));
  std::printf("%llu connected, %llu ended in an honest failure, %llu datagrams, %llu messages\n",
              wide(tally.connected), wide(tally.reportedFailure), wide(tally.datagrams),
              wide(tally.messages));
  std::printf("%llu seeds ran twice, hash of all: %016llx\n", wide(tally.twice), wide(tally.hash));
  for (const Failure& failure : tally.failures)
    std::printf("failed: seed %llu, %s: %s\n", wide(failure.seed), failure.invariant.c_str(),
                failure.detail.c_str());
  return tally.failed == 0 ? 0 : 1;
}

int replay(const Arguments& arguments, Scenario scenario) {
  const Plan plan = draw(*arguments.replay, scenario).without(arguments.without);
  std::printf("%s", plan.describe().c_str());
  record(plan, stemOf(plan), true);
  const Outcome outcome = runSeed(plan);
  std::printf("traces: %s.{txt,jsonl,pcapng,keys}\n", stemOf(plan).c_str());
  if (outcome.violation) {
    std::printf("%s: %s\n", outcome.violation->invariant.c_str(),
                outcome.violation->detail.c_str());
    return 1;
  }
  std::printf("no violation; %llu steps, %llu datagrams, hash %016llx\n", wide(outcome.step),
              wide(outcome.datagrams), wide(outcome.hash));
  return 0;
}

int minimise(const Arguments& arguments, Scenario scenario) {
  const Plan plan = draw(*arguments.minimise, scenario);
  const auto judging = [](const Plan& each) { return judge(each, 60); };
  if (!judging(plan)) {
    std::printf("seed %llu does not fail\n", wide(plan.seed));
    return 0;
  }
  const std::vector<std::size_t> gone = needlessItems(plan, judging);
  const Plan least = plan.without(gone);
  const auto violation = judging(least);
  std::printf("%zu of %zu items are left:\n%s%s: %s\n", least.items(), plan.items(),
              least.describe().c_str(), violation->invariant.c_str(), violation->detail.c_str());
  std::printf("replay with: ./dev sim --replay %llu --scenario %s --without %s\n", wide(plan.seed),
              nameOf(plan.scenario).data(), listed(gone).c_str());
  return 1;
}

#ifdef PARLEY_PLANTED
// Every planted bug must be found by somebody; a bug that no seed finds says what the worlds, the
// users or the invariants cannot see.
int power(const Arguments& arguments, Scenario scenario) {
  int missed = 0, tried = 0;
  for (const PlantedBugName& bug : kPlantedBugs) {
    if (!arguments.bug.empty() && arguments.bug != bug.name) continue;
    ++tried;
    planted::active = bug.bug;
    const Task task{.first = arguments.first,
                    .count = arguments.seeds,
                    .scenario = scenario,
                    .jobs = arguments.jobs,
                    .twiceEvery = 0,
                    .stopsAtFirst = true,
                    .secondsPerSeed = 10,
                    .isQuiet = true};
    const Tally tally = runSeeds(task, {});
    if (tally.failures.empty()) {
      ++missed;
      std::printf("MISSED  %-28s in %llu seeds\n", bug.name, wide(tally.seeds));
    } else {
      const Failure& first = tally.failures.front();
      std::printf("found   %-28s after %5llu seeds, seed %llu, %s: %s\n", bug.name,
                  wide(tally.seeds), wide(first.seed), first.invariant.c_str(),
                  first.detail.c_str());
    }
    std::fflush(stdout);
  }
  std::printf("%d of %d planted bugs found\n", tried - missed, tried);
  return missed == 0 && tried > 0 ? 0 : 1;
}
#else
int power(const Arguments&, Scenario) {
  std::fprintf(stderr, "this build has no planted bugs; use ./dev sim --power\n");
  return 2;
}
#endif

int commandLine(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Whole peers in simulated networks, drawn from seeds and held against invariants.");
  app.add_option("--seeds", arguments.seeds, "how many seeds; with --power: at most, per bug");
  app.add_option("--first", arguments.first, "the first seed");
  app.add_option("--scenario", arguments.scenario,
                 "call, weather, outage, channels, glare, "
                 "hostile, closing, nat, clock, order, mixed");
  app.add_option("--replay", arguments.replay, "one seed again, told in full");
  app.add_option("--minimise", arguments.minimise, "the least plan with which this seed fails");
  app.add_option("--without", arguments.without, "items of the plan to leave out")->delimiter(',');
  app.add_option("--jobs", arguments.jobs, "processes");
  app.add_flag("--power", arguments.power, "how many of the planted bugs the seeds find");
  app.add_option("--bug", arguments.bug, "with --power: only this one");
  CLI11_PARSE(app, argc, argv);
  const auto scenario = scenarioNamed(arguments.scenario);
  if (!scenario) {
    std::fprintf(stderr, "there is no scenario named %s\n", arguments.scenario.c_str());
    return 2;
  }
  if (arguments.replay) return replay(arguments, *scenario);
  if (arguments.minimise) return minimise(arguments, *scenario);
  return arguments.power ? power(arguments, *scenario) : many(arguments, *scenario);
}

}  // namespace
}  // namespace parley::seeds

int main(int argc, char** argv) { return parley::seeds::commandLine(argc, argv); }
