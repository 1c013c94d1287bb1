#include "sim/forger.h"

#include <algorithm>

#include "core/wire.h"
#include "stun/fingerprint.h"
#include "stun/protocol.h"

namespace parley::sim {

namespace {

constexpr std::uint16_t kDtls12 = 0xfefd;
constexpr std::uint8_t kChangeCipherSpec = 20, kAlert = 21, kHandshake = 22, kData = 23;
constexpr std::uint16_t kBindingRequest = 0x0001, kBindingSuccess = 0x0101;

void header(WireWriter& out, stun::Attribute type, std::size_t length) {
  out.u16(static_cast<std::uint16_t>(type)).u16(static_cast<std::uint16_t>(length));
}

}  // namespace

ByteVector Forger::make(Forgery kind) {
  switch (kind) {
    case Forgery::stunRequest:
      return stun(true);
    case Forgery::stunResponse:
      return stun(false);
    case Forgery::clientHello:
      return clientHello();
    case Forgery::handshakeMessage:
      return handshakeMessage();
    case Forgery::alert: {
      const std::array<std::uint8_t, 2> fatal = {2, static_cast<std::uint8_t>(dice_.below(120))};
      return record(kAlert, 0, fatal);
    }
    case Forgery::changeCipherSpec:
      return record(kChangeCipherSpec, 0, std::array<std::uint8_t, 1>{1});
    case Forgery::sealedData:
      return record(kData, 1, noise(24 + dice_.below(1'100)));
    case Forgery::emptyRecord:
      return record(static_cast<std::uint8_t>(kChangeCipherSpec + dice_.below(4)),
                    static_cast<std::uint16_t>(dice_.below(2)), {});
    case Forgery::garbledRecord:
      return garbledRecord();
    case Forgery::noise:
      return noise(dice_.below(1'400));
  }
  return {};
}

ByteVector Forger::spoil(Bytes real) {
  ByteVector bytes = toVector(real);
  if (dice_.below(8) == 0) bytes.resize(dice_.below(bytes.size() + 1));
  if (dice_.below(8) == 0) std::ranges::copy(noise(1 + dice_.below(32)), std::back_inserter(bytes));
  for (std::uint64_t left = 1 + dice_.below(4); left > 0 && !bytes.empty(); --left) {
    bytes[dice_.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << dice_.below(8));
  }
  return bytes;
}

ByteVector Forger::noise(std::size_t size) {
  ByteVector bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(dice_.u32());
  return bytes;
}

// RFC 8489 5, with a FINGERPRINT that is right: everything but the integrity is as it should be.
ByteVector Forger::stun(bool isRequest) {
  constexpr std::size_t kUsername = 16, kAddress = 8, kMac = 20;
  const std::size_t first = isRequest ? 4 + kUsername + 8 : 4 + kAddress;
  ByteVector bytes(stun::kHeaderSize + first + 4 + kMac + 8);
  WireWriter out(bytes);
  out.u16(isRequest ? kBindingRequest : kBindingSuccess)
      .u16(static_cast<std::uint16_t>(bytes.size() - stun::kHeaderSize))
      .u32(stun::kMagicCookie)
      .bytes(noise(12));
  if (isRequest) {
    header(out, stun::Attribute::username, kUsername);
    for (std::size_t i = 0; i < kUsername; ++i) {
      out.u8(i == 8 ? ':' : static_cast<std::uint8_t>('a' + dice_.below(26)));
    }
    header(out, stun::Attribute::priority, 4);
    out.u32(dice_.u32());
  } else {
    header(out, stun::Attribute::xorMappedAddress, kAddress);
    out.u16(1).bytes(noise(6));
  }
  header(out, stun::Attribute::messageIntegrity, kMac);
  out.bytes(noise(kMac));
  const std::uint32_t crc = stun::crc32(Bytes(bytes).first(out.written()));
  header(out, stun::Attribute::fingerprint, 4);
  out.u32(crc ^ stun::kFingerprintXor);
  return bytes;
}

// RFC 6347 4.1.
ByteVector Forger::record(std::uint8_t type, std::uint16_t epoch, Bytes body) {
  ByteVector bytes(13 + body.size());
  WireWriter(bytes)
      .u8(type)
      .u16(kDtls12)
      .u16(epoch)
      .u48(dice_.below(64))
      .u16(static_cast<std::uint16_t>(body.size()))
      .bytes(body);
  return bytes;
}

// RFC 6347 4.2: one that a server would answer with a HelloVerifyRequest or its whole flight.
ByteVector Forger::clientHello() {
  const std::array<std::uint8_t, 29> extensions = {
      0, 10, 0, 4, 0, 2, 0, 29,     // supported_groups: X25519
      0, 13, 0, 4, 0, 2, 4, 3,      // signature_algorithms: ECDSA with SHA-256
      0, 14, 0, 5, 0, 2, 0, 7,  0,  // use_srtp
      0, 23, 0, 0};                 // extended_master_secret
  std::array<std::uint8_t, 128> body;
  WireWriter out(body);
  out.u16(kDtls12).bytes(noise(32)).u8(0).u8(0);
  out.u16(4).u16(0xc02b).u16(0xcca9).u8(1).u8(0);
  out.u16(static_cast<std::uint16_t>(extensions.size())).bytes(extensions);
  ByteVector message(12 + out.written());
  const auto size = static_cast<std::uint32_t>(out.written());
  WireWriter(message).u8(1).u24(size).u16(0).u24(0).u24(size).bytes(Bytes(body).first(size));
  return record(kHandshake, 0, message);
}

ByteVector Forger::handshakeMessage() {
  constexpr std::array<std::uint8_t, 9> kTypes = {1, 2, 3, 11, 12, 13, 14, 15, 16};
  const ByteVector body = noise(dice_.below(200));
  const auto size = static_cast<std::uint32_t>(body.size());
  ByteVector message(12 + body.size());
  WireWriter(message)
      .u8(kTypes.at(dice_.below(kTypes.size())))
      .u24(size)
      .u16(static_cast<std::uint16_t>(dice_.below(6)))
      .u24(0)
      .u24(size)
      .bytes(body);
  return record(kHandshake, 0, message);
}

ByteVector Forger::garbledRecord() {
  ByteVector bytes = record(static_cast<std::uint8_t>(kChangeCipherSpec + dice_.below(6)),
                            static_cast<std::uint16_t>(dice_.below(3)), noise(dice_.below(300)));
  if (dice_.below(2) == 0) bytes[11 + dice_.below(2)] = static_cast<std::uint8_t>(dice_.u32());
  if (dice_.below(4) == 0) bytes.resize(1 + dice_.below(bytes.size()));
  return bytes;
}

}  // namespace parley::sim
