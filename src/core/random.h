#pragma once

#include <bit>
#include <cstdint>

#include "core/bytes.h"

namespace parley {

// Seeded dice for jitter, tie-breakers and initial numbers; never for keys (xoshiro256**, seeded
// by splitmix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      std::uint64_t mixed = seed;
      mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
      word = mixed ^ mixed >> 31;
    }
  }

  std::uint64_t u64() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(u64() >> 32); }
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : u64() % bound; }
  double unit() { return static_cast<double>(u64() >> 11) * 0x1.0p-53; }  // [0, 1)

 private:
  std::uint64_t state_[4];
};

// Where keys, passwords, cookies and transaction ids come from: a CSPRNG in production
// (crypto::SystemSecrets), a seeded one in worlds.
class Secrets {
 public:
  virtual void fill(MutableBytes bytes) = 0;

  template <class Number>
  Number number() {
    Number value{};
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    return value;
  }

 protected:
  ~Secrets() = default;
};

}  // namespace parley
