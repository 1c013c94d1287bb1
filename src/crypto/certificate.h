#pragma once

#include <utility>

#include "core/bytes.h"
#include "crypto/digest.h"
#include "crypto/fingerprint.h"

namespace parley::crypto {

// The DER bytes of an X.509 certificate. Nothing is read from them here but their hash: WebRTC
// trusts a certificate for its fingerprint, not for what it says (RFC 8122 6).
class Certificate {
 public:
  Certificate() = default;
  explicit Certificate(ByteVector der) : der_(std::move(der)) {}

  Bytes der() const { return der_; }
  Fingerprint fingerprint(Hash hash = Hash::sha256) const;
  bool matches(const Fingerprint& fingerprint) const;  // never for one that is not strong

  friend bool operator==(const Certificate&, const Certificate&) = default;

 private:
  ByteVector der_;
};

}  // namespace parley::crypto
