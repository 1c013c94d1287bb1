#include "crypto/secrets.h"

#include <openssl/rand.h>

#include "core/assert.h"

namespace parley::crypto {

void SystemSecrets::fill(MutableBytes bytes) {
  constexpr std::size_t kAtOnce = 1u << 20;
  while (!bytes.empty()) {
    const MutableBytes some = bytes.first(std::min(bytes.size(), kAtOnce));
    PARLEY_ASSERT(RAND_bytes(some.data(), static_cast<int>(some.size())) == 1);
    bytes = bytes.subspan(some.size());
  }
}

}  // namespace parley::crypto
