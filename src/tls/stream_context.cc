#include "tls/stream_context.h"

#include <openssl/pem.h>

#include <utility>

#include "core/bytes.h"
#include "core/limits.h"
#include "tls/stream_native.h"

namespace parley::tls {

namespace {

constexpr const char* kSuites =  // of TLS 1.2; those of TLS 1.3 are OpenSSL's own
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* kGroups = "X25519:P-256:P-384";

constexpr std::uint64_t kOptions =
    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;

// Without this OpenSSL would ask at the terminal.
int noPassword(char*, int, int, void*) { return -1; }

crypto::BioPtr readerOf(std::string_view text) {
  return crypto::BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

crypto::X509Ptr nextCertificate(BIO* pem) {
  return crypto::X509Ptr(PEM_read_bio_X509(pem, nullptr, noPassword, nullptr));
}

std::string wireAlpn(const std::vector<std::string>& names) {
  std::string wire;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > 255) continue;
    wire += static_cast<char>(name.size());
    wire += name;
  }
  return wire;
}

std::unique_ptr<Context::Native> make(const std::vector<std::string>& alpn) {
  auto native = std::make_unique<Context::Native>();
  native->alpn = wireAlpn(alpn);
  native->ssl.reset(SSL_CTX_new(TLS_method()));
  SSL_CTX* ssl = native->ssl.get();
  if (ssl == nullptr) return nullptr;
  SSL_CTX_set_security_level(ssl, 2);
  SSL_CTX_set_options(ssl, kOptions);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(ssl, limits::tls::kCertificates);
  const bool good = SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(ssl, kSuites) == 1 &&
                    SSL_CTX_set1_groups_list(ssl, kGroups) == 1;
  return good ? std::move(native) : nullptr;
}

bool trustGiven(SSL_CTX* ssl, std::string_view pem) {
  X509_STORE* store = SSL_CTX_get_cert_store(ssl);
  const crypto::BioPtr reader = readerOf(pem);
  bool isAny = false;
  while (const crypto::X509Ptr authority = nextCertificate(reader.get())) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return false;
    isAny = true;
  }
  // What was given is trusted for itself, be it no root at all.
  return isAny && X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

bool setIdentity(SSL_CTX* ssl, const ServerOptions& options) {
  const crypto::BioPtr keyText = readerOf(options.privateKeyPem);
  const crypto::KeyPtr key(PEM_read_bio_PrivateKey(keyText.get(), nullptr, noPassword, nullptr));
  const crypto::BioPtr chain = readerOf(options.chainPem);
  const crypto::X509Ptr leaf = nextCertificate(chain.get());
  if (!key || !leaf || SSL_CTX_use_certificate(ssl, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(ssl, key.get()) != 1) {
    return false;
  }
  while (const crypto::X509Ptr above = nextCertificate(chain.get())) {
    if (SSL_CTX_add1_chain_cert(ssl, above.get()) != 1) return false;
  }
  return true;
}

// RFC 7301 3.2: the server's order decides; who offers nothing of ours goes without.
int selectAlpn(SSL*, const unsigned char** chosen, unsigned char* size,
               const unsigned char* offered, unsigned offeredSize, void* ours) {
  const std::string& names = static_cast<const Context::Native*>(ours)->alpn;
  unsigned char* found = nullptr;
  const Bytes wire = bytesOf(names);
  const int outcome = SSL_select_next_proto(
      &found, size, wire.data(), static_cast<unsigned>(wire.size()), offered, offeredSize);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

bool setTrust(SSL_CTX* ssl, const ClientOptions& options) {
  if (options.trust == Trust::none) {
    SSL_CTX_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
    return true;
  }
  SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_verify_depth(ssl, limits::tls::kChainLength);
  return options.trust == Trust::given ? trustGiven(ssl, options.authoritiesPem)
                                       : SSL_CTX_set_default_verify_paths(ssl) == 1;
}

bool offerAlpn(SSL_CTX* ssl, const std::vector<std::string>& names) {
  const std::string wire = wireAlpn(names);
  return wire.empty() ||  // the other one says 0 for success
         SSL_CTX_set_alpn_protos(ssl, bytesOf(wire).data(), static_cast<unsigned>(wire.size())) ==
             0;
}

Context::Shared Context::ofClient(const ClientOptions& options) {
  const crypto::ErrorScope errors;
  auto native = make(options.alpn);
  if (!native || !setTrust(native->ssl.get(), options) ||
      !offerAlpn(native->ssl.get(), options.alpn)) {
    return nullptr;
  }
  return std::make_shared<const Context>(std::move(native), options.trust != Trust::none);
}

Context::Shared Context::ofServer(const ServerOptions& options) {
  const crypto::ErrorScope errors;
  auto native = make(options.alpn);
  if (!native || !setIdentity(native->ssl.get(), options)) return nullptr;
  SSL_CTX_set_alpn_select_cb(native->ssl.get(), selectAlpn, native.get());
  return std::make_shared<const Context>(std::move(native), false);
}

Context::Context(std::unique_ptr<Native> native, bool isVerifying)
    : native_(std::move(native)), isVerifying_(isVerifying) {}

Context::~Context() = default;

}  // namespace parley::tls
