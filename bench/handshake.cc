// The floor of a set-up: what two bare OpenSSL endpoints need for the same handshake.

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "benchmarks.h"
#include "support/process.h"

namespace bench {
namespace {

constexpr int kHandshakes = 500;

template <auto Free>
struct Freed {
  template <class Native>
  void operator()(Native* native) const {
    Free(native);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Endpoint = std::unique_ptr<SSL, Freed<SSL_free>>;

// As RTCPeerConnection has it: self-signed ECDSA P-256, mutual, DTLS 1.2.
class Side {
 public:
  Side()
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()), context_(SSL_CTX_new(DTLS_method())) {
    X509_gmtime_adj(X509_getm_notBefore(certificate_.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate_.get()), 86'400);
    X509_set_pubkey(certificate_.get(), key_.get());
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    SSL_CTX_set_max_proto_version(context_.get(), DTLS1_2_VERSION);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       [](int, X509_STORE_CTX*) { return 1; });
  }

  Endpoint endpoint(bool isServer) const {
    Endpoint endpoint(SSL_new(context_.get()));
    SSL_set_mtu(endpoint.get(), 16'384);
    if (isServer) {
      SSL_set_accept_state(endpoint.get());
    } else {
      SSL_set_connect_state(endpoint.get());
    }
    return endpoint;
  }

 private:
  Key key_;
  Certificate certificate_;
  Context context_;
};

void shake(const Side& client, const Side& server) {
  const Endpoint asking = client.endpoint(false), answering = server.endpoint(true);
  // A flight is read as if it had been one datagram: with this MTU it fits a read.
  BIO* const toServer = BIO_new(BIO_s_mem());
  BIO* const toClient = BIO_new(BIO_s_mem());
  for (BIO* way : {toServer, toClient}) {
    BIO_set_mem_eof_return(way, -1);
    BIO_up_ref(way);
  }
  SSL_set_bio(asking.get(), toClient, toServer);
  SSL_set_bio(answering.get(), toServer, toClient);
  for (int turn = 0; turn < 20; ++turn) {
    const int first = SSL_do_handshake(asking.get());
    const int second = SSL_do_handshake(answering.get());
    if (first == 1 && second == 1) return;
  }
  std::fputs("benchmark failed: a bare handshake did not end\n", stderr);
  std::exit(1);
}

}  // namespace

void measureHandshake(Report& report) {
  const Side client, server;
  const double cpu = parley::support::cpuSeconds();
  for (int i = 0; i < kHandshakes; ++i) shake(client, server);
  report.add("handshake", "CPU of two bare OpenSSL endpoints for the handshake alone",
             format("%.2f ms", (parley::support::cpuSeconds() - cpu) * 1e3 / kHandshakes));
}

}  // namespace bench
