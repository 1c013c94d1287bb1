#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "benchmarks.h"
#include "support/pair.h"
#include "support/process.h"

namespace bench {
namespace {

using namespace std::chrono_literals;
using namespace parley;
using Clock = std::chrono::steady_clock;

constexpr auto kWarmUp = 1s;
constexpr auto kWindow = 5s;
constexpr std::size_t kQueued = 1u << 20;  // bufferedAmount kept below this
constexpr int kRoundTrips = 20'000;

struct Flow {
  double messages = 0;
  double bytes = 0;
  double cpu = 0;
};

// Keeps the channel's buffer between half and all of kQueued for a warm-up and a window.
Flow flow(std::size_t messageSize) {
  Loop loop;
  support::Pair pair(loop);
  if (!pair.connect()) {
    std::fputs("benchmark failed: a pair did not connect\n", stderr);
    std::exit(1);
  }
  Flow seen;
  pair.announced->onmessage = [&](const MessageEvent& event) {
    seen.messages += 1;
    seen.bytes += static_cast<double>(std::get<std::vector<std::uint8_t>>(event.data).size());
  };
  const std::vector<std::uint8_t> message(messageSize, 0x5a);
  auto fill = [&] {
    while (pair.offered->bufferedAmount() < kQueued)
      pair.offered->send(std::span<const std::uint8_t>(message));
  };
  pair.offered->setBufferedAmountLowThreshold(kQueued / 2);
  pair.offered->onbufferedamountlow = [&](const Event&) { fill(); };
  fill();
  loop.runFor(kWarmUp);
  seen = {};
  const double cpu = support::cpuSeconds();
  loop.runFor(kWindow);
  seen.cpu = support::cpuSeconds() - cpu;
  return seen;
}

double windowSeconds() { return std::chrono::duration<double>(kWindow).count(); }

}  // namespace

void measureBulk(Report& report, std::size_t messageSize) {
  const Flow seen = flow(messageSize);
  report.add(format("bulk-%zu", messageSize),
             format("bulk, one ordered channel, %zu-byte messages", messageSize),
             format("%.0f Mbit/s, %.0f MB per CPU second of both peers",
                    seen.bytes * 8 / 1e6 / windowSeconds(), seen.bytes / 1e6 / seen.cpu));
}

void measureSmallMessages(Report& report) {
  const Flow seen = flow(64);
  report.add("small", "64-byte messages, one ordered channel",
             format("%.0f thousand/s, %.0f thousand per CPU second",
                    seen.messages / 1e3 / windowSeconds(), seen.messages / 1e3 / seen.cpu));
}

void measurePingPong(Report& report) {
  Loop loop;
  support::Pair pair(loop);
  if (!pair.connect()) std::exit(1);
  const std::vector<std::uint8_t> ball(64, 1);
  std::vector<double> times;
  auto start = Clock::now();
  pair.announced->onmessage = [&](const MessageEvent&) {
    pair.announced->send(std::span<const std::uint8_t>(ball));
  };
  pair.offered->onmessage = [&](const MessageEvent&) {
    const auto now = Clock::now();
    times.push_back(std::chrono::duration<double, std::micro>(now - start).count());
    start = now;
    pair.offered->send(std::span<const std::uint8_t>(ball));
  };
  pair.offered->send(std::span<const std::uint8_t>(ball));
  loop.runUntil([&] { return times.size() >= kRoundTrips; }, 60s);
  report.add("ping-pong", "ping-pong, 64 bytes, p50 / p99 / p99.9",
             format("%.0f / %.0f / %.0f us", percentile(times, 0.5), percentile(times, 0.99),
                    percentile(times, 0.999)));
}

}  // namespace bench
