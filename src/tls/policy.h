#pragma once

#include <vector>

#include "crypto/certificate.h"
#include "crypto/fingerprint.h"

namespace parley::dtls {

// Which certificate will do: at least one fingerprint has to match (RFC 8122 5). Weak and surplus
// ones are left out when it is made.
class Policy {
 public:
  explicit Policy(const std::vector<crypto::Fingerprint>& announced);

  bool isEmpty() const { return fingerprints_.empty(); }
  bool accepts(const crypto::Certificate& certificate) const;

 private:
  std::vector<crypto::Fingerprint> fingerprints_;
};

}  // namespace parley::dtls
