#include "parley/certificate.h"

#include <algorithm>
#include <utility>

#include "crypto/fingerprint.h"
#include "crypto/identity.h"
#include "crypto/library.h"
#include "crypto/secrets.h"
#include "parley/dom_exception.h"
#include "runtime/clock.h"

namespace parley {

std::shared_ptr<RTCCertificate> RTCCertificate::generate(KeyAlgorithm algorithm,
                                                         std::chrono::seconds lifetime) {
  crypto::keepLibraryAtExit();
  // A certificate belongs to no connection and so to no realm that could tell the time.
  const std::int64_t wallMicros = runtime::readClock().wallMicros;
  // webrtc-pc 4.9.1: the user agent may limit the expiry; 365 days is its maximum.
  const auto bounded = std::clamp(lifetime, std::chrono::seconds(0),
                                  std::chrono::seconds(std::chrono::hours(24 * 365)));
  const crypto::IdentityOptions options{.key = algorithm == KeyAlgorithm::rsa2048
                                                   ? crypto::KeyType::rsa2048
                                                   : crypto::KeyType::ecdsaP256,
                                        .lifetimeSeconds = bounded.count()};
  crypto::SystemSecrets secrets;
  auto identity = crypto::Identity::generate(secrets, wallMicros, options);
  if (!identity)
    throw DOMException("NotSupportedError", std::string(crypto::describe(identity.error())));
  return std::make_shared<RTCCertificate>(std::move(*identity));
}

std::shared_ptr<RTCCertificate> RTCCertificate::fromPem(const std::string& certificate,
                                                        const std::string& privateKey) {
  crypto::keepLibraryAtExit();
  auto identity = crypto::Identity::fromPem(privateKey, certificate);
  if (!identity)
    throw DOMException("InvalidAccessError", std::string(crypto::describe(identity.error())));
  return std::make_shared<RTCCertificate>(std::move(*identity));
}

std::string RTCCertificate::certificatePem() const { return identity_->certificatePem(); }
std::string RTCCertificate::privateKeyPem() const { return identity_->privateKeyPem(); }

std::uint64_t RTCCertificate::expires() const {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(identity_->expiresMicros() / 1'000, 0));
}

std::vector<RTCDtlsFingerprint> RTCCertificate::getFingerprints() const {
  const crypto::Fingerprint fingerprint = identity_->fingerprint();
  std::string value = fingerprint.hex();
  // webrtc-pc 4.9.2: "expressed in lowercase hex string".
  for (char& digit : value)
    if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
  return {{std::string(crypto::hashName(fingerprint.algorithm)), std::move(value)}};
}

}  // namespace parley
