#include "parley/version.h"

#include "crypto/library.h"

namespace parley {

#define PARLEY_TEXT_(x) #x
#define PARLEY_TEXT(x) PARLEY_TEXT_(x)

VersionInfo version() {
  return {.parley = PARLEY_TEXT(PARLEY_VERSION_MAJOR) "." PARLEY_TEXT(
              PARLEY_VERSION_MINOR) "." PARLEY_TEXT(PARLEY_VERSION_PATCH),
          .openssl = crypto::libraryText(),
          .opensslIsPatched = !crypto::libraryIsOlderThan(crypto::kPatchedVersion)};
}

}  // namespace parley
