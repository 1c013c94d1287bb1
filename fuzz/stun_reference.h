#pragma once

#include <optional>
#include <vector>

#include "core/bytes.h"
#include "stun/protocol.h"

// STUN read a second time, as plainly as can be, for the fuzz targets to compare with.

namespace parley::fuzz {

struct StunAttribute {
  std::uint16_t type = 0;
  std::size_t at = 0;  // of its header
  Bytes value;
};

inline std::size_t numberAt(Bytes bytes, std::size_t at) {
  return static_cast<std::size_t>(bytes[at] << 8 | bytes[at + 1]);
}

// All attributes in their order, or nothing when the form is wrong.
inline std::optional<std::vector<StunAttribute>> readStun(Bytes message) {
  if (message.size() < 20 || message.size() > 1'280 || message.size() % 4 != 0) return std::nullopt;
  if (message[0] > 0x3f || message[4] != 0x21 || message[5] != 0x12 || message[6] != 0xa4 ||
      message[7] != 0x42 || numberAt(message, 2) != message.size() - 20) {
    return std::nullopt;
  }
  std::vector<StunAttribute> all;
  for (std::size_t at = 20; at < message.size();) {
    const std::size_t length = numberAt(message, at + 2);
    if (at + 4 + length > message.size()) return std::nullopt;
    all.push_back(
        {static_cast<std::uint16_t>(numberAt(message, at)), at, message.subspan(at + 4, length)});
    at += 4 + (length + 3) / 4 * 4;
  }
  return all;
}

constexpr std::uint16_t kSha1 = 0x0008, kSha256 = 0x001c, kFingerprint = 0x8028, kUserhash = 0x001e;

// What RFC 8489 14 asks of the few attributes with one form, and of the place of FINGERPRINT.
inline bool isGoodForm(const std::vector<StunAttribute>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t length = all[i].value.size();
    if (all[i].type == kSha1 && length != 20) return false;
    if (all[i].type == kSha256 && (length < 16 || length > 32 || length % 4 != 0)) return false;
    if (all[i].type == kUserhash && length != 32) return false;
    if (all[i].type == kFingerprint && (length != 4 || i + 1 != all.size())) return false;
  }
  return true;
}

// Those that are protected, or would be: up to the first integrity.
inline std::vector<StunAttribute> visible(const std::vector<StunAttribute>& all) {
  std::vector<StunAttribute> seen;
  for (const StunAttribute& one : all) {
    if (one.type == kSha1 || one.type == kSha256 || one.type == kFingerprint) break;
    seen.push_back(one);
  }
  return seen;
}

}  // namespace parley::fuzz
