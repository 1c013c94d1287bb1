#include "crypto/certificate.h"

namespace parley::crypto {

Fingerprint Certificate::fingerprint(Hash hash) const {
  return {hash, toVector(digest(hash, der_))};
}

bool Certificate::matches(const Fingerprint& fingerprint) const {
  if (!fingerprint.isStrong() || der_.empty()) return false;
  return equalInConstantTime(digest(fingerprint.algorithm, der_), fingerprint.digest);
}

}  // namespace parley::crypto
