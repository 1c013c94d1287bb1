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

}  // namespace parley::tls
