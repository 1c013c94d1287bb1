#include "peer/utf8.h"

#include "fuzz/common.h"

// A second reading of RFC 3629, by value and not by byte ranges, agrees on what is well formed; the
// repaired text is well formed, and unchanged exactly where nothing had to be repaired.
// max_len: 48

namespace parley::fuzz {
namespace {

bool isWellFormed(Bytes text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::uint8_t first = text[at];
    const std::size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (more > 0 && (first < 0xc0 || first > 0xf7)) return false;
    if (at + more >= text.size()) return false;
    std::uint32_t value = more == 0 ? first : first & (0x3fu >> more);
    for (std::size_t i = 1; i <= more; ++i) {
      if ((text[at + i] & 0xc0) != 0x80) return false;
      value = value << 6 | (text[at + i] & 0x3fu);
    }
    static constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (value < kLeast[more] || value > 0x10ffff) return false;
    if (value >= 0xd800 && value < 0xe000) return false;
    at += more + 1;
  }
  return true;
}

}  // namespace

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  const std::string_view text = textOf(input);
  const bool isGood = isWellFormed(input);
  FUZZ_REQUIRE(peer::isUtf8(text) == isGood);
  const std::string repaired = peer::toUtf8(text);
  FUZZ_REQUIRE((repaired == text) == isGood);
  FUZZ_REQUIRE(repaired.size() <= 3 * text.size());
  FUZZ_REQUIRE(isWellFormed(bytesOf(repaired)) && peer::toUtf8(repaired) == repaired);

  Input in(input);
  std::string one;
  const char32_t codePoint = in.u32() % 0x110000;
  peer::appendUtf8(one, codePoint);
  FUZZ_REQUIRE(isWellFormed(bytesOf(one)));
}

}  // namespace parley::fuzz
