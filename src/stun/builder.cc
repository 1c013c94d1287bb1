#include "stun/builder.h"

#include "core/assert.h"
#include "core/wire.h"
#include "crypto/hmac.h"
#include "stun/fingerprint.h"

namespace parley::stun {
namespace {

constexpr std::size_t kSha1Size = 20;

constexpr std::size_t padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

// RFC 8489 5: the class bits stand in the middle of the method.
std::uint16_t typeOf(Class messageClass, Method method) {
  const auto c = static_cast<unsigned>(messageClass);
  const auto m = static_cast<unsigned>(method);
  return static_cast<std::uint16_t>((m & 0xf) | (c & 1) << 4 | (m & 0x70) << 1 | (c & 2) << 7 |
                                    (m & 0xf80) << 2);
}

std::size_t writeAddress(MutableBytes room, const Address& address) {
  WireWriter out(room);
  out.u8(0).u8(address.ip.isV4() ? 1 : 2).u16(address.port).bytes(address.ip.bytes());
  return out.written();
}

}  // namespace

MessageBuilder::MessageBuilder(Packet room, Class messageClass, Method method,
                               const TransactionId& id)
    : packet_(std::move(room)), id_(id) {
  if (!packet_) return;
  PARLEY_ASSERT(packet_.size() == 0);
  WireWriter(packet_.append(kHeaderSize))
      .u16(typeOf(messageClass, method))
      .u16(0)
      .u32(kMagicCookie)
      .bytes(id);
}

MutableBytes MessageBuilder::grow(Attribute type, std::size_t length) {
  if (!packet_) return {};
  if (4 + padded(length) > packet_.tailroom()) {
    packet_ = {};
    return {};
  }
  WireWriter(packet_.append(4))
      .u16(static_cast<std::uint16_t>(type))
      .u16(static_cast<std::uint16_t>(length));
  const MutableBytes room = packet_.append(padded(length));
  std::ranges::fill(room.subspan(length), std::uint8_t{0});
  return room.first(length);
}

void MessageBuilder::setLength(std::size_t length) {
  WireWriter(packet_.mutableBytes().subspan(2, 2)).u16(static_cast<std::uint16_t>(length));
}

MessageBuilder& MessageBuilder::add(Attribute type, Bytes value) {
  const MutableBytes room = grow(type, value.size());
  if (!room.empty()) copyBytes(room, value);
  return *this;
}

MessageBuilder& MessageBuilder::addText(Attribute type, std::string_view value) {
  return add(type, bytesOf(value));
}

MessageBuilder& MessageBuilder::addU32(Attribute type, std::uint32_t value) {
  WireWriter(grow(type, 4)).u32(value);
  return *this;
}

MessageBuilder& MessageBuilder::addU64(Attribute type, std::uint64_t value) {
  WireWriter(grow(type, 8)).u64(value);
  return *this;
}

MessageBuilder& MessageBuilder::addAddress(Attribute type, const Address& address) {
  std::array<std::uint8_t, 20> value;
  return add(type, Bytes(value).first(writeAddress(value, address)));
}

MessageBuilder& MessageBuilder::addXorAddress(Attribute type, const Address& address) {
  std::array<std::uint8_t, 20> value;
  const std::size_t size = writeAddress(value, address);
  std::array<std::uint8_t, 16> mask;
  WireWriter(mask).u32(kMagicCookie).bytes(id_);
  for (std::size_t i = 2; i < size; ++i) value[i] ^= mask[i < 4 ? i - 2 : i - 4];
  return add(type, Bytes(value).first(size));
}

MessageBuilder& MessageBuilder::addError(ErrorCode code, std::string_view reason) {
  const auto number = static_cast<std::uint16_t>(code);
  const MutableBytes room = grow(Attribute::errorCode, 4 + reason.size());
  WireWriter(room)
      .u16(0)
      .u8(static_cast<std::uint8_t>(number / 100))
      .u8(static_cast<std::uint8_t>(number % 100))
      .bytes(bytesOf(reason));
  return *this;
}

MessageBuilder& MessageBuilder::addChannelNumber(std::uint16_t number) {
  return addU32(Attribute::channelNumber, static_cast<std::uint32_t>(number) << 16);
}

MessageBuilder& MessageBuilder::addU8(Attribute type, std::uint8_t value) {
  return addU32(type, static_cast<std::uint32_t>(value) << 24);
}

MessageBuilder& MessageBuilder::addAddressError(AddressFamily family, ErrorCode code) {
  const auto number = static_cast<std::uint16_t>(code);
  WireWriter(grow(Attribute::addressErrorCode, 4))
      .u8(static_cast<std::uint8_t>(family))
      .u8(0)
      .u8(static_cast<std::uint8_t>(number / 100))
      .u8(static_cast<std::uint8_t>(number % 100));
  return *this;
}

MessageBuilder& MessageBuilder::addUnknown(std::span<const std::uint16_t> types) {
  WireWriter out(grow(Attribute::unknownAttributes, 2 * types.size()));
  for (const std::uint16_t type : types) out.u16(type);
  return *this;
}

MessageBuilder& MessageBuilder::addAlgorithms(Attribute type,
                                              std::initializer_list<PasswordAlgorithm> list) {
  WireWriter out(grow(type, 4 * list.size()));
  for (const PasswordAlgorithm algorithm : list) {
    out.u16(static_cast<std::uint16_t>(algorithm)).u16(0);
  }
  return *this;
}

Packet MessageBuilder::finish(Integrity integrity, Bytes key, bool fingerprint,
                              std::size_t sha256Size) {
  const auto sign = [&](Attribute type, crypto::Hash hash, std::size_t size) {
    if (!packet_) return;
    const std::size_t before = packet_.size();
    setLength(before + 4 + size - kHeaderSize);
    const crypto::Digest mac = crypto::hmac(hash, key, packet_.bytes());
    if (mac.isEmpty()) {  // OpenSSL has no memory: as if there were no packet
      packet_ = {};
      return;
    }
    add(type, mac.bytes().first(size));
  };
  if (integrity == Integrity::sha1 || integrity == Integrity::both) {
    sign(Attribute::messageIntegrity, crypto::Hash::sha1, kSha1Size);
  }
  if (integrity == Integrity::sha256 || integrity == Integrity::both) {
    sign(Attribute::messageIntegritySha256, crypto::Hash::sha256, sha256Size);
  }
  if (packet_ && fingerprint) {
    setLength(packet_.size() + 8 - kHeaderSize);
    addU32(Attribute::fingerprint, crc32(packet_.bytes()) ^ kFingerprintXor);
  }
  if (packet_) setLength(packet_.size() - kHeaderSize);
  return std::move(packet_);
}

}  // namespace parley::stun
