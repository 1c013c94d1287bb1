#include "core/local_name.h"

#include <algorithm>
#include <array>

namespace parley {

namespace {

constexpr std::string_view kSuffix = ".local";
constexpr std::size_t kLabel = 63;  // RFC 1035 2.3.4

char toLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool isLabelCharacter(char c) {
  const char lower = toLower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

}  // namespace

bool isLocalName(std::string_view name) {
  return name.size() > kSuffix.size() &&
         std::ranges::equal(name.substr(name.size() - kSuffix.size()), kSuffix, {}, toLower);
}

bool isCandidateName(std::string_view name) {
  if (!isLocalName(name)) return false;
  const std::string_view label = name.substr(0, name.size() - kSuffix.size());
  return label.size() <= kLabel && std::ranges::all_of(label, isLabelCharacter);
}

std::string makeCandidateName(Secrets& secrets) {
  std::array<std::uint8_t, 16> bytes{};
  secrets.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);  // the variant of RFC 9562 4.1
  std::string name;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) name += '-';
    name += "0123456789abcdef"[bytes[i] >> 4];
    name += "0123456789abcdef"[bytes[i] & 15];
  }
  return name.append(kSuffix);
}

}  // namespace parley
