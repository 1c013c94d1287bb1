#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "parley/export.h"

namespace parley {

namespace crypto {
class Identity;
}

struct RTCDtlsFingerprint {
  std::string algorithm;  // "sha-256"
  std::string value;      // lower-case hex pairs, separated by colons
};

// webrtc-pc 4.9: a private key and its self-signed certificate, for RTCConfiguration.certificates.
// Immutable; may be shared by any number of connections on any thread.
class PARLEY_API RTCCertificate {
 public:
  enum class KeyAlgorithm : std::uint8_t { ecdsaP256, rsa2048 };

  // What RTCPeerConnection.generateCertificate does; in C++ it is done when it returns. ECDSA
  // takes some 0.1 ms, RSA some 100 ms. `lifetime` is at most 365 days.
  static std::shared_ptr<RTCCertificate> generate(
      KeyAlgorithm algorithm = KeyAlgorithm::ecdsaP256,
      std::chrono::seconds lifetime = std::chrono::hours(24 * 30));

  // Parley's extension: PEM texts of a certificate and its private key (PKCS#8 or the
  // traditional forms). Throws InvalidAccessError that says what is wrong.
  static std::shared_ptr<RTCCertificate> fromPem(const std::string& certificate,
                                                 const std::string& privateKey);
  std::string certificatePem() const;
  std::string privateKeyPem() const;  // PKCS#8; a secret

  std::uint64_t expires() const;  // milliseconds since 1970, W3C EpochTimeStamp
  std::vector<RTCDtlsFingerprint> getFingerprints() const;

  // For the library's own use.
  explicit RTCCertificate(std::shared_ptr<const crypto::Identity> identity)
      : identity_(std::move(identity)) {}
  const std::shared_ptr<const crypto::Identity>& identity() const { return identity_; }

 private:
  std::shared_ptr<const crypto::Identity> identity_;
};

}  // namespace parley
