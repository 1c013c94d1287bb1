#include "crypto/certificate.h"

namespace parley::crypto {

Fingerprint Certificate::fingerprint(Hash hash) const {
  return {hash, toVector(digest(hash, der_))};
}

bool Certificate::matches(const Fingerprint& fingerprint) const {
  if (!fingerprint.isStrong() || der_.empty()) return false;
  const Digest ours = digest(fingerprint.algorithm, der_);
  return !ours.isEmpty() && equalInConstantTime(ours, fingerprint.digest);
}

}  // namespace parley::crypto
