#include "tls/context.h"

#include <string>
#include <utility>

#include "tls/narrow_library.h"
#include "tls/native.h"
#include "tls/stream_native.h"

namespace parley::dtls {

namespace {

// RFC 8827 6.5 makes the first mandatory; forward secret and authenticated encryption only.
constexpr const char* kSuites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr const char* kSignatures = "ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA+SHA256";

constexpr std::uint64_t kOptions = SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_NO_COMPRESSION | SSL_OP_NO_QUERY_MTU |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE;

const char* opensslName(crypto::SrtpProfile profile) {
  switch (profile) {
    case crypto::SrtpProfile::aeadAes128Gcm:
      return "SRTP_AEAD_AES_128_GCM";
    case crypto::SrtpProfile::aeadAes256Gcm:
      return "SRTP_AEAD_AES_256_GCM";
    case crypto::SrtpProfile::aes128CmSha1_80:
      return "SRTP_AES128_CM_SHA1_80";
  }
  return "";
}

bool setSrtp(SSL_CTX* ssl, const std::vector<crypto::SrtpProfile>& profiles) {
  if (profiles.empty()) return true;
  std::string names;
  for (const crypto::SrtpProfile profile : profiles) {
    if (!names.empty()) names += ':';
    names += opensslName(profile);
  }
  return SSL_CTX_set_tlsext_use_srtp(ssl, names.c_str()) == 0;  // this one says 0 for success
}

bool setIdentity(SSL_CTX* ssl, const crypto::Identity::Native& identity) {
  return SSL_CTX_use_certificate(ssl, identity.certificate.get()) == 1 &&
         SSL_CTX_use_PrivateKey(ssl, identity.key.get()) == 1 &&
         SSL_CTX_check_private_key(ssl) == 1;
}

bool setAlgorithms(SSL_CTX* ssl) {
  return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(ssl, kSuites) == 1 &&
         SSL_CTX_set1_groups_list(ssl, kGroups) == 1 &&
         SSL_CTX_set1_sigalgs_list(ssl, kSignatures) == 1 &&
         SSL_CTX_set1_client_sigalgs_list(ssl, kSignatures) == 1;
}

void setPolicy(SSL_CTX* ssl) {
  SSL_CTX_set_security_level(ssl, 2);  // RSA from 2,048 bits, whatever the distribution says
  SSL_CTX_set_options(ssl, kOptions);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(ssl, SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_max_cert_list(ssl, limits::dtls::kCertificateDer);
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(ssl, verifyCertificate, nullptr);
  SSL_CTX_set_cookie_generate_cb(ssl, makeCookie);
  SSL_CTX_set_cookie_verify_cb(ssl, verifyCookie);
}

std::unique_ptr<Context::Native> makeNative(OSSL_LIB_CTX* library) {
  auto native = std::make_unique<Context::Native>();
  native->bio = makeDatagramBio();
  native->ssl.reset(SSL_CTX_new_ex(library, nullptr, DTLS_method()));
  SSL_CTX* ssl = native->ssl.get();
  if (!native->bio || ssl == nullptr) return nullptr;
  setPolicy(ssl);
  return setAlgorithms(ssl) ? std::move(native) : nullptr;
}

}  // namespace

Context::Shared Context::make(crypto::Identity::Shared identity, ContextOptions options) {
  if (!identity) return nullptr;
  const crypto::ErrorScope errors;
  options.mtu = std::clamp<std::size_t>(options.mtu, 256, 1'472);
  auto native = makeNative(narrowLibrary());
  if (!native || !setIdentity(native->ssl.get(), identity->native()) ||
      !setSrtp(native->ssl.get(), options.srtp)) {
    return nullptr;
  }
  return std::make_shared<const Context>(std::move(identity), std::move(options),
                                         std::move(native));
}

Context::Shared Context::ofClient(const tls::ClientOptions& options) {
  const crypto::ErrorScope errors;
  auto native = makeNative(nullptr);  // authorities may have keys of any kind
  if (!native || !tls::setTrust(native->ssl.get(), options) ||
      !tls::offerAlpn(native->ssl.get(), options.alpn)) {
    return nullptr;
  }
  return std::make_shared<const Context>(nullptr, ContextOptions{}, std::move(native));
}

Context::Context(crypto::Identity::Shared identity, ContextOptions options,
                 std::unique_ptr<Native> native)
    : identity_(std::move(identity)), options_(std::move(options)), native_(std::move(native)) {}

Context::~Context() = default;

}  // namespace parley::dtls
