// Connect, exchange a message, close, and again: nothing may stay behind. Exits with 1 when file
// descriptors, threads or what the loop holds are not back to the start, or, over 1,000 cycles,
// when resident memory grows by more than 100 bytes a cycle from cycle 1,000 on.

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "support/pair.h"
#include "support/process.h"

using namespace std::chrono_literals;
using namespace parley;

namespace {

constexpr int kWarmUp = 1'000;
constexpr double kBytesPerCycleMax = 100;

bool cycle(Loop& loop) {
  support::Pair pair(loop);
  if (!pair.connect()) return false;
  bool received = false, closed = false;
  pair.announced->onmessage = [&](const MessageEvent&) { received = true; };
  pair.announced->onclose = [&](const Event&) { closed = true; };
  pair.offered->send("hello");
  if (!loop.runUntil([&] { return received; }, 10s)) return false;
  pair.offerer.close();
  return loop.runUntil([&] { return closed; }, 10s);
}

struct Sample {
  double cycle;
  double bytes;
};

// Least squares: bytes per cycle.
double slope(const std::vector<Sample>& samples) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (const Sample& sample : samples) {
    n += 1;
    x += sample.cycle;
    y += sample.bytes;
    xx += sample.cycle * sample.cycle;
    xy += sample.cycle * sample.bytes;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

int run(int cycles) {
  Loop loop;
  if (!cycle(loop) || !loop.drain(10s)) return std::fprintf(stderr, "first cycle failed\n"), 1;
  const std::size_t files = support::openFiles(), threads = support::threads();
  std::vector<Sample> samples;
  for (int i = 1; i <= cycles; ++i) {
    if (!cycle(loop)) return std::fprintf(stderr, "cycle %d failed\n", i), 1;
    if (i >= kWarmUp && i % 100 == 0)
      samples.push_back({static_cast<double>(i), static_cast<double>(support::residentBytes())});
    if (i % 1'000 == 0)
      std::printf("%6d cycles, %zu KiB resident\n", i, support::residentBytes() / 1024);
  }
  const bool drained = loop.drain(10s);
  const ReleaseReport report = loop.releaseReport();
  std::printf("loop: %s\n", report.toString().c_str());
  std::printf("files %zu -> %zu, threads %zu -> %zu\n", files, support::openFiles(), threads,
              support::threads());
  bool passed =
      drained && report.isZero() && files == support::openFiles() && threads == support::threads();
  if (cycles > kWarmUp) {
    const double growth = slope(samples);
    std::printf("resident memory: %+.1f bytes a cycle over cycles %d to %d\n", growth, kWarmUp,
                cycles);
    passed = passed && growth <= kBytesPerCycleMax;
  }
  std::puts(passed ? "passed" : "FAILED");
  return passed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return run(argc > 1 ? std::atoi(argv[1]) : 10'000); }
