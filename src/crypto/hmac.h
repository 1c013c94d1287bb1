#pragma once

#include <initializer_list>
#include <memory>

#include "core/bytes.h"
#include "crypto/digest.h"

namespace parley::crypto {

// An HMAC key made ready once and used for many messages: signing again costs no key schedule and
// no allocation. For a key that is used once there is hmac(). Without memory for OpenSSL the value
// is empty, and verify() says no.
class Hmac {
 public:
  Hmac(Hash hash, Bytes key);  // any key length, empty too

  Digest sign(Bytes message) { return sign({message}); }
  Digest sign(std::initializer_list<Bytes> parts);  // of the parts, one after another

  // Compares in constant time. A shorter mac, such as a truncated one, is not accepted.
  bool verify(std::initializer_list<Bytes> parts, Bytes mac);

  Hash hash() const { return hash_; }

 private:
  struct Native;
  struct Free {
    void operator()(Native* native) const;
  };

  std::unique_ptr<Native, Free> native_;
  Hash hash_;
};

Digest hmac(Hash hash, Bytes key, Bytes message);
Digest hmac(Hash hash, Bytes key, std::initializer_list<Bytes> parts);

}  // namespace parley::crypto
