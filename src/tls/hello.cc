#include "tls/hello.h"

#include "crypto/digest.h"
#include "tls/record.h"

namespace parley::dtls {

std::optional<ClientHello> ClientHello::parse(Bytes body) {
  WireReader in(body);
  ClientHello hello;
  const std::uint16_t version = in.u16();
  hello.random = in.bytes(32);
  in.skip(in.u8());  // session id
  hello.cookie = in.bytes(in.u8());
  const Bytes suites = in.bytes(in.u16());
  const Bytes compression = in.bytes(in.u8());
  if (in.remaining() > 0) in.skip(in.u16());  // extensions
  const bool isDtls = version == kDtls12 || version == kDtls10;
  if (!in.finished() || !isDtls || suites.size() < 2 || suites.size() % 2 != 0) return std::nullopt;
  if (compression.empty()) return std::nullopt;
  return hello;
}

bool Cookie::isIn(const ClientHello& hello) const {
  return crypto::equalInConstantTime(hello.cookie, value_);
}

Message Cookie::request() const {
  Message message{MessageType::helloVerifyRequest, 0, ByteVector(3 + value_.size())};
  WireWriter(message.body)
      .u16(kDtls10)  // RFC 6347 4.2.1: whatever will be agreed on
      .u8(static_cast<std::uint8_t>(value_.size()))
      .bytes(value_);
  return message;
}

bool isCookieRequest(Bytes helloVerifyRequest) {
  WireReader in(helloVerifyRequest);
  in.skip(2);
  const Bytes cookie = in.bytes(in.u8());
  return in.finished() && !cookie.empty();
}

Message emptyHello() {
  Message message{MessageType::clientHello, 0, ByteVector(2 + 32 + 1 + 1 + 4 + 2)};
  WireWriter(message.body)
      .u16(kDtls12)
      .bytes(std::array<std::uint8_t, 32>{})
      .u8(0)
      .u8(0)
      .u16(2)
      .u16(0xc02b)  // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
      .u8(1)
      .u8(0);
  return message;
}

}  // namespace parley::dtls
