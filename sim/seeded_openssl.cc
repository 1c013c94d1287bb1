// RAND_set_rand_method is the one way to hand OpenSSL 3 a generator without a provider of our own.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sim/seeded_openssl.h"

#include <openssl/rand.h>
#include <sys/time.h>

#include <ctime>
#include <utility>

#include "core/assert.h"

namespace parley::sim {
namespace {

SeededOpenssl* youngest = nullptr;

int fillBytes(unsigned char* to, int count) {
  if (youngest == nullptr || count < 0) return 0;
  youngest->fill({to, static_cast<std::size_t>(count)});
  return 1;
}

int isReady() { return 1; }

const RAND_METHOD kSeeded = {.seed = nullptr,
                             .bytes = fillBytes,
                             .cleanup = nullptr,
                             .add = nullptr,
                             .pseudorand = fillBytes,
                             .status = isReady};

}  // namespace

SeededOpenssl::SeededOpenssl(std::uint64_t seed, WallClock clock)
    : random_(seed), clock_(std::move(clock)), before_(std::exchange(youngest, this)) {
  PARLEY_ASSERT(RAND_set_rand_method(&kSeeded) == 1);
}

SeededOpenssl::~SeededOpenssl() {
  PARLEY_ASSERT(youngest == this);
  youngest = before_;
  if (youngest == nullptr) RAND_set_rand_method(nullptr);
}

void SeededOpenssl::fill(MutableBytes bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    std::uint64_t word = random_.u64();
    for (int i = 0; i < 8 && at < bytes.size(); ++i, word >>= 8)
      bytes[at++] = static_cast<std::uint8_t>(word);
  }
}

SeededOpenssl* SeededOpenssl::current() { return youngest; }

}  // namespace parley::sim

// libssl and libcrypto ask for the time through the dynamic linker, so what a program of ours
// defines is what they get. Outside of worlds it is the system's.
extern "C" {

__attribute__((visibility("default"))) int gettimeofday(timeval* __restrict into,
                                                        void* __restrict) noexcept {
  timespec now{};
  if (const auto* world = parley::sim::SeededOpenssl::current()) {
    now.tv_sec = static_cast<time_t>(world->wallMicros() / 1'000'000);
    now.tv_nsec = static_cast<long>(world->wallMicros() % 1'000'000) * 1'000;
  } else if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
    return -1;
  }
  into->tv_sec = now.tv_sec;
  into->tv_usec = now.tv_nsec / 1'000;
  return 0;
}

__attribute__((visibility("default"))) time_t time(time_t* into) noexcept {
  timeval now{};
  gettimeofday(&now, nullptr);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}
}
