#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::tls {

enum class Trust : std::uint8_t {
  system,  // the authorities that the system trusts
  given,   // those of a PEM text and no others
  none,    // everybody: nothing is proved, for tests only
};

struct ClientOptions {
  Trust trust = Trust::system;
  std::string authoritiesPem = {};  // for Trust::given
  // Offered in this order (RFC 7301); RFC 7443 has "stun.turn" and "stun.nat-discovery".
  std::vector<std::string> alpn = {"stun.turn"};
};

struct ServerOptions {
  std::string privateKeyPem;
  std::string chainPem;  // the leaf first
  std::vector<std::string> alpn = {"stun.turn"};
};

// What all connections of one kind have in common: whom they trust or who they are, and the
// versions and suites: TLS 1.2 with forward secret, authenticated encryption, and TLS 1.3. Making
// one reads the system's certificates, which takes milliseconds, so it is made once and shared.
class Context {
 public:
  using Shared = std::shared_ptr<const Context>;

  // Null where a PEM text cannot be read or OpenSSL is out of memory.
  static Shared ofClient(const ClientOptions& options);
  static Shared ofServer(const ServerOptions& options);

  bool isVerifying() const { return isVerifying_; }

  struct Native;
  const Native& native() const { return *native_; }  // for stream.cc

  Context(std::unique_ptr<Native> native, bool isVerifying);  // for the two makers above
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

 private:
  std::unique_ptr<Native> native_;
  const bool isVerifying_;
};

}  // namespace parley::tls
