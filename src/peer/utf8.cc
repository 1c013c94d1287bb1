#include "peer/utf8.h"

#include <cstddef>
#include <cstdint>

namespace parley::peer {
namespace {

struct Sequence {
  std::size_t size;  // bytes that belong together, at least one
  bool isValid;
};

bool isBetween(std::uint8_t byte, std::uint8_t low, std::uint8_t high) {
  return byte >= low && byte <= high;
}

// Unicode table 3-7: which second byte may follow which first byte.
Sequence sequenceAt(std::string_view text, std::size_t at) {
  const auto byteAt = [&](std::size_t index) {
    return index < text.size() ? static_cast<std::uint8_t>(text[index]) : std::uint8_t{0};
  };
  const std::uint8_t first = byteAt(at);
  if (first < 0x80) return {1, true};
  std::size_t size = 0;
  std::uint8_t low = 0x80, high = 0xbf;
  if (isBetween(first, 0xc2, 0xdf)) size = 2;
  if (isBetween(first, 0xe0, 0xef)) size = 3;
  if (isBetween(first, 0xf0, 0xf4)) size = 4;
  if (size == 0) return {1, false};
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  for (std::size_t i = 1; i < size; ++i) {
    if (!isBetween(byteAt(at + i), low, high)) return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {size, true};
}

}  // namespace

bool isUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Sequence sequence = sequenceAt(text, at);
    if (!sequence.isValid) return false;
    at += sequence.size;
  }
  return true;
}

std::string toUtf8(std::string_view text) {
  if (isUtf8(text)) return std::string(text);
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Sequence sequence = sequenceAt(text, at);
    if (sequence.isValid)
      decoded.append(text.substr(at, sequence.size));
    else
      decoded.append("\xef\xbf\xbd");
    at += sequence.size;
  }
  return decoded;
}

void appendUtf8(std::string& text, char32_t codePoint) {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) codePoint = 0xfffd;
  const auto push = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (codePoint < 0x80) return push(codePoint);
  if (codePoint < 0x800) {
    push(0xc0 | codePoint >> 6);
  } else {
    if (codePoint < 0x10000) {
      push(0xe0 | codePoint >> 12);
    } else {
      push(0xf0 | codePoint >> 18);
      push(0x80 | (codePoint >> 12 & 0x3f));
    }
    push(0x80 | (codePoint >> 6 & 0x3f));
  }
  push(0x80 | (codePoint & 0x3f));
}

}  // namespace parley::peer
