#include "tls/narrow_library.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "crypto/library.h"
#include "tls/native.h"

namespace parley::dtls {
namespace {

using Key = std::unique_ptr<EVP_PKEY, crypto::FreedBy<EVP_PKEY_free>>;

struct MaybeKey {
  bool isRead = false;
  bool isSame = false;
};

// What becomes of a key that a peer's certificate holds.
MaybeKey readBack(const EVP_PKEY* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  const unsigned char* at = der;
  EVP_PKEY* result = nullptr;
  const Key read(d2i_PUBKEY_ex(&result, &at, size, narrowLibrary(), nullptr));
  OPENSSL_free(der);
  return {read != nullptr, read != nullptr && EVP_PKEY_eq(read.get(), key) == 1};
}

TEST(NarrowLibrary, ReadsTheKeysThatCertificatesMayHave) {
  for (const Key& key :
       {Key(EVP_EC_gen("P-256")), Key(EVP_EC_gen("P-384")), Key(EVP_RSA_gen(2'048))}) {
    EXPECT_TRUE(readBack(key.get()).isSame);
  }
}

TEST(NarrowLibrary, KnowsNoKindOfKeyThatNoHandshakeOfOursCanUse) {
  if (!crypto::libraryIsOlderThan({3, 2, 0})) GTEST_SKIP() << "this OpenSSL needs no narrowing";
  ASSERT_NE(narrowLibrary(), nullptr);
  EXPECT_FALSE(readBack(Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")).get()).isRead);
}

TEST(NarrowLibrary, IsTheSameForAll) { EXPECT_EQ(narrowLibrary(), narrowLibrary()); }

TEST(NarrowLibrary, KeepsTheSuitesAndGroupsOfHandshakes) {
  const SslContextPtr ssl(SSL_CTX_new_ex(narrowLibrary(), nullptr, DTLS_method()));
  ASSERT_NE(ssl, nullptr);
  EXPECT_EQ(SSL_CTX_set_cipher_list(ssl.get(),
                                    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
                                    "ECDHE-RSA-AES256-GCM-SHA384"),
            1);
  EXPECT_EQ(SSL_CTX_set1_groups_list(ssl.get(), "X25519:P-256:P-384"), 1);
}

}  // namespace
}  // namespace parley::dtls
