#include "tls/leaf_key.h"

#include "tls/test_link.h"

namespace parley::dtls {
namespace {

bool isKeyOf(const crypto::Identity& identity, Bytes certificate) {
  const crypto::KeyPtr key = leafKeyOf(certificate);
  return key && EVP_PKEY_eq(key.get(), identity.native().key.get()) == 1;
}

TEST(LeafKey, IsWhatOpenSslReads) {
  for (const auto type : {crypto::KeyType::ecdsaP256, crypto::KeyType::rsa2048}) {
    const auto identity = testing::makeIdentity(type);
    EXPECT_TRUE(isKeyOf(*identity, identity->certificate().der()));
  }
}

// Version 1 has no field for its version (RFC 5280 4.1.2.1), and P-384 is read by OpenSSL.
TEST(LeafKey, IsFoundInOtherShapesOfCertificates) {
  for (const char* group : {"P-256", "P-384"}) {
    for (const long version : {0L, 2L}) {
      const crypto::KeyPtr key(EVP_EC_gen(group));
      const crypto::X509Ptr certificate(X509_new());
      X509_set_version(certificate.get(), version);
      ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 7);
      X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
      X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
      X509_set_pubkey(certificate.get(), key.get());
      ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);
      const crypto::KeyPtr read = leafKeyOf(crypto::derOf(certificate.get()));
      ASSERT_NE(read, nullptr) << group << " " << version;
      EXPECT_EQ(EVP_PKEY_eq(read.get(), key.get()), 1);
    }
  }
}

TEST(LeafKey, IsNullOrAnotherForAnyCutOrChangedCertificate) {
  const auto identity = testing::makeIdentity();
  const Bytes der = identity->certificate().der();
  EXPECT_EQ(leafKeyOf({}), nullptr);
  int found = 0;
  for (std::size_t size = 1; size < der.size(); ++size) {
    if (isKeyOf(*identity, der.first(size))) ++found;  // the signature behind it is cut
  }
  for (std::size_t at = 0; at < der.size(); ++at) {
    ByteVector changed = toVector(der);
    changed[at] ^= 0x40;
    leafKeyOf(changed);
  }
  EXPECT_EQ(found, 0);
}

}  // namespace
}  // namespace parley::dtls
