#include <cstdio>
#include <cstdlib>
#include "run.h"
using namespace parley::seeds;
struct PrintTrace final : parley::TraceSink {
  PrintTrace() { topics_ = ~0u & ~(1u << static_cast<unsigned>(parley::Topic::loop)); }
  void write(parley::Instant when, parley::Topic topic, const char* event, std::initializer_list<parley::Field> fields) override {
    if (!std::string_view(event).compare("flush")) return;
    std::printf("%11.6f  -  %s %s", static_cast<double>(when.time_since_epoch().count())/1e6, std::string(parley::topicName(topic)).c_str(), event);
    for (auto& f : fields) f.kind == parley::Field::Kind::number ? std::printf(" %s=%lld", f.name, (long long)f.number) : std::printf(" %s=%s", f.name, std::string(f.text).c_str());
    std::printf("\n");
  }
};
int main(int argc, char** argv) {
  std::uint64_t from = std::strtoull(argv[1], nullptr, 10), to = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : from;
  auto sc = argc > 3 ? *scenarioNamed(argv[3]) : Scenario::mixed;
  int bad = 0;
  for (auto s = from; s <= to; ++s) {
    auto plan = draw(s, sc);
    RunOptions o; o.isVerbose = from == to; PrintTrace pt; if (from==to) o.trace = &pt;
    if (o.isVerbose) std::printf("%s", plan.describe().c_str());
    auto out = runSeed(plan, o);
    if (out.violation) { ++bad; std::printf("seed %llu %s: %s: %s at %.3f\n", (unsigned long long)s, nameOf(plan.scenario).data(), out.violation->invariant.c_str(), out.violation->detail.c_str(), out.at.time_since_epoch().count()/1e6); }
    else if (from == to) std::printf("ok hash %llx steps %llu datagrams %llu messages %llu\n", (unsigned long long)out.hash, (unsigned long long)out.step, (unsigned long long)out.datagrams, (unsigned long long)out.messages);
  }
  std::printf("bad %d\n", bad);
}
