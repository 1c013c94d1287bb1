#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/digest.h"
#include "stun/protocol.h"

namespace parley::stun {

// The short-term key is the password as it stands (RFC 8489 9.1.1). The long-term keys:
// MD5 or SHA-256 over "user:realm:password" (RFC 8489 18.5.1). Text must already have been
// through OpaqueString (RFC 8265); nothing is prepared here.
crypto::Digest longTermKey(PasswordAlgorithm algorithm, std::string_view username,
                           std::string_view realm, std::string_view password);

// USERHASH: SHA-256 over "user:realm" (RFC 8489 14.4).
crypto::Digest userhash(std::string_view username, std::string_view realm);

// The nonce cookie of RFC 8489 9.2: which security features the server announced, if any.
struct NonceFeatures {
  bool passwordAlgorithms = false;
  bool usernameAnonymity = false;
};
std::optional<NonceFeatures> nonceFeatures(std::string_view nonce);
std::string nonceWithFeatures(NonceFeatures features, std::string_view rest);

}  // namespace parley::stun
