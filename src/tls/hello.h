#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/random.h"
#include "tls/message.h"

namespace parley::dtls {

// What is read of a ClientHello before OpenSSL sees it (RFC 6347 4.2.1); views into the message.
struct ClientHello {
  Bytes random;
  Bytes cookie;

  static std::optional<ClientHello> parse(Bytes body);  // nothing when a length does not fit
};

// What a server asks back from a client whose hello it has a reason to doubt. Only who hears what
// we send can answer it, and a hello that was forged from elsewhere therefore leads to nothing.
class Cookie {
 public:
  explicit Cookie(Secrets& secrets) { secrets.fill(value_); }

  Bytes bytes() const { return value_; }
  bool isIn(const ClientHello& hello) const;
  Message request() const;  // HelloVerifyRequest

 private:
  std::array<std::uint8_t, 20> value_{};
};

bool isCookieRequest(Bytes helloVerifyRequest);  // one with a cookie in it

// A hello that says nothing. OpenSSL numbers messages by itself: it has to have asked for a cookie
// before it takes a hello that is the second message.
Message emptyHello();

}  // namespace parley::dtls
