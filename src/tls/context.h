#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/limits.h"
#include "crypto/identity.h"
#include "crypto/srtp_keys.h"
#include "tls/stream_context.h"

namespace parley::dtls {

struct ContextOptions {
  // Offered and accepted in this order (RFC 5764 4.1.1); empty leaves use_srtp out of the hello.
  std::vector<crypto::SrtpProfile> srtp = {};
  std::size_t mtu = limits::dtls::kMtu;  // of a handshake datagram; 256 to 1,472
};

// What every handshake of one identity has in common: the certificate, the suites, the sizes. One
// context serves any number of sessions, one after another or at once on one loop, and making it is
// most of what a handshake would otherwise cost. It is immutable; nothing in it grows.
class Context {
 public:
  using Shared = std::shared_ptr<const Context>;

  // Null only when OpenSSL refuses the identity or is out of memory.
  static Shared make(crypto::Identity::Shared identity, ContextOptions options = {});
  // For clients of servers of the web, who show no certificate of their own. Null where the
  // authorities cannot be read or OpenSSL is out of memory.
  static Shared ofClient(const tls::ClientOptions& options);

  const crypto::Identity& identity() const { return *identity_; }  // of make() only
  const ContextOptions& options() const { return options_; }

  struct Native;
  const Native& native() const { return *native_; }  // for handshake.cc

  Context(crypto::Identity::Shared identity, ContextOptions options,
          std::unique_ptr<Native> native);  // for make()
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  crypto::Identity::Shared identity_;
  ContextOptions options_;
  std::unique_ptr<Native> native_;
};

}  // namespace parley::dtls
