#include "crypto/hmac.h"
#include "fuzz/common.h"
#include "fuzz/stun_reference.h"
#include "stun/builder.h"
#include "stun/message.h"

// A message is accepted exactly when its HMAC is right, whatever was done to it, and nothing that
// stands behind the integrity is seen.
// max_len: 128

namespace parley::fuzz {
namespace {

using stun::Attribute;

// RFC 8489 14.5, on a copy: everything before the attribute, under a length that ends with it.
bool isRight(Bytes message, const std::vector<StunAttribute>& all, std::uint16_t type, Bytes key) {
  for (const StunAttribute& one : all) {
    if (one.type == type) {
      ByteVector covered = toVector(message.first(one.at));
      const std::size_t length = one.at + 4 + one.value.size() - 20;
      covered[2] = static_cast<std::uint8_t>(length >> 8);
      covered[3] = static_cast<std::uint8_t>(length);
      const auto hash = type == kSha1 ? crypto::Hash::sha1 : crypto::Hash::sha256;
      const crypto::Digest mac = crypto::hmac(hash, key, {Bytes(covered)});
      return equal(mac.bytes().first(one.value.size()), one.value);
    }
    // The older integrity is not looked for behind the newer one.
    if (one.type == kSha256) return false;
  }
  return false;
}

ByteVector signedMessage(Input& in, Bytes key) {
  stun::MessageBuilder builder(packets().take(),
                               stun::Class{static_cast<std::uint8_t>(in.below(4))},
                               stun::Method::binding, {});
  for (std::size_t count = in.below(4); count > 0; --count) {
    const std::uint16_t type = in.u16();
    if (type == kSha1 || type == kSha256 || type == kFingerprint || type == kUserhash) continue;
    builder.add(Attribute{type}, in.bytes(in.below(40)));
  }
  const auto integrity = stun::Integrity{static_cast<std::uint8_t>(in.below(4))};
  const Packet packet = builder.finish(integrity, key, in.flag(), 16 + 4 * in.below(5));
  FUZZ_REQUIRE(packet);
  return toVector(packet.bytes());
}

void append(ByteVector& message, std::uint16_t type, Bytes value) {
  const std::size_t at = message.size();
  message.resize(at + 4 + (value.size() + 3) / 4 * 4);
  message[at] = static_cast<std::uint8_t>(type >> 8);
  message[at + 1] = static_cast<std::uint8_t>(type);
  message[at + 3] = static_cast<std::uint8_t>(value.size());
  copyBytes(MutableBytes(message).subspan(at + 4), value);
  const std::size_t length = message.size() - 20;
  message[2] = static_cast<std::uint8_t>(length >> 8);
  message[3] = static_cast<std::uint8_t>(length);
}

void judge(Bytes message, Bytes key) {
  const auto parsed = stun::MessageView::parse(message);
  if (!parsed) return;
  const auto all = readStun(message);
  FUZZ_REQUIRE(all && isGoodForm(*all));
  FUZZ_REQUIRE(parsed->checkIntegrity(key) == isRight(message, *all, kSha1, key));
  FUZZ_REQUIRE(parsed->checkIntegritySha256(key) == isRight(message, *all, kSha256, key));
  const auto seen = visible(*all);
  for (const StunAttribute& one : *all) {
    const bool isSeen = std::ranges::find(seen, one.type, &StunAttribute::type) != seen.end();
    FUZZ_REQUIRE(parsed->has(Attribute{one.type}) == isSeen);
  }
}

}  // namespace

void oneInput(Bytes input) {
  static const bool warm = crypto::hmac(crypto::Hash::sha1, input, {input}).size() == 20 &&
                           crypto::hmac(crypto::Hash::sha256, input, {input}).size() == 32;
  FUZZ_REQUIRE(warm);
  Input in(input);
  const Frugal frugal(input.size());
  const Bytes key = bytesOf("a password of twenty-four").first(16 + in.below(9));
  const std::uint8_t what = in.u8();
  if (what % 8 == 0) return judge(in.rest(), key);
  ByteVector message = signedMessage(in, key);
  judge(message, key);
  if (what & 8) append(message, in.u16(), in.bytes(in.below(40)));
  for (std::size_t flips = what % 4; flips > 0; --flips) {
    message[in.below(message.size())] ^= static_cast<std::uint8_t>(1u << in.below(8));
  }
  judge(message, key);
}

}  // namespace parley::fuzz
