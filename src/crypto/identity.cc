#include "crypto/identity.h"

#include <openssl/pem.h>

#include <ctime>

#include "crypto/native.h"

namespace parley::crypto {

namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kBackdatedSeconds = 86'400;

using TimePtr = std::unique_ptr<ASN1_TIME, FreedBy<ASN1_TIME_free>>;

KeyPtr generateKey(KeyType type) {
  switch (type) {
    case KeyType::ecdsaP256:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    case KeyType::rsa2048:
      return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2'048}));
  }
  return nullptr;
}

std::string randomName(Secrets& secrets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (std::uint64_t bits = secrets.number<std::uint64_t>(), i = 0; i < 16; ++i, bits >>= 4) {
    name.push_back(kDigits[bits & 15]);
  }
  return name;
}

bool setName(X509* certificate, const std::string& name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1;
}

// Self-signed, X.509 v3, no extensions: nothing in it is looked at but its bytes.
X509Ptr selfSign(EVP_PKEY* key, Secrets& secrets, std::int64_t wallMicros,
                 std::int64_t lifetimeSeconds) {
  X509Ptr certificate(X509_new());
  X509* it = certificate.get();
  const std::int64_t now = wallMicros / kMicros;
  const std::uint64_t serial = secrets.number<std::uint64_t>() | 1;  // RFC 5280 4.1.2.2: not zero
  const bool good =
      it != nullptr && X509_set_version(it, 2) == 1 &&
      ASN1_INTEGER_set_uint64(X509_get_serialNumber(it), serial) == 1 &&
      setName(it, randomName(secrets)) &&
      ASN1_TIME_set(X509_getm_notBefore(it), static_cast<time_t>(now - kBackdatedSeconds)) &&
      ASN1_TIME_set(X509_getm_notAfter(it), static_cast<time_t>(now + lifetimeSeconds)) &&
      X509_set_pubkey(it, key) == 1 && X509_sign(it, key, EVP_sha256()) > 0;
  return good ? std::move(certificate) : nullptr;
}

std::int64_t expiryOf(const X509* certificate) {
  const TimePtr epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int seconds = 0;
  if (!epoch ||
      ASN1_TIME_diff(&days, &seconds, epoch.get(), X509_get0_notAfter(certificate)) != 1) {
    return 0;
  }
  return (std::int64_t{days} * 86'400 + seconds) * kMicros;
}

BioPtr readerOf(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string textIn(const BioPtr& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

// Without this OpenSSL would ask at the terminal.
int noPassword(char*, int, int, void*) { return -1; }

}  // namespace

std::string_view describe(IdentityError error) {
  switch (error) {
    case IdentityError::badKey:
      return "The text holds no readable PEM private key.";
    case IdentityError::badCertificate:
      return "The text holds no readable PEM certificate.";
    case IdentityError::unsupportedKey:
      return "The key is neither on P-256 or P-384 nor RSA of 2,048 to 8,192 bits.";
    case IdentityError::keyDoesNotMatch:
      return "The certificate belongs to another key.";
    case IdentityError::generationFailed:
      return "OpenSSL could not make the key.";
  }
  return {};
}

Result<Identity::Shared, IdentityError> Identity::generate(Secrets& secrets,
                                                           std::int64_t wallMicros,
                                                           const IdentityOptions& options) {
  const ErrorScope errors;
  auto native = std::make_unique<Native>();
  native->key = generateKey(options.key);
  if (!native->key) return Unexpected(IdentityError::generationFailed);
  native->certificate = selfSign(native->key.get(), secrets, wallMicros, options.lifetimeSeconds);
  if (!native->certificate) return Unexpected(IdentityError::generationFailed);
  auto identity = std::make_shared<const Identity>(std::move(native));
  if (identity->fingerprint().digest.empty()) return Unexpected(IdentityError::generationFailed);
  return identity;
}

Result<Identity::Shared, IdentityError> Identity::fromPem(std::string_view privateKey,
                                                          std::string_view certificate) {
  const ErrorScope errors;
  auto native = std::make_unique<Native>();
  const BioPtr keyText = readerOf(privateKey);
  native->key.reset(PEM_read_bio_PrivateKey(keyText.get(), nullptr, noPassword, nullptr));
  if (!native->key) return Unexpected(IdentityError::badKey);
  if (!isSupportedKey(native->key.get())) return Unexpected(IdentityError::unsupportedKey);

  const BioPtr certificateText = readerOf(certificate);
  native->certificate.reset(PEM_read_bio_X509(certificateText.get(), nullptr, noPassword, nullptr));
  if (!native->certificate) return Unexpected(IdentityError::badCertificate);
  if (X509_check_private_key(native->certificate.get(), native->key.get()) != 1) {
    return Unexpected(IdentityError::keyDoesNotMatch);
  }
  return std::make_shared<const Identity>(std::move(native));
}

Identity::Identity(std::unique_ptr<Native> native)
    : native_(std::move(native)),
      certificate_(derOf(native_->certificate.get())),
      fingerprint_(certificate_.fingerprint()),
      expiresMicros_(expiryOf(native_->certificate.get())) {}

Identity::~Identity() = default;

std::string Identity::privateKeyPem() const {
  const ErrorScope errors;
  const BioPtr out(BIO_new(BIO_s_secmem()));
  if (!out || PEM_write_bio_PKCS8PrivateKey(out.get(), native_->key.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) != 1) {
    return {};
  }
  return textIn(out);
}

std::string Identity::certificatePem() const {
  const ErrorScope errors;
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_X509(out.get(), native_->certificate.get()) != 1) return {};
  return textIn(out);
}

}  // namespace parley::crypto
