#pragma once

// OpenSSL's objects with an owner. For .cc files of crypto and tls only: no other header includes
// this one, so that nobody else sees the library.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "crypto/identity.h"

namespace parley::crypto {

template <auto function>
struct FreedBy {
  template <class Object>
  void operator()(Object* object) const {
    function(object);
  }
};

using BioPtr = std::unique_ptr<BIO, FreedBy<BIO_free>>;
using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, FreedBy<EVP_CIPHER_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreedBy<EVP_MD_CTX_free>>;
using KdfPtr = std::unique_ptr<EVP_KDF, FreedBy<EVP_KDF_free>>;
using KdfContextPtr = std::unique_ptr<EVP_KDF_CTX, FreedBy<EVP_KDF_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreedBy<EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, FreedBy<X509_free>>;

struct Identity::Native {
  KeyPtr key;
  X509Ptr certificate;
};

// The queue of errors belongs to the thread, and one that another call left there would be taken
// for ours. Emptied on the way in and on the way out.
class ErrorScope {
 public:
  ErrorScope() { ERR_clear_error(); }
  ~ErrorScope() { ERR_clear_error(); }
  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;

  static std::string text();  // of the first error in the queue; empty when there is none
};

// P-256, P-384, or RSA of 2,048 to 8,192 bits, for our key and for a peer's.
bool isSupportedKey(const EVP_PKEY* key);

ByteVector derOf(const X509* certificate);  // empty on failure

}  // namespace parley::crypto
