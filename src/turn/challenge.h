#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/bytes.h"
#include "crypto/digest.h"
#include "stun/builder.h"
#include "stun/message.h"
#include "turn/config.h"

namespace parley::turn {

// How one request was signed: its answer must be signed the same way (RFC 8489 9.2.5).
struct Signature {
  stun::Integrity kind = stun::Integrity::none;
  crypto::Digest key;

  bool isThere() const { return kind != stun::Integrity::none; }
  bool isCarriedBy(const stun::MessageView& answer) const;
  bool holds(const stun::MessageView& answer) const;
};

// What the server has told of realm and nonce, and how requests are signed with it: MD5 and
// MESSAGE-INTEGRITY or, where the nonce cookie announces more, PASSWORD-ALGORITHM,
// MESSAGE-INTEGRITY-SHA256 and USERHASH (RFC 8489 9.2). A realm is learned once and stays.
class Challenge {
 public:
  bool isKnown() const { return !nonce_.empty(); }

  // Of a 401 or 438. False, and nothing has changed, when it is not a challenge we can take up: no
  // nonce, another realm, or algorithms that were announced and are not there (a bid down).
  bool learn(const Config& config, const stun::MessageView& answer);

  // Adds the credentials and finishes; without a challenge the message goes out unsigned.
  Packet sign(const Config& config, stun::MessageBuilder& message) const;
  Signature signature() const;
  std::size_t overhead(const Config& config) const;  // bytes that sign() adds, at most
  std::size_t memoryUsed() const;

 private:
  std::string realm_;
  std::string nonce_;
  crypto::Digest key_;
  stun::PasswordAlgorithm algorithm_ = stun::PasswordAlgorithm::md5;
  ByteVector algorithms_;  // PASSWORD-ALGORITHMS as it came; empty: not announced
  bool hidesName_ = false;
};

}  // namespace parley::turn
