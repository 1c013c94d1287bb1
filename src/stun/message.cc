#include "stun/message.h"

#include "core/wire.h"
#include "crypto/hmac.h"
#include "stun/fingerprint.h"

namespace parley::stun {
namespace {

constexpr std::size_t kAttributeHeader = 4;
constexpr std::size_t kSha1Size = 20;
constexpr std::size_t kSha256Min = 16;  // RFC 8489 14.6
constexpr std::size_t kSha256Max = 32;
constexpr std::size_t kUserhashSize = 32;

constexpr std::size_t padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

std::uint16_t u16At(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Lengths of attributes that have one form only and that nothing here would survive wrongly.
bool hasRightLength(Attribute type, std::size_t length) {
  switch (type) {
    case Attribute::messageIntegrity:
      return length == kSha1Size;
    case Attribute::messageIntegritySha256:
      return length >= kSha256Min && length <= kSha256Max && length % 4 == 0;
    case Attribute::fingerprint:
      return length == 4;
    case Attribute::userhash:
      return length == kUserhashSize;
    default:
      return true;
  }
}

std::optional<Address> readAddress(Bytes value) {
  WireReader in(value);
  in.skip(1);
  const std::uint8_t family = in.u8();
  Address address;
  address.port = in.u16();
  if (family == 1) {
    std::array<std::uint8_t, 4> ip{};
    std::ranges::copy(in.bytes(ip.size()), ip.begin());
    address.ip = IpAddress::v4(ip);
  } else if (family == 2) {
    std::array<std::uint8_t, 16> ip{};
    std::ranges::copy(in.bytes(ip.size()), ip.begin());
    address.ip = IpAddress::v6(ip);
  } else {
    return std::nullopt;
  }
  return in.finished() ? std::optional(address) : std::nullopt;
}

bool isKnownAlgorithm(std::uint16_t number) {
  return number == static_cast<std::uint16_t>(PasswordAlgorithm::md5) ||
         number == static_cast<std::uint16_t>(PasswordAlgorithm::sha256);
}

}  // namespace

bool MessageView::looksLike(Bytes datagram) {
  return datagram.size() >= kHeaderSize && (datagram[0] & 0xc0) == 0 &&
         WireReader(datagram.subspan(4, 4)).u32() == kMagicCookie;
}

Result<MessageView, ParseError> MessageView::parse(Bytes datagram, std::size_t largest) {
  if (datagram.size() < kHeaderSize) return Unexpected(ParseError::truncated);
  if (datagram.size() > std::min<std::size_t>(largest, 0xffff)) {
    return Unexpected(ParseError::tooLarge);
  }
  if (!looksLike(datagram)) return Unexpected(ParseError::malformed);
  if (u16At(datagram, 2) + kHeaderSize != datagram.size() || datagram.size() % 4 != 0) {
    return Unexpected(ParseError::malformed);
  }

  // RFC 8489 5: the class bits stand in the middle of the method.
  const unsigned type = u16At(datagram, 0);
  MessageView view;
  view.bytes_ = datagram;
  view.class_ = static_cast<Class>((type >> 7 & 2) | (type >> 4 & 1));
  view.method_ = static_cast<Method>((type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0xf));
  if (const auto walked = view.walk(); !walked) return Unexpected(walked.error());
  return view;
}

Result<void, ParseError> MessageView::walk() {
  WireReader in(bytes_.subspan(kHeaderSize));
  while (in.remaining() > 0) {
    Entry entry{};
    entry.at = static_cast<std::uint16_t>(bytes_.size() - in.remaining() + kAttributeHeader);
    entry.type = in.u16();
    entry.length = in.u16();
    in.skip(padded(entry.length));
    if (in.failed()) return Unexpected(ParseError::truncated);
    if (const auto noted = note(entry); !noted) return noted;
  }
  return {};
}

Result<void, ParseError> MessageView::note(const Entry& entry) {
  const auto type = static_cast<Attribute>(entry.type);
  if (fingerprintAt_ != 0) return Unexpected(ParseError::malformed);  // RFC 8489 14.7: the last
  if (!hasRightLength(type, entry.length)) return Unexpected(ParseError::malformed);

  const auto header = static_cast<std::uint16_t>(entry.at - kAttributeHeader);
  if (type == Attribute::fingerprint) {
    fingerprintAt_ = header;
  } else if (sha256At_ != 0) {
    return {};  // RFC 8489 14.6: not protected, not seen
  } else if (type == Attribute::messageIntegritySha256) {
    sha256At_ = header;
  } else if (sha1At_ != 0) {
    return {};  // RFC 8489 14.5
  } else if (type == Attribute::messageIntegrity) {
    sha1At_ = header;
  } else {
    if (entryCount_ == entries_.size()) return Unexpected(ParseError::tooMany);
    entries_[entryCount_++] = entry;
  }
  return {};
}

TransactionId MessageView::transaction() const {
  TransactionId id;
  std::ranges::copy(bytes_.subspan(8, id.size()), id.begin());
  return id;
}

std::optional<Bytes> MessageView::find(Attribute type) const {
  for (std::size_t i = 0; i < entryCount_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.type == static_cast<std::uint16_t>(type)) {
      return bytes_.subspan(entry.at, entry.length);
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> MessageView::findText(Attribute type) const {
  const auto value = find(type);
  return value ? std::optional(textOf(*value)) : std::nullopt;
}

std::optional<std::uint32_t> MessageView::findU32(Attribute type) const {
  const auto value = find(type);
  if (!value || value->size() != 4) return std::nullopt;
  return WireReader(*value).u32();
}

std::optional<std::uint64_t> MessageView::findU64(Attribute type) const {
  const auto value = find(type);
  if (!value || value->size() != 8) return std::nullopt;
  return WireReader(*value).u64();
}

std::optional<Address> MessageView::findAddress(Attribute type) const {
  const auto value = find(type);
  return value ? readAddress(*value) : std::nullopt;
}

std::optional<Address> MessageView::findXorAddress(Attribute type) const {
  const auto value = find(type);
  return value ? readXorAddress(*value) : std::nullopt;
}

MessageView::Addresses MessageView::findXorAddresses(Attribute type) const {
  Addresses found;
  for (std::size_t i = 0; i < entryCount_; ++i) {
    const Entry& entry = entries_[i];
    if (entry.type != static_cast<std::uint16_t>(type)) continue;
    const auto address = readXorAddress(bytes_.subspan(entry.at, entry.length));
    if (!address || found.count == found.list.size()) {
      found.isWhole = false;
      return found;
    }
    found.list[found.count++] = *address;
  }
  return found;
}

std::optional<std::uint16_t> MessageView::findChannelNumber() const {
  const auto value = findU32(Attribute::channelNumber);
  return value ? std::optional(static_cast<std::uint16_t>(*value >> 16)) : std::nullopt;
}

std::optional<std::uint8_t> MessageView::findU8(Attribute type) const {
  const auto value = findU32(type);
  return value ? std::optional(static_cast<std::uint8_t>(*value >> 24)) : std::nullopt;
}

std::optional<Address> MessageView::readXorAddress(Bytes value) const {
  if (value.size() > 20) return std::nullopt;
  // RFC 8489 14.2: the port is masked with the cookie's first half, the address with the cookie
  // and the transaction id, which stand next to each other in the header.
  std::array<std::uint8_t, 20> plain{};
  std::ranges::copy(value, plain.begin());
  for (std::size_t i = 2; i < value.size(); ++i) {
    plain[i] ^= bytes_[i < 4 ? 4 + i - 2 : 4 + i - 4];
  }
  return readAddress(Bytes(plain).first(value.size()));
}

std::optional<ErrorView> MessageView::findError() const {
  const auto value = find(Attribute::errorCode);
  if (!value || value->size() < 4) return std::nullopt;
  const unsigned hundreds = (*value)[2] & 7u;
  const unsigned rest = (*value)[3];
  if (hundreds < 3 || hundreds > 6 || rest > 99) return std::nullopt;  // RFC 8489 14.8
  return ErrorView{static_cast<std::uint16_t>(hundreds * 100 + rest), textOf(value->subspan(4))};
}

MessageView::Algorithms MessageView::findAlgorithms(Attribute type) const {
  Algorithms found;
  const auto value = find(type);
  if (!value) return found;
  WireReader in(*value);
  while (in.remaining() >= 4) {
    const std::uint16_t number = in.u16();
    const std::size_t length = in.u16();
    in.skip(std::min(padded(length), std::max(length, in.remaining())));
    if (in.failed()) return {};
    const auto algorithm = static_cast<PasswordAlgorithm>(number);
    const auto end = found.list.begin() + static_cast<std::ptrdiff_t>(found.count);
    if (!isKnownAlgorithm(number) || std::find(found.list.begin(), end, algorithm) != end) continue;
    found.list[found.count++] = algorithm;
  }
  return found;
}

MessageView::Unknown MessageView::unknownRequired(std::initializer_list<Attribute> known) const {
  Unknown unknown;
  for (std::size_t i = 0; i < entryCount_; ++i) {
    const std::uint16_t type = entries_[i].type;
    if (!isComprehensionRequired(type)) continue;
    if (std::ranges::find(known, static_cast<Attribute>(type)) != known.end()) continue;
    const auto end = unknown.types.begin() + static_cast<std::ptrdiff_t>(unknown.count);
    if (std::find(unknown.types.begin(), end, type) != end) continue;
    if (unknown.count < unknown.types.size()) unknown.types[unknown.count++] = type;
  }
  return unknown;
}

// The MAC covers everything before its attribute, under a header whose length ends with it.
bool MessageView::checkMac(std::size_t at, Bytes key) const {
  if (at == 0) return false;
  const std::size_t size = u16At(bytes_, at + 2);
  const auto length = static_cast<std::uint16_t>(at + kAttributeHeader + size - kHeaderSize);
  const std::array<std::uint8_t, 2> patched{static_cast<std::uint8_t>(length >> 8),
                                            static_cast<std::uint8_t>(length)};
  const crypto::Hash hash = at == sha1At_ ? crypto::Hash::sha1 : crypto::Hash::sha256;
  const crypto::Digest mac =
      crypto::hmac(hash, key, {bytes_.first(2), patched, bytes_.subspan(4, at - 4)});
  if (mac.isEmpty()) return false;
  return crypto::equalInConstantTime(mac.bytes().first(size),
                                     bytes_.subspan(at + kAttributeHeader, size));
}

bool MessageView::checkIntegrity(Bytes key) const { return checkMac(sha1At_, key); }

bool MessageView::checkIntegritySha256(Bytes key) const { return checkMac(sha256At_, key); }

bool MessageView::checkFingerprint() const {
  if (fingerprintAt_ == 0) return false;
  const std::uint32_t written = WireReader(bytes_.subspan(fingerprintAt_ + 4u, 4)).u32();
  return (crc32(bytes_.first(fingerprintAt_)) ^ kFingerprintXor) == written;
}

}  // namespace parley::stun
