#pragma once

// OpenSSL's TLS objects with an owner, for .cc files of this folder only.

#include <openssl/ssl.h>

#include <memory>

#include "crypto/native.h"
#include "tls/context.h"

namespace parley::dtls {

using SslContextPtr = std::unique_ptr<SSL_CTX, crypto::FreedBy<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, crypto::FreedBy<SSL_free>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, crypto::FreedBy<BIO_meth_free>>;

struct Context::Native {
  BioMethodPtr bio;  // before ssl: nothing made of it outlives it
  SslContextPtr ssl;
};

// handshake.cc: the ends at which OpenSSL calls us.
BioMethodPtr makeDatagramBio();
int makeCookie(SSL* ssl, unsigned char* cookie, unsigned int* size);
int verifyCookie(SSL* ssl, const unsigned char* cookie, unsigned int size);
int verifyCertificate(X509_STORE_CTX* store, void*);

}  // namespace parley::dtls
