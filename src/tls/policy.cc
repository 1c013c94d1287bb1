#include "tls/policy.h"

#include <algorithm>

#include "core/limits.h"
#include "core/planted.h"

namespace parley::dtls {

Policy::Policy(const std::vector<crypto::Fingerprint>& announced) {
  for (const crypto::Fingerprint& fingerprint : announced) {
    if (fingerprints_.size() == limits::dtls::kFingerprints) break;
    if (fingerprint.isStrong()) fingerprints_.push_back(fingerprint);
  }
}

bool Policy::accepts(const crypto::Certificate& certificate) const {
  if (server_) return !certificate.der().empty();
  if (isPlanted(PlantedBug::fingerprintIgnored)) return true;
  return std::ranges::any_of(fingerprints_, [&](const crypto::Fingerprint& fingerprint) {
    return certificate.matches(fingerprint);
  });
}

}  // namespace parley::dtls
