#include "tls/narrow_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "crypto/library.h"
#include "crypto/native.h"

namespace parley::dtls {

namespace {

using Algorithms = std::vector<OSSL_ALGORITHM>;  // ends with an empty one, as OpenSSL wants it

constexpr crypto::LibraryVersion kRemembersDecoders{3, 2, 0};

// What OpenSSL's own provider offers, in part. Its algorithms are used as they are: this provider
// hands out the very same functions with the very same context.
struct Selection {
  OSSL_PROVIDER* whole = nullptr;
  Algorithms keys;
  Algorithms decoders;
  Algorithms none{{}};
};

Selection& selection() {
  static Selection one;
  return one;
}

bool isKeyOfOurs(const OSSL_ALGORITHM& algorithm) {
  constexpr std::array<std::string_view, 6> kKeys{"EC",     "RSA",      "RSA-PSS",
                                                  "X25519", "TLS1-PRF", "HKDF"};
  std::string_view name = algorithm.algorithm_names;
  name = name.substr(0, name.find(':'));
  return std::find(kKeys.begin(), kKeys.end(), name) != kKeys.end();
}

bool isDecoderOfCertificates(const OSSL_ALGORITHM& algorithm) {
  const std::string_view properties =
      algorithm.property_definition == nullptr ? "" : algorithm.property_definition;
  return isKeyOfOurs(algorithm) && properties.contains("input=der") &&
         properties.contains("SubjectPublicKeyInfo");
}

Algorithms selected(OSSL_PROVIDER* whole, int operation, bool (*isWanted)(const OSSL_ALGORITHM&)) {
  Algorithms result;
  int isVolatile = 0;
  const OSSL_ALGORITHM* at = OSSL_PROVIDER_query_operation(whole, operation, &isVolatile);
  for (; at != nullptr && at->algorithm_names != nullptr; ++at) {
    if (isWanted(*at)) result.push_back(*at);
  }
  result.push_back({});
  return result;
}

const OSSL_ALGORITHM* query(void*, int operation, int* isVolatile) {
  *isVolatile = 0;
  const Selection& all = selection();
  switch (operation) {
    case OSSL_OP_KEYMGMT:
      return all.keys.data();
    case OSSL_OP_DECODER:
      return all.decoders.data();
    case OSSL_OP_ENCODER:
    case OSSL_OP_STORE:
      return all.none.data();
    default:
      return OSSL_PROVIDER_query_operation(all.whole, operation, isVolatile);
  }
}

int tellCapabilities(void*, const char* capability, OSSL_CALLBACK* told, void* argument) {
  return OSSL_PROVIDER_get_capabilities(selection().whole, capability, told, argument);
}

int begin(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out,
          void** context) {
  using Function = void (*)();
  static const std::array<OSSL_DISPATCH, 3> kTable{{
      {OSSL_FUNC_PROVIDER_QUERY_OPERATION, reinterpret_cast<Function>(query)},
      {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, reinterpret_cast<Function>(tellCapabilities)},
      {0, nullptr},
  }};
  *out = kTable.data();
  *context = OSSL_PROVIDER_get0_provider_ctx(selection().whole);
  return 1;
}

// FIPS, hardware and the like: then what they are for must not be gone round.
bool hasOtherProviders() {
  const auto isDefault = [](OSSL_PROVIDER* provider, void*) {
    return OSSL_PROVIDER_get0_name(provider) == std::string_view("default") ? 1 : 0;
  };
  return OSSL_PROVIDER_available(nullptr, "default") != 1 ||
         OSSL_PROVIDER_do_all(nullptr, isDefault, nullptr) != 1 ||
         EVP_default_properties_is_fips_enabled(nullptr) == 1;
}

OSSL_LIB_CTX* make() {
  if (!crypto::libraryIsOlderThan(kRemembersDecoders)) return nullptr;
  const crypto::ErrorScope errors;
  if (hasOtherProviders()) return nullptr;
  OSSL_PROVIDER* const whole = OSSL_PROVIDER_try_load(nullptr, "default", 1);
  OSSL_LIB_CTX* const library = whole == nullptr ? nullptr : OSSL_LIB_CTX_new();
  if (library == nullptr) return nullptr;
  Selection& all = selection();
  all.whole = whole;
  all.keys = selected(whole, OSSL_OP_KEYMGMT, isKeyOfOurs);
  all.decoders = selected(whole, OSSL_OP_DECODER, isDecoderOfCertificates);
  if (OSSL_PROVIDER_add_builtin(library, "parley", begin) == 1 &&
      OSSL_PROVIDER_load(library, "parley") != nullptr) {
    return library;
  }
  OSSL_LIB_CTX_free(library);
  return nullptr;
}

}  // namespace

OSSL_LIB_CTX* narrowLibrary() {
  static OSSL_LIB_CTX* const library = make();
  return library;
}

}  // namespace parley::dtls
