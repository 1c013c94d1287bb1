#include "turn/challenge.h"

#include "core/limits.h"
#include "stun/credentials.h"

namespace parley::turn {
namespace {

using stun::Attribute;
using stun::Integrity;

constexpr std::size_t kAlgorithmsMax = 64;  // bytes; two algorithms take eight

}  // namespace

bool Signature::isCarriedBy(const stun::MessageView& answer) const {
  return kind == Integrity::sha256 ? answer.hasIntegritySha256() : answer.hasIntegrity();
}

bool Signature::holds(const stun::MessageView& answer) const {
  if (!isThere() || key.isEmpty()) return false;
  return kind == Integrity::sha256 ? answer.checkIntegritySha256(key) : answer.checkIntegrity(key);
}

bool Challenge::learn(const Config& config, const stun::MessageView& answer) {
  const std::string_view nonce = answer.findText(Attribute::nonce).value_or("");
  const std::string_view realm = answer.findText(Attribute::realm).value_or(realm_);
  if (nonce.empty() || realm.empty()) return false;
  if (nonce.size() > limits::turn::kNonce || realm.size() > limits::turn::kNonce) return false;
  if (!realm_.empty() && realm != realm_) return false;

  const auto features = stun::nonceFeatures(nonce).value_or(stun::NonceFeatures());
  auto algorithm = stun::PasswordAlgorithm::md5;
  Bytes algorithms;
  if (features.passwordAlgorithms) {
    algorithms = answer.find(Attribute::passwordAlgorithms).value_or(Bytes());
    const auto known = answer.findAlgorithms(Attribute::passwordAlgorithms);
    if (known.count == 0 || algorithms.size() > kAlgorithmsMax) return false;
    algorithm = known.list[0];  // RFC 8489 9.2.5: the first one that we support
  }
  if (key_.isEmpty() || algorithm != algorithm_)
    key_ = stun::longTermKey(algorithm, config.username, realm, config.password);
  realm_ = realm;
  nonce_ = nonce;
  algorithm_ = algorithm;
  algorithms_ = toVector(algorithms);
  hidesName_ = features.usernameAnonymity;
  return true;
}

Signature Challenge::signature() const {
  if (!isKnown()) return {};
  return {algorithms_.empty() ? Integrity::sha1 : Integrity::sha256, key_};
}

Packet Challenge::sign(const Config& config, stun::MessageBuilder& message) const {
  if (!isKnown()) return message.finish();
  if (key_.isEmpty()) return {};  // OpenSSL has no memory: as if there were no packet
  if (hidesName_) {
    message.add(Attribute::userhash, stun::userhash(config.username, realm_));
  } else {
    message.addText(Attribute::username, config.username);
  }
  message.addText(Attribute::realm, realm_).addText(Attribute::nonce, nonce_);
  if (!algorithms_.empty()) {  // RFC 8489 9.2.5: the list as it came, against a bid down
    message.add(Attribute::passwordAlgorithms, algorithms_)
        .addAlgorithms(Attribute::passwordAlgorithm, {algorithm_});
  }
  return message.finish(signature().kind, key_);
}

std::size_t Challenge::overhead(const Config& config) const {
  constexpr std::size_t kAttribute = 4 + 3;  // header and padding
  constexpr std::size_t kIntegrity = 4 + 32, kFingerprint = 8, kAlgorithm = 8;
  const std::size_t name = std::max<std::size_t>(config.username.size(), 32);
  return kIntegrity + kFingerprint + kAlgorithm + 4 * kAttribute + name + realm_.size() +
         nonce_.size() + algorithms_.size();
}

std::size_t Challenge::memoryUsed() const {
  return realm_.capacity() + nonce_.capacity() + algorithms_.capacity();
}

}  // namespace parley::turn
