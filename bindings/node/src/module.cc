#include <node_api.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>

#include "certificate.h"
#include "connection.h"
#include "environment.h"
#include "parley/version.h"
#include "values.h"
#include "wrapped.h"

namespace parley::node {

namespace {

napi_value setUp(const Arguments& arguments) {
  Environment::of(arguments.env())->setFactories(arguments[0]);
  return undefined(arguments.env());
}

napi_value shutDown(const Arguments& arguments) {
  Environment::of(arguments.env())->shutDown();
  return undefined(arguments.env());
}

napi_value releaseReport(const Arguments& arguments) {
  const auto environment = Environment::of(arguments.env());
  environment->releaseReport(std::make_unique<Promised>(environment, arguments[0], nullptr));
  return undefined(arguments.env());
}

napi_value parseCandidate(const Arguments& arguments) {
  const napi_env env = arguments.env();
  return toValue(env, RTCIceCandidate(readCandidateInit(env, arguments[0])));
}

napi_value versionInfo(const Arguments& arguments) {
  const VersionInfo info = version();
  return Object(arguments.env())
      .set("parley", info.parley)
      .set("openssl", info.openssl)
      .set("opensslBuilt", OPENSSL_VERSION_TEXT)
      .set("opensslIsPatched", info.opensslIsPatched)
      .value();
}

template <napi_value (*function)(const Arguments&)>
napi_property_descriptor entry(const char* name) {
  constexpr napi_callback call = [](napi_env env, napi_callback_info info) -> napi_value {
    return guarded(env, [&] { return function(Arguments(env, info)); });
  };
  return {name, nullptr, call, nullptr, nullptr, nullptr, napi_enumerable, nullptr};
}

napi_value initialize(napi_env env, napi_value exports) {
  // The engine's thread may outlive main(): OpenSSL must not clean up under it.
  OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  Environment::install(env);
  const napi_property_descriptor entries[] = {
      entry<setUp>("setUp"),
      entry<shutDown>("shutDown"),
      entry<versionInfo>("version"),
      entry<releaseReport>("releaseReport"),
      entry<parseCandidate>("parseCandidate"),
      entry<generateCertificate>("generateCertificate"),
      entry<certificateFromPem>("certificateFromPem"),
      entry<createConnection>("createConnection"),
  };
  check(napi_define_properties(env, exports, std::size(entries), entries));
  return exports;
}

}  // namespace

}  // namespace parley::node

NAPI_MODULE_INIT() {
  try {
    return parley::node::initialize(env, exports);
  } catch (const parley::node::Failure&) {
    napi_throw_error(env, nullptr, "parley.node could not be initialized");
    return nullptr;
  }
}
