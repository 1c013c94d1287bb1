#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/address.h"
#include "core/limits.h"
#include "core/random.h"
#include "core/sip_hash.h"
#include "core/time.h"
#include "crypto/digest.h"
#include "stun/builder.h"
#include "stun/message.h"

namespace parley::server {

struct User {
  std::string name;
  std::string password;  // both through OpaqueString (RFC 8265) already
};

struct AuthenticatorConfig {
  std::string realm = "parley";
  std::vector<User> users = {};
  Duration nonceLifetime = limits::server::kNonceLifetime;
  // PASSWORD-ALGORITHMS and the nonce cookie (RFC 8489 9.2): SHA-256 beside MD5. The answer to a
  // stranger grows by 28 bytes.
  bool offersSha256 = false;
};

// Who asked, and how the answer is signed.
struct Authenticated {
  std::string_view user;  // as configured
  crypto::Digest key;
  stun::Integrity integrity = stun::Integrity::none;
};
using Verdict = std::variant<Authenticated, stun::ErrorCode>;

// Long-term credentials (RFC 8489 9.2). A nonce says when it was made, under a keyed hash with the
// client's address, so nothing is kept for those who have not proved who they are (T-6).
class Authenticator {
 public:
  Authenticator(AuthenticatorConfig config, Secrets& secrets);

  Verdict check(Instant now, const stun::MessageView& request, const Address& client) const;
  // REALM and NONCE, as every 401 and 438 has them.
  void addChallenge(stun::MessageBuilder& answer, Instant now, const Address& client) const;

  void rotateNonces() { ++generation_; }  // those that are out are stale
  void forgetNonces(Secrets& secrets);    // as a restarted server would
  const AuthenticatorConfig& config() const { return config_; }

 private:
  std::string nonceAt(std::uint32_t second, const Address& client) const;
  bool isFresh(Instant now, std::string_view nonce, const Address& client) const;
  const User* findUser(const stun::MessageView& request) const;
  Result<stun::PasswordAlgorithm, stun::ErrorCode> algorithmOf(
      const stun::MessageView& request) const;

  AuthenticatorConfig config_;
  SipKey nonceKey_{};
  std::uint64_t generation_ = 0;
};

}  // namespace parley::server
