#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/random.h"
#include "core/result.h"
#include "crypto/certificate.h"

namespace parley::crypto {

enum class KeyType : std::uint8_t { ecdsaP256, rsa2048 };

enum class IdentityError : std::uint8_t {
  badKey,            // no PEM private key in it, or an encrypted one
  badCertificate,    // no PEM certificate in it
  unsupportedKey,    // neither P-256, P-384 nor RSA of 2,048 to 8,192 bits
  keyDoesNotMatch,   // the certificate is of another key
  generationFailed,  // OpenSSL could not: out of memory, or a provider that forbids it
};

std::string_view describe(IdentityError error);  // one sentence for people

struct IdentityOptions {
  KeyType key = KeyType::ecdsaP256;
  std::int64_t lifetimeSeconds = 30 * 86'400;  // W3C generateCertificate: 30 days by default
};

// A private key and the certificate over it: who we are in a DTLS handshake. Immutable, and shared
// by all connections that show the same certificate. Its subject and serial are random and say
// nothing of the machine; it is valid from a day before, because clocks differ.
class Identity {
 public:
  using Shared = std::shared_ptr<const Identity>;

  // P-256 takes about 0.1 ms, RSA 50 to 500 ms: do that off the loop.
  static Result<Shared, IdentityError> generate(Secrets& secrets, std::int64_t wallMicros,
                                                const IdentityOptions& options = {});
  static Result<Shared, IdentityError> fromPem(std::string_view privateKey,
                                               std::string_view certificate);

  std::string privateKeyPem() const;  // PKCS #8, not encrypted: keep it as such
  std::string certificatePem() const;

  const Certificate& certificate() const { return certificate_; }
  const Fingerprint& fingerprint() const { return fingerprint_; }  // SHA-256
  std::int64_t expiresMicros() const { return expiresMicros_; }    // UTC, as Step::wallMicros
  bool isExpired(std::int64_t wallMicros) const { return wallMicros >= expiresMicros_; }

  // The library's own objects, for tls/*.cc through crypto/native.h.
  struct Native;
  const Native& native() const { return *native_; }

  explicit Identity(std::unique_ptr<Native> native);  // for the two makers above
  ~Identity();
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

 private:
  std::unique_ptr<Native> native_;
  Certificate certificate_;
  Fingerprint fingerprint_;
  std::int64_t expiresMicros_ = 0;
};

}  // namespace parley::crypto
