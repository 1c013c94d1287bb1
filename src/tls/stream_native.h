#pragma once

// OpenSSL's objects behind tls::Context, for .cc files of this folder only.

#include <string>

#include "tls/native.h"
#include "tls/stream_context.h"

namespace parley::tls {

struct Context::Native {
  std::string alpn;  // as on the wire: each name after its length
  dtls::SslContextPtr ssl;
};

// What contexts for DTLS have in common with those for TLS: whom to trust, what to speak.
bool setTrust(SSL_CTX* ssl, const ClientOptions& options);
bool offerAlpn(SSL_CTX* ssl, const std::vector<std::string>& names);

}  // namespace parley::tls
