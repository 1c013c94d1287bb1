#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "core/bytes.h"

namespace parley::crypto {

// md5 and sha1 exist for STUN (RFC 8489 9.2.2, 14.5) and for naming what a peer wrote into its
// SDP; nothing here trusts them for more.
enum class Hash : std::uint8_t { md5, sha1, sha256, sha384, sha512 };

constexpr std::size_t digestSize(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return 16;
    case Hash::sha1:
      return 20;
    case Hash::sha256:
      return 32;
    case Hash::sha384:
      return 48;
    case Hash::sha512:
      return 64;
  }
  return 0;
}

// The value of a hash or of an HMAC, without an allocation.
class Digest {
 public:
  static constexpr std::size_t kMax = 64;

  Digest() = default;
  explicit Digest(std::size_t size) : size_(static_cast<std::uint8_t>(size)) {}

  std::size_t size() const { return size_; }
  bool isEmpty() const { return size_ == 0; }
  Bytes bytes() const { return {bytes_.data(), size_}; }
  MutableBytes mutableBytes() { return {bytes_.data(), size_}; }
  operator Bytes() const { return bytes(); }

  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  std::array<std::uint8_t, kMax> bytes_{};
  std::uint8_t size_ = 0;
};

// Empty when OpenSSL has no memory left; no comparison below takes an empty one for a match.
Digest digest(Hash hash, Bytes message);
Digest digest(Hash hash, std::initializer_list<Bytes> parts);  // of the parts, one after another

// Takes the same time wherever the two differ; lengths are not secret.
bool equalInConstantTime(Bytes a, Bytes b);

// Overwrites in a way the compiler may not leave out.
void wipe(MutableBytes secret);

}  // namespace parley::crypto
