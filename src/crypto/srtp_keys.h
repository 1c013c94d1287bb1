#pragma once

#include <cstddef>
#include <cstdint>

#include "core/bytes.h"

namespace parley::crypto {

// The protection profiles we use, with their numbers on the wire (RFC 5764 4.1.2, RFC 7714 14.2).
enum class SrtpProfile : std::uint16_t {
  aes128CmSha1_80 = 0x0001,
  aeadAes128Gcm = 0x0007,
  aeadAes256Gcm = 0x0008,
};

constexpr std::size_t srtpKeySize(SrtpProfile profile) {
  return profile == SrtpProfile::aeadAes256Gcm ? 32 : 16;
}
constexpr std::size_t srtpSaltSize(SrtpProfile profile) {
  return profile == SrtpProfile::aes128CmSha1_80 ? 14 : 12;
}

// The master keys and salts a handshake gave, already told apart: what we send is protected with
// the local ones, what we receive with the remote ones.
struct SrtpKeys {
  SrtpProfile profile = SrtpProfile::aeadAes128Gcm;
  ByteVector localKey;
  ByteVector localSalt;
  ByteVector remoteKey;
  ByteVector remoteSalt;

  friend bool operator==(const SrtpKeys&, const SrtpKeys&) = default;
};

}  // namespace parley::crypto
