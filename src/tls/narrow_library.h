#pragma once

#include <openssl/types.h>

namespace parley::dtls {

// The library context of handshakes. For the key of every certificate OpenSSL before 3.2 looks
// through all decoders and all kinds of keys that it knows, which is a quarter of what a handshake
// costs; this context knows only what a handshake of ours can need. Null, which is OpenSSL's
// default context, where there is nothing to gain, or where the program has chosen providers of its
// own. Made once, by whoever asks first, and kept for the life of the process.
OSSL_LIB_CTX* narrowLibrary();

}  // namespace parley::dtls
