#pragma once

#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "crypto/digest.h"

namespace parley::crypto {

// "md5", "sha-1", "sha-256", ...: the names of RFC 8122 5.
std::string_view hashName(Hash hash);

// The hash of a certificate as a description carries it. What is parsed here is not yet trusted:
// isStrong() says whether it may stand for a peer.
struct Fingerprint {
  Hash algorithm = Hash::sha256;
  ByteVector digest;

  // "sha-256 AB:CD:..", the value of a=fingerprint; names and digits in either case, since peers
  // write both. `unsupported` for an algorithm that is not a Hash: such a line is passed over.
  static Result<Fingerprint, ParseError> parse(std::string_view value);
  static Result<Fingerprint, ParseError> parse(std::string_view algorithm, std::string_view hex);

  std::string toString() const;  // "sha-256 AB:CD:.."
  std::string hex() const;       // "AB:CD:.."

  bool isStrong() const { return algorithm != Hash::md5 && algorithm != Hash::sha1; }

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

}  // namespace parley::crypto
