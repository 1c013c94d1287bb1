#include "core/address.h"

#include <charconv>

namespace parley {
namespace {

std::optional<std::uint32_t> parseNumber(std::string_view text, int base, std::uint32_t largest) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || rest != end || value > largest) return std::nullopt;
  return value;
}

std::optional<std::array<std::uint8_t, 4>> parseDotted(std::string_view text) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos || dot == 0 || dot > 3) return std::nullopt;
    if (dot > 1 && text[0] == '0') return std::nullopt;  // 010 is octal to some readers
    const auto part = parseNumber(text.substr(0, dot), 10, 255);
    if (!part) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*part);
    text.remove_prefix(std::min(text.size(), dot + 1));
  }
  return text.empty() ? std::optional(bytes) : std::nullopt;
}

// Appends the colon-separated groups of `text`; at the end of an address the last may be dotted.
bool parseGroups(std::string_view text, bool atEnd, std::array<std::uint16_t, 8>& groups,
                 std::size_t& count) {
  while (!text.empty()) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view part = text.substr(0, colon);
    if (part.find('.') != std::string_view::npos) {
      const auto dotted = parseDotted(part);
      if (!dotted || !atEnd || colon != text.size() || count > 6) return false;
      groups[count++] = static_cast<std::uint16_t>((*dotted)[0] << 8 | (*dotted)[1]);
      groups[count++] = static_cast<std::uint16_t>((*dotted)[2] << 8 | (*dotted)[3]);
      return true;
    }
    const auto group = parseNumber(part, 16, 0xffff);
    if (!group || part.size() > 4 || count > 7) return false;
    groups[count++] = static_cast<std::uint16_t>(*group);
    if (colon + 1 == text.size()) return false;  // a trailing single colon
    text.remove_prefix(std::min(text.size(), colon + 1));
  }
  return true;
}

std::optional<IpAddress> parseV6(std::string_view text) {
  std::array<std::uint16_t, 8> head{}, tail{};
  std::size_t headCount = 0, tailCount = 0;
  const std::size_t gap = text.find("::");
  const bool hasGap = gap != std::string_view::npos;
  if (!parseGroups(text.substr(0, gap), !hasGap, head, headCount)) return std::nullopt;
  if (!hasGap) {
    if (headCount != 8) return std::nullopt;
  } else {
    if (!parseGroups(text.substr(gap + 2), true, tail, tailCount)) return std::nullopt;
    if (headCount + tailCount > 7) return std::nullopt;
    for (std::size_t i = 0; i < tailCount; ++i) head[8 - tailCount + i] = tail[i];
  }
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(head[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(head[i]);
  }
  return IpAddress::v6(bytes);
}

void appendNumber(std::string& text, unsigned value, int base) {
  char digits[12];
  const auto result = std::to_chars(digits, digits + sizeof digits, value, base);
  text.append(digits, result.ptr);
}

std::string formatDotted(Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += '.';
    appendNumber(text, byte, 10);
  }
  return text;
}

// RFC 5952 4: lower case, no leading zeros, the longest run of two or more zero groups as "::".
std::string formatV6(Bytes bytes) {
  unsigned groups[8];
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  std::size_t bestAt = 8, bestLength = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > bestLength) {
      bestAt = i;
      bestLength = end - i;
    }
    i = end + 1;
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == bestAt) {
      text += "::";
      i += bestLength - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    appendNumber(text, groups[i], 16);
  }
  return text;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > 45 || text.empty()) return std::nullopt;
  if (text.find(':') != std::string_view::npos) return parseV6(text);
  const auto dotted = parseDotted(text);
  if (!dotted) return std::nullopt;
  return v4(*dotted);
}

std::string IpAddress::toString() const {
  if (isV4()) return formatDotted(bytes());
  if (isV4Mapped()) return "::ffff:" + formatDotted(bytes().subspan(12));
  return formatV6(bytes());
}

bool IpAddress::isUnspecified() const {
  return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::isLoopback() const {
  if (isV4()) return bytes_[0] == 127;
  if (isV4Mapped()) return bytes_[12] == 127;
  return bytes_[15] == 1 &&
         std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

bool IpAddress::isLinkLocal() const {
  if (isV4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::isPrivate() const {
  if (isV6()) return (bytes_[0] & 0xfe) == 0xfc;
  return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) ||
         (bytes_[0] == 192 && bytes_[1] == 168) || (bytes_[0] == 100 && (bytes_[1] & 0xc0) == 64);
}

bool IpAddress::isMulticast() const {
  return isV4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::isV4Mapped() const {
  static constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return isV6() && std::equal(kPrefix.begin(), kPrefix.end(), bytes_.begin());
}

std::optional<Address> Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  const auto port = parseNumber(text.substr(colon + 1), 10, 65'535);
  if (!ip || !port || ip->isV6() != bracketed) return std::nullopt;
  return Address{*ip, static_cast<std::uint16_t>(*port)};
}

std::string Address::toString() const {
  std::string text = ip.isV6() ? "[" + ip.toString() + "]:" : ip.toString() + ":";
  appendNumber(text, port, 10);
  return text;
}

std::uint64_t hashOf(const Address& address, std::uint64_t seed) {
  std::uint64_t hash = seed ^ 0x9e3779b97f4a7c15;
  const auto mix = [&hash](std::uint64_t word) {
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  };
  const Bytes bytes = address.ip.bytes();
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    std::uint32_t word;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    mix(word);
  }
  mix(static_cast<std::uint64_t>(address.ip.scope()) << 16 | address.port);
  return hash;
}

}  // namespace parley
