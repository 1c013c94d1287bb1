#include "crypto/fingerprint.h"

#include <array>
#include <optional>
#include <utility>

namespace parley::crypto {

namespace {

constexpr std::array<std::pair<std::string_view, Hash>, 5> kNames{{{"md5", Hash::md5},
                                                                   {"sha-1", Hash::sha1},
                                                                   {"sha-256", Hash::sha256},
                                                                   {"sha-384", Hash::sha384},
                                                                   {"sha-512", Hash::sha512}}};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::uint8_t> digitOf(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char small = lower(c);
  if (small >= 'a' && small <= 'f') return static_cast<std::uint8_t>(small - 'a' + 10);
  return std::nullopt;
}

}  // namespace

std::string_view hashName(Hash hash) {
  for (const auto& [name, value] : kNames) {
    if (value == hash) return name;
  }
  return {};
}

Result<Fingerprint, ParseError> Fingerprint::parse(std::string_view value) {
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos) return Unexpected(ParseError::malformed);
  return parse(value.substr(0, space), value.substr(space + 1));
}

Result<Fingerprint, ParseError> Fingerprint::parse(std::string_view algorithm,
                                                   std::string_view hex) {
  const auto known = std::ranges::find_if(
      kNames, [&](const auto& entry) { return equalIgnoringCase(entry.first, algorithm); });
  if (known == kNames.end()) return Unexpected(ParseError::unsupported);

  Fingerprint fingerprint;
  fingerprint.algorithm = known->second;
  const std::size_t size = digestSize(fingerprint.algorithm);
  if (hex.size() + 1 < 3 * size) return Unexpected(ParseError::truncated);
  if (hex.size() + 1 > 3 * size) return Unexpected(ParseError::malformed);

  fingerprint.digest.reserve(size);
  for (std::size_t at = 0; at < hex.size(); at += 3) {
    const auto high = digitOf(hex[at]);
    const auto low = digitOf(hex[at + 1]);
    if (!high || !low) return Unexpected(ParseError::malformed);
    if (at + 2 < hex.size() && hex[at + 2] != ':') return Unexpected(ParseError::malformed);
    fingerprint.digest.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return fingerprint;
}

std::string Fingerprint::toString() const { return std::string(hashName(algorithm)) + ' ' + hex(); }

std::string Fingerprint::hex() const {
  constexpr std::string_view kDigits = "0123456789ABCDEF";  // RFC 8122 5: upper case
  std::string text;
  text.reserve(digest.size() * 3);
  for (const std::uint8_t byte : digest) {
    if (!text.empty()) text.push_back(':');
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

}  // namespace parley::crypto
