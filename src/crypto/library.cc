#include "crypto/library.h"

#include <openssl/crypto.h>

namespace parley::crypto {

std::string libraryText() { return OpenSSL_version(OPENSSL_VERSION); }

LibraryVersion libraryVersion() {
  return {OPENSSL_version_major(), OPENSSL_version_minor(), OPENSSL_version_patch()};
}

void keepLibraryAtExit() { OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr); }

bool libraryIsOlderThan(LibraryVersion version) { return libraryVersion() < version; }

}  // namespace parley::crypto
