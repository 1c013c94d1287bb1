#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/bytes.h"
#include "core/packet.h"
#include "core/random.h"
#include "core/step.h"
#include "core/trace.h"

// What the fuzz targets share. A target is one source file that includes this header once and
// defines oneInput(); what it finds wrong it says with FUZZ_REQUIRE, which ends the process.

// Of <sanitizer/allocator_interface.h>, which GCC's packages do not always bring.
extern "C" {
std::size_t __sanitizer_get_allocated_size(const volatile void* block);
int __sanitizer_install_malloc_and_free_hooks(void (*onMalloc)(const volatile void*, std::size_t),
                                              void (*onFree)(const volatile void*));
}

namespace parley::fuzz {

void oneInput(Bytes input);

[[noreturn]] inline void refuse(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

#define FUZZ_REQUIRE(expression) \
  (static_cast<bool>(expression) ? void() : ::parley::fuzz::refuse(#expression, __FILE__, __LINE__))

// Choices read off the front of an input; zeros once it is used up, so every input means something.
class Input {
 public:
  explicit Input(Bytes bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  bool flag() { return (u8() & 1) != 0; }
  std::size_t below(std::size_t bound) { return bound > 256 ? u16() % bound : u8() % bound; }

  Bytes bytes(std::size_t most) {
    const Bytes taken = rest_.first(std::min(most, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  Bytes rest() { return bytes(rest_.size()); }

 private:
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(width)) value = value << 8 | byte;
    return value;
  }

  Bytes rest_;
};

// A view that a parser hands out lies in what it was given.
inline bool isInside(Bytes view, Bytes whole) {
  return view.empty() ||
         (view.data() >= whole.data() && view.data() + view.size() <= whole.data() + whole.size());
}

// Bytes that are allocated now, and the most since the last reset, as the sanitizer sees them;
// those of OpenSSL as well.
class Allocations {
 public:
  static std::size_t live() { return counts().live; }
  static void reset() {
    install();
    counts().peak = counts().live;
  }
  static std::size_t peak() { return counts().peak; }

 private:
  struct Counts {
    std::size_t live = 0;
    std::size_t peak = 0;
  };
  static Counts& counts() {
    static Counts all;
    return all;
  }
  static void onMalloc(const volatile void*, std::size_t size) {
    Counts& all = counts();
    all.live += size;
    all.peak = std::max(all.peak, all.live);
  }
  static void onFree(const volatile void* block) {
    if (!block) return;
    const std::size_t size = __sanitizer_get_allocated_size(block);
    counts().live -= std::min(counts().live, size);  // some are older than the hooks
  }
  static void install() {
    static const int hooks = __sanitizer_install_malloc_and_free_hooks(onMalloc, onFree);
    FUZZ_REQUIRE(hooks > 0);
  }
};

class SeededSecrets final : public Secrets {
 public:
  explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u64() >> 32);
  }

 private:
  Random random_;
};

// The pool outlives all inputs, because making one costs more than most inputs do.
inline PacketPool& packets() {
  static PacketPool pool(1'024);
  static const bool warm = static_cast<bool>(pool.take());  // its first slab is not the input's
  FUZZ_REQUIRE(warm);
  return pool;
}

// Watches one scope: it may hold 64 bytes for each byte of input, 64 KiB, and what the target says
// it needs whatever the input is.
class Frugal {
 public:
  explicit Frugal(std::size_t inputSize, std::size_t base = 0)
      : most_(64 * inputSize + (64u << 10) + base) {
    packets();
    Allocations::reset();
    before_ = Allocations::live();
  }
  ~Frugal() { check(); }
  void check() const { FUZZ_REQUIRE(Allocations::peak() <= before_ + most_); }

 private:
  std::size_t most_;
  std::size_t before_ = 0;
};

// One input played as a whole `Game`, which may hold `own` bytes of its own; what is made once for
// the process is made before that counts.
template <class Game>
void playFrugally(Bytes input, std::size_t own) {
  static const bool warm = [] {
    Game(Bytes()).play();
    return true;
  }();
  FUZZ_REQUIRE(warm);
  const Frugal frugal(input.size(), own);
  Game(input).play();
}

// A clock that is told, dice, and a pool: where a core lives for one input.
struct World {
  explicit World(std::uint64_t seed = 1) : random(seed), secrets(seed + 1) {}
  Step step() { return {now, kWall, packets(), random, secrets, trace}; }

  static constexpr std::int64_t kWall = 1'795'000'000'000'000;
  Instant now{1'000s};
  Random random;
  SeededSecrets secrets;
  NoTrace trace;
};

}  // namespace parley::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::fuzz::oneInput({data, size});
  return 0;
}
