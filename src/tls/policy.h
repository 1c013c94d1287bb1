#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/fingerprint.h"

namespace parley::dtls {

// A server of the web: a DNS name or an address as text, and the time to judge its certificate by.
struct ServerName {
  std::string host;
  std::int64_t wallMicros = 0;
};

// Which certificate will do: one of which at least one fingerprint matches (RFC 8122 5), where weak
// and surplus ones are left out; or, of a server of the web, whichever OpenSSL then verifies.
class Policy {
 public:
  explicit Policy(const std::vector<crypto::Fingerprint>& announced);
  explicit Policy(ServerName server) : server_(std::move(server)) {}

  bool isEmpty() const { return fingerprints_.empty() && (!server_ || server_->host.empty()); }
  bool accepts(const crypto::Certificate& certificate) const;
  const std::optional<ServerName>& server() const { return server_; }

 private:
  std::vector<crypto::Fingerprint> fingerprints_;
  std::optional<ServerName> server_;
};

}  // namespace parley::dtls
