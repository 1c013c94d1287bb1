#pragma once

#include <string_view>

#include "core/bytes.h"

namespace parley::crypto::testing {

// For vectors in tests: digits in pairs, anything else between them is passed over.
inline ByteVector fromHex(std::string_view text) {
  ByteVector bytes;
  int high = -1;
  for (const char c : text) {
    const bool isDigit = c >= '0' && c <= '9';
    if (!isDigit && !(c >= 'a' && c <= 'f')) continue;
    const int digit = isDigit ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

}  // namespace parley::crypto::testing
