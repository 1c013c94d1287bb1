#pragma once

#include <cstdint>
#include <string_view>

#include "core/bytes.h"
#include "core/packet.h"
#include "core/random.h"
#include "stun/protocol.h"

// What the tests of STUN share: bytes from hex text, and dice that repeat.

namespace parley::stun::test {

inline ByteVector fromHex(std::string_view text) {
  ByteVector bytes;
  int high = -1;
  for (const char c : text) {
    const auto at = std::string_view("0123456789abcdef").find(c);
    if (at == std::string_view::npos) continue;
    if (high < 0) {
      high = static_cast<int>(at);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | static_cast<int>(at)));
      high = -1;
    }
  }
  return bytes;
}

inline TransactionId idOf(std::uint8_t seed) {
  TransactionId id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(seed + i * 17);
  return id;
}

class SeededSecrets final : public Secrets {
 public:
  explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u64() >> 32);
  }

 private:
  Random random_;
};

}  // namespace parley::stun::test
