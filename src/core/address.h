#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace parley {

// An IPv4 or IPv6 address without a port.
class IpAddress {
 public:
  enum class Family : std::uint8_t { v4, v6 };

  constexpr IpAddress() = default;  // 0.0.0.0
  static constexpr IpAddress v4(std::array<std::uint8_t, 4> bytes) {
    IpAddress ip;
    for (std::size_t i = 0; i < 4; ++i) ip.bytes_[i] = bytes[i];
    return ip;
  }
  static constexpr IpAddress v6(std::array<std::uint8_t, 16> bytes, std::uint32_t scope = 0) {
    IpAddress ip;
    ip.family_ = Family::v6;
    ip.bytes_ = bytes;
    ip.scope_ = scope;
    return ip;
  }

  // Dotted IPv4 or RFC 4291 text; no brackets, no zone. Nothing else is accepted.
  static std::optional<IpAddress> parse(std::string_view text);
  std::string toString() const;  // RFC 5952

  Family family() const { return family_; }
  bool isV4() const { return family_ == Family::v4; }
  bool isV6() const { return family_ == Family::v6; }
  Bytes bytes() const { return {bytes_.data(), isV4() ? 4u : 16u}; }  // network order
  std::uint32_t scope() const { return scope_; }                      // IPv6 zone index, 0: none

  bool isUnspecified() const;
  bool isLoopback() const;
  bool isLinkLocal() const;
  bool isPrivate() const;  // RFC 1918, RFC 6598, RFC 4193
  bool isMulticast() const;
  bool isV4Mapped() const;  // ::ffff:0:0/96

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  Family family_ = Family::v4;
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
};

// An address and a port: where a datagram comes from or goes to.
struct Address {
  IpAddress ip;
  std::uint16_t port = 0;

  static std::optional<Address> parse(std::string_view text);  // "192.0.2.1:80", "[::1]:80"
  std::string toString() const;

  friend constexpr auto operator<=>(const Address&, const Address&) = default;
};

// A hash keyed by `seed`, because remote addresses are chosen by others.
std::uint64_t hashOf(const Address& address, std::uint64_t seed);

}  // namespace parley

template <>
struct std::hash<parley::Address> {
  std::size_t operator()(const parley::Address& address) const noexcept {
    return static_cast<std::size_t>(parley::hashOf(address, 0));
  }
};
