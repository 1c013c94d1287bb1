#include "crypto/identity.h"

#include <openssl/pem.h>

#include "crypto/library.h"
#include "crypto/native.h"
#include "crypto/secrets.h"

namespace parley::crypto {
namespace {

constexpr std::int64_t kNow = 1'795'000'000'000'000;  // November 2026
constexpr std::int64_t kDay = 86'400'000'000;

Identity::Shared make(const IdentityOptions& options = {}) {
  SystemSecrets secrets;
  auto identity = Identity::generate(secrets, kNow, options);
  EXPECT_TRUE(identity.has_value());
  return *identity;
}

std::string subjectOf(const Identity& identity) {
  char text[64] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(identity.native().certificate.get()),
                            NID_commonName, text, sizeof text);
  return text;
}

TEST(Identity, IsValidFromTheDayBeforeForThirtyDays) {
  const auto identity = make();
  EXPECT_EQ(identity->expiresMicros(), kNow + 30 * kDay);
  EXPECT_FALSE(identity->isExpired(kNow));
  EXPECT_TRUE(identity->isExpired(kNow + 30 * kDay));

  int days = 0;
  int seconds = 0;
  const X509* certificate = identity->native().certificate.get();
  ASSERT_EQ(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate),
                           X509_get0_notAfter(certificate)),
            1);
  EXPECT_EQ(days, 31);
  EXPECT_EQ(seconds, 0);
}

TEST(Identity, LivesAsLongAsAsked) {
  EXPECT_EQ(make({.lifetimeSeconds = 3'600})->expiresMicros(), kNow + 3'600'000'000);
}

TEST(Identity, TellsNothingAndRepeatsNothing) {
  const auto one = make();
  const auto other = make();
  EXPECT_EQ(subjectOf(*one).size(), 16u);
  EXPECT_NE(subjectOf(*one), subjectOf(*other));
  EXPECT_NE(one->fingerprint(), other->fingerprint());

  const ASN1_INTEGER* serial = X509_get0_serialNumber(one->native().certificate.get());
  EXPECT_NE(ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(other->native().certificate.get())), 0);
  std::uint64_t value = 0;
  ASSERT_EQ(ASN1_INTEGER_get_uint64(&value, serial), 1);
  EXPECT_GT(value, 0u);
}

TEST(Identity, IsSignedByItsOwnKey) {
  for (const KeyType type : {KeyType::ecdsaP256, KeyType::rsa2048}) {
    const auto identity = make({.key = type});
    const Identity::Native& native = identity->native();
    EXPECT_EQ(X509_verify(native.certificate.get(), native.key.get()), 1);
    EXPECT_TRUE(isSupportedKey(native.key.get()));
    EXPECT_EQ(EVP_PKEY_is_a(native.key.get(), "RSA"), type == KeyType::rsa2048);
  }
}

TEST(Identity, SurvivesItsPem) {
  for (const KeyType type : {KeyType::ecdsaP256, KeyType::rsa2048}) {
    const auto identity = make({.key = type});
    const auto again = Identity::fromPem(identity->privateKeyPem(), identity->certificatePem());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ((*again)->certificate(), identity->certificate());
    EXPECT_EQ((*again)->expiresMicros(), identity->expiresMicros());
    EXPECT_EQ((*again)->privateKeyPem(), identity->privateKeyPem());
  }
}

TEST(Identity, SaysWhatIsWrongWithAPem) {
  const auto identity = make();
  const auto other = make();
  const std::string key = identity->privateKeyPem();
  const std::string certificate = identity->certificatePem();
  const auto fault = [](std::string_view k, std::string_view c) {
    return Identity::fromPem(k, c).error();
  };
  EXPECT_EQ(fault("", certificate), IdentityError::badKey);
  EXPECT_EQ(fault(certificate, certificate), IdentityError::badKey);
  EXPECT_EQ(fault(key.substr(0, key.size() / 2), certificate), IdentityError::badKey);
  EXPECT_EQ(fault(key, ""), IdentityError::badCertificate);
  EXPECT_EQ(fault(key, key), IdentityError::badCertificate);
  EXPECT_EQ(fault(key, other->certificatePem()), IdentityError::keyDoesNotMatch);
}

std::string pemOf(EVP_PKEY* key, const char* password = nullptr) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key, password != nullptr ? EVP_aes_128_cbc() : nullptr,
                                password, password != nullptr ? 4 : 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

TEST(Identity, RefusesAnEncryptedKeyWithoutAskingForAPassword) {
  const auto identity = make();
  const std::string locked = pemOf(identity->native().key.get(), "word");
  ASSERT_NE(locked.find("ENCRYPTED"), std::string::npos);
  EXPECT_EQ(Identity::fromPem(locked, identity->certificatePem()).error(), IdentityError::badKey);
}

TEST(Identity, RefusesKeysThatPeersWouldRefuse) {  // D-14
  const auto identity = make();
  const KeyPtr keys[] = {KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1'024})),
                         KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-521")),
                         KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))};
  for (const KeyPtr& key : keys) {
    EXPECT_EQ(Identity::fromPem(pemOf(key.get()), identity->certificatePem()).error(),
              IdentityError::unsupportedKey);
  }
  const KeyPtr p384(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-384"));
  EXPECT_TRUE(isSupportedKey(p384.get()));
  EXPECT_FALSE(isSupportedKey(nullptr));
}

TEST(Identity, LeavesNoErrorBehindForOthers) {
  EXPECT_FALSE(Identity::fromPem("nonsense", "nonsense").has_value());
  EXPECT_EQ(ERR_peek_error(), 0u);
}

TEST(SystemSecrets, FillsWithoutRepeating) {
  SystemSecrets secrets;
  ByteVector one(64);
  ByteVector other(64);
  secrets.fill(one);
  secrets.fill(other);
  EXPECT_NE(one, other);
  EXPECT_NE(one, ByteVector(64));
  secrets.fill({});
}

TEST(Library, IsTheOneThatRuns) {
  EXPECT_EQ(libraryText(), OpenSSL_version(OPENSSL_VERSION));
  const LibraryVersion running = libraryVersion();
  EXPECT_GE(running, (LibraryVersion{3, 0, 0}));
  EXPECT_FALSE(libraryIsOlderThan(running));
  EXPECT_TRUE(libraryIsOlderThan({running.major, running.minor, running.patch + 1}));
  EXPECT_FALSE(libraryIsOlderThan({2, 99, 99}));
}

}  // namespace
}  // namespace parley::crypto
