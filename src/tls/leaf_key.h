#pragma once

// For .cc files of this folder only, like native.h.

#include "core/bytes.h"
#include "crypto/native.h"

namespace parley::dtls {

// The public key of a certificate; null when there is none to be found. OpenSSL 3 takes some 150
// microseconds to read a certificate, most of them for the key, and reads it itself later on. Of a
// P-256 key, which is what nearly everybody has (RFC 8827 6.5), a fifth of that is enough.
crypto::KeyPtr leafKeyOf(Bytes certificate);

}  // namespace parley::dtls
