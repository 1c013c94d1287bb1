#pragma once

#include <openssl/ssl.h>

#include <deque>
#include <string>
#include <vector>

#include "tls/native.h"
#include "tls/test_link.h"

namespace parley::dtls::testing {

// The oracle of this folder's tests: OpenSSL as a whole DTLS endpoint, with a record layer, read
// and write of its own. Options are what a test wants to be different.
class OpenSslPeer {
 public:
  struct Options {
    bool isServer = false;
    long mtu = 1'200;
    std::string suites = "ALL:@SECLEVEL=0";
    std::string groups = {};
    std::string signatures = {};
    int version = DTLS1_2_VERSION;
    bool sendsCertificate = true;
    bool hasExtendedMasterSecret = true;
  };

  OpenSslPeer(crypto::KeyPtr key, crypto::X509Ptr certificate, const Options& options)
      : certificate_(crypto::derOf(certificate.get())) {
    context_.reset(SSL_CTX_new(DTLS_method()));
    SSL_CTX* context = context_.get();
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, options.version);
    SSL_CTX_set_max_proto_version(context, options.version);
    SSL_CTX_set_cipher_list(context, options.suites.c_str());
    if (!options.groups.empty()) SSL_CTX_set1_groups_list(context, options.groups.c_str());
    if (!options.signatures.empty()) {
      SSL_CTX_set1_sigalgs_list(context, options.signatures.c_str());
    }
    if (!options.hasExtendedMasterSecret) {
      SSL_CTX_set_options(context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
    }
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    if (options.sendsCertificate) {
      SSL_CTX_use_certificate(context, certificate.get());
      SSL_CTX_use_PrivateKey(context, key.get());
    }
    method_.reset(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "queue"));
    BIO_meth_set_write(method_.get(), write);
    BIO_meth_set_read(method_.get(), read);
    BIO_meth_set_ctrl(method_.get(), [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    ssl_.reset(SSL_new(context));
    BIO* bio = BIO_new(method_.get());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_mtu(ssl_.get(), options.mtu);
    options.isServer ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }
  OpenSslPeer(const crypto::Identity::Shared& identity, const Options& options)
      : OpenSslPeer(share(identity->native().key), share(identity->native().certificate), options) {
  }
  OpenSslPeer(const OpenSslPeer&) = delete;
  OpenSslPeer& operator=(const OpenSslPeer&) = delete;

  static crypto::KeyPtr share(const crypto::KeyPtr& key) {
    EVP_PKEY_up_ref(key.get());
    return crypto::KeyPtr(key.get());
  }
  static crypto::X509Ptr share(const crypto::X509Ptr& certificate) {
    X509_up_ref(certificate.get());
    return crypto::X509Ptr(certificate.get());
  }

  bool handshake() {
    const crypto::ErrorScope errors;
    return SSL_do_handshake(ssl_.get()) == 1;
  }
  void receive(Bytes datagram) { in.push_back(toVector(datagram)); }
  bool send(Bytes text) {
    const crypto::ErrorScope errors;
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) ==
           static_cast<int>(text.size());
  }
  std::optional<ByteVector> readText() {
    const crypto::ErrorScope errors;
    ByteVector text(16'384);
    const int size = SSL_read(ssl_.get(), text.data(), static_cast<int>(text.size()));
    if (size <= 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(size));
    return text;
  }
  ByteVector exported(std::string_view label, std::size_t size) {
    ByteVector keys(size);
    SSL_export_keying_material(ssl_.get(), keys.data(), size, label.data(), label.size(), nullptr,
                               0, 0);
    return keys;
  }
  SSL* ssl() { return ssl_.get(); }
  const crypto::Certificate& certificate() const { return certificate_; }

  std::deque<ByteVector> in;
  std::vector<ByteVector> out;

 private:
  static int write(BIO* bio, const char* data, int size) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(data);
    static_cast<OpenSslPeer*>(BIO_get_data(bio))->out.emplace_back(bytes, bytes + size);
    return size;
  }
  static int read(BIO* bio, char* data, int room) {
    auto& queue = static_cast<OpenSslPeer*>(BIO_get_data(bio))->in;
    BIO_clear_retry_flags(bio);
    if (queue.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const ByteVector datagram = std::move(queue.front());
    queue.pop_front();
    const std::size_t size = std::min(datagram.size(), static_cast<std::size_t>(room));
    std::memcpy(data, datagram.data(), size);
    return static_cast<int>(size);
  }

  crypto::Certificate certificate_;
  SslContextPtr context_;
  BioMethodPtr method_;
  SslPtr ssl_;
};

// One of ours against OpenSSL; datagrams pass at once.
struct Duel {
  Duel(OpenSslPeer& peer_, Role ours, Context::Shared context = makeContext())
      : peer(peer_), end(std::move(context)) {
    Step step = bench.step();
    end.session.start(step, ours, {peer.certificate().fingerprint()});
    end.collect();
  }

  // Until nobody has anything to say.
  void run() {
    for (int i = 0; i < 50; ++i) {
      peer.handshake();
      if (peer.out.empty() && end.sent.empty()) return;
      pass();
    }
  }
  void pass() {
    Step step = bench.step();
    for (const ByteVector& datagram : std::exchange(peer.out, {})) end.receive(step, datagram);
    for (const ByteVector& datagram : std::exchange(end.sent, {})) peer.receive(datagram);
  }

  Bench bench;
  OpenSslPeer& peer;
  End end;
};

}  // namespace parley::dtls::testing
