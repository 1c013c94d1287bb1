#include <cstdio>
#include <cstdlib>
#include "run.h"
using namespace parley::seeds;
int main(int argc, char** argv) {
  std::uint64_t from = std::strtoull(argv[1], nullptr, 10), to = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : from;
  auto sc = argc > 3 ? *scenarioNamed(argv[3]) : Scenario::mixed;
  int bad = 0;
  for (auto s = from; s <= to; ++s) {
    auto plan = draw(s, sc);
    RunOptions o; o.isVerbose = from == to;
    if (o.isVerbose) std::printf("%s", plan.describe().c_str());
    auto out = runSeed(plan, o);
    if (out.violation) { ++bad; std::printf("seed %llu %s: %s: %s at %.3f\n", (unsigned long long)s, nameOf(plan.scenario).data(), out.violation->invariant.c_str(), out.violation->detail.c_str(), out.at.time_since_epoch().count()/1e6); }
    else if (from == to) std::printf("ok hash %llx steps %llu datagrams %llu messages %llu\n", (unsigned long long)out.hash, (unsigned long long)out.step, (unsigned long long)out.datagrams, (unsigned long long)out.messages);
  }
  std::printf("bad %d\n", bad);
}
