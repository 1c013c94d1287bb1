#include "core/sip_hash.h"

#include <bit>

namespace parley {
namespace {

std::uint64_t loadLittle(Bytes bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

void storeLittle(std::uint64_t word, MutableBytes to) {
  for (std::size_t i = 0; i < 8; ++i) to[i] = static_cast<std::uint8_t>(word >> (8 * i));
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

SipTag sipHash128(const SipKey& key, Bytes input) {
  const std::uint64_t k0 = loadLittle(Bytes(key).first(8));
  const std::uint64_t k1 = loadLittle(Bytes(key).last(8));
  // The constants are "somepseudorandomlygeneratedbytes"; 0xee selects the 128-bit variant.
  SipState state{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee, k0 ^ 0x6c7967656e657261,
                 k1 ^ 0x7465646279746573};

  Bytes rest = input;
  for (; rest.size() >= 8; rest = rest.subspan(8)) state.absorb(loadLittle(rest.first(8)));
  state.absorb(std::uint64_t{input.size()} << 56 | loadLittle(rest));

  SipTag tag;
  state.v2 ^= 0xee;
  storeLittle(state.squeeze(), MutableBytes(tag).first(8));
  state.v1 ^= 0xdd;
  storeLittle(state.squeeze(), MutableBytes(tag).last(8));
  return tag;
}

bool equalInConstantTime(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace parley
