#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "benchmarks.h"
#include "support/pair.h"
#include "support/process.h"

namespace bench {
namespace {

using namespace std::chrono_literals;
using namespace parley;
using Clock = std::chrono::steady_clock;

constexpr int kSequential = 300;
constexpr int kParallel = 500;
constexpr int kIdlePairs = 1'000;
constexpr int kCloses = 300;

double milliseconds(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "benchmark failed: %s\n", what);
  std::exit(1);
}

}  // namespace

void measureSetUp(Report& report) {
  Loop loop;
  std::vector<double> times;
  const double cpu = support::cpuSeconds();
  for (int i = 0; i < kSequential; ++i) {
    const auto start = Clock::now();
    support::Pair pair(loop);
    require(pair.connect(), "a pair did not connect");
    times.push_back(milliseconds(Clock::now() - start));
  }
  report.add("setup", "new pair to channel open at both ends, one after another, p50 / p99",
             format("%.2f / %.2f ms", percentile(times, 0.5), percentile(times, 0.99)));
  report.add("setup-cpu", "CPU per pair, set-up and close",
             format("%.2f ms", (support::cpuSeconds() - cpu) * 1e3 / kSequential));
  loop.drain(10s);
}

void measureParallelSetUp(Report& report) {
  Loop loop;
  std::deque<support::Pair> pairs;
  const auto start = Clock::now();
  for (int i = 0; i < kParallel; ++i) pairs.emplace_back(loop);
  std::size_t next = 0;
  require(loop.runUntil(
              [&] {
                while (next < pairs.size() && pairs[next].isOpen()) ++next;
                return next == pairs.size();
              },
              60s),
          "pairs did not connect");
  const double seconds = milliseconds(Clock::now() - start) / 1e3;
  report.add("parallel", format("%d pairs set up at once", kParallel),
             format("%.0f pairs/s", kParallel / seconds));
  pairs.clear();
  loop.drain(10s);
}

void measureIdleMemory(Report& report) {
  Loop loop;
  {
    support::Pair warmUp(loop);
    require(warmUp.connect(), "a pair did not connect");
  }
  loop.drain(10s);
  const std::size_t before = support::residentBytes();
  std::deque<support::Pair> pairs;
  for (int i = 0; i < kIdlePairs; ++i) {
    pairs.emplace_back(loop);
    require(pairs.back().connect(), "a pair did not connect");
  }
  const double each = static_cast<double>(support::residentBytes() - before) / (2.0 * kIdlePairs);
  report.add("memory",
             format("resident memory per idle connection (%d pairs, a channel each)", kIdlePairs),
             format("%.1f KiB", each / 1024));
  const double cpu = support::cpuSeconds();
  loop.runFor(5s);
  report.add("idle-cpu", format("CPU of %d idle pairs", kIdlePairs),
             format("%.1f %% of a core", (support::cpuSeconds() - cpu) / 5 * 100));
  const std::size_t full = support::residentBytes();
  pairs.clear();
  loop.drain(10s);
  loop.trim();
  report.add("trimmed", format("memory of %d closed pairs given back by trim()", kIdlePairs),
             format("%.1f %%", 100.0 * static_cast<double>(full - support::residentBytes()) /
                                   static_cast<double>(full - before)));
}

void measureClose(Report& report) {
  Loop loop;
  std::vector<double> remote, call;
  for (int i = 0; i < kCloses; ++i) {
    support::Pair pair(loop);
    require(pair.connect(), "a pair did not connect");
    bool closed = false;
    pair.announced->onclose = [&](const Event&) { closed = true; };
    const auto start = Clock::now();
    pair.offerer.close();
    call.push_back(milliseconds(Clock::now() - start) * 1e3);
    require(loop.runUntil([&] { return closed; }, 10s), "the close was not seen");
    remote.push_back(milliseconds(Clock::now() - start));
  }
  report.add("close", "close() to the other side's channel close, p50 / p99",
             format("%.3f / %.3f ms", percentile(remote, 0.5), percentile(remote, 0.99)));
  report.add("close-call", "close() itself returns after, p50 / p99",
             format("%.0f / %.0f us", percentile(call, 0.5), percentile(call, 0.99)));
  loop.drain(10s);
}

}  // namespace bench
