// How soon the other side notices close(): from the call until the close event of its channel, over
// many worlds. Time is the world's, so the bounds hold on any machine.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "call.h"
#include "sim/world.h"

namespace parley::notices {
namespace {

struct Condition {
  const char* name;
  double loss;
  Duration bound;  // of the 99th percentile
};
constexpr Duration kRoundTrip = 50ms;
constexpr Condition kConditions[] = {{"no loss", 0, 2 * kRoundTrip}, {"30 % loss", 0.3, 1s}};
constexpr Duration kNever = 60s;

// Either side closes, a drawn while after the channel has opened.
Duration noticeAfterClose(double loss, std::uint64_t seed) {
  sim::World world(seed);
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = kRoundTrip / 2});
  worlds::Call call(world, alice, bob);
  if (!call.connect(kNever)) return kNever;
  link.setOptions({.latency = kRoundTrip / 2, .loss = loss});
  world.runFor(Duration(1'000 * world.random().below(20'000)));
  worlds::End& closer = seed % 2 ? call.offerer : call.answerer;
  worlds::End& other = seed % 2 ? call.answerer : call.offerer;
  const Instant closed = world.now();
  closer.node.post([&closer] { closer.pc->close(); });
  return world.runUntil([&other] { return other.closes == 1; }, kNever) ? world.now() - closed
                                                                        : kNever;
}

double milliseconds(Duration time) { return static_cast<double>(time / 1us) / 1'000; }

bool measure(const Condition& condition, std::uint64_t seeds) {
  std::vector<Duration> notices;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    notices.push_back(noticeAfterClose(condition.loss, seed));
  std::ranges::sort(notices);
  const Duration p99 = notices[(notices.size() - 1) * 99 / 100];
  std::printf("%-10s %6zu closes: p50 %.1f ms, p99 %.1f ms, max %.1f ms; p99 may be %.0f ms%s\n",
              condition.name, notices.size(), milliseconds(notices[notices.size() / 2]),
              milliseconds(p99), milliseconds(notices.back()), milliseconds(condition.bound),
              p99 > condition.bound ? "  WRONG" : "");
  return p99 <= condition.bound;
}

}  // namespace
}  // namespace parley::notices

int main(int argc, char** argv) {
  using namespace parley::notices;
  std::uint64_t seeds = 1'000;
  for (int i = 1; i + 1 < argc; i += 2)
    if (std::string_view(argv[i]) == "--seeds") seeds = std::strtoull(argv[i + 1], nullptr, 10);
  bool areKept = seeds > 0;
  for (const Condition& condition : kConditions) areKept &= measure(condition, seeds);
  return areKept ? 0 : 1;
}
