#include "server/authenticator.h"

#include "core/wire.h"
#include "crypto/base64.h"
#include "stun/credentials.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::ErrorCode;
using stun::PasswordAlgorithm;

constexpr std::size_t kTagKept = 8;
constexpr stun::NonceFeatures kFeatures{.passwordAlgorithms = true};

std::uint32_t secondOf(Instant now) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

}  // namespace

Authenticator::Authenticator(AuthenticatorConfig config, Secrets& secrets)
    : config_(std::move(config)) {
  secrets.fill(nonceKey_);
}

void Authenticator::forgetNonces(Secrets& secrets) { secrets.fill(nonceKey_); }

// The second in clear and eight bytes over it, the generation and the client: 16 characters.
std::string Authenticator::nonceAt(std::uint32_t second, const Address& client) const {
  std::array<std::uint8_t, 32> input{};
  WireWriter writer(input);
  writer.u32(second).u64(generation_).bytes(client.ip.bytes()).u16(client.port);
  const SipTag tag = sipHash128(nonceKey_, Bytes(input).first(writer.written()));
  std::array<std::uint8_t, 4 + kTagKept> raw{};
  WireWriter(raw).u32(second).bytes(Bytes(tag).first(kTagKept));
  std::string text = crypto::base64Encode(raw);
  return config_.offersSha256 ? stun::nonceWithFeatures(kFeatures, text) : text;
}

bool Authenticator::isFresh(Instant now, std::string_view nonce, const Address& client) const {
  // The second is read out of the text, so any other text of the same second is refused below.
  const std::string_view body =
      nonce.substr(nonce.size() - std::min<std::size_t>(nonce.size(), 16));
  const auto raw = crypto::base64Decode(body);
  if (!raw || raw->size() != 4 + kTagKept) return false;
  const std::uint32_t second = WireReader(Bytes(*raw)).u32();
  const auto age = std::chrono::seconds(std::int64_t{secondOf(now)} - second);
  const bool isOurs = parley::equalInConstantTime(bytesOf(nonceAt(second, client)), bytesOf(nonce));
  return isOurs && age >= 0s && age < config_.nonceLifetime;
}

const User* Authenticator::findUser(const stun::MessageView& request) const {
  const auto name = request.username();
  const auto hash = request.find(Attribute::userhash);
  for (const User& user : config_.users) {
    if (name ? user.name == *name
             : hash && equal(stun::userhash(user.name, config_.realm).bytes(), *hash))
      return &user;
  }
  return nullptr;
}

// RFC 8489 9.2.4: a client that saw the nonce cookie names both lists or none.
Result<PasswordAlgorithm, ErrorCode> Authenticator::algorithmOf(
    const stun::MessageView& request) const {
  const bool hasOne = request.has(Attribute::passwordAlgorithm);
  const bool hasList = request.has(Attribute::passwordAlgorithms);
  if (!config_.offersSha256 || (!hasOne && !hasList)) return PasswordAlgorithm::md5;
  const auto list = request.findAlgorithms(Attribute::passwordAlgorithms);
  const auto one = request.findAlgorithms(Attribute::passwordAlgorithm);
  if (one.count != 1 || list.count != 2 || list.list[0] != PasswordAlgorithm::sha256)
    return Unexpected(ErrorCode::badRequest);
  return one.list[0];
}

// In the order of RFC 8489 9.2.4.
Verdict Authenticator::check(Instant now, const stun::MessageView& request,
                             const Address& client) const {
  if (!request.hasIntegrity() && !request.hasIntegritySha256()) return ErrorCode::unauthenticated;
  const auto nonce = request.findText(Attribute::nonce);
  const bool hasName = request.has(Attribute::username) || request.has(Attribute::userhash);
  if (!hasName || !request.has(Attribute::realm) || !nonce) return ErrorCode::badRequest;
  const auto algorithm = algorithmOf(request);
  if (!algorithm) return algorithm.error();

  const User* user = findUser(request);
  if (!user || request.findText(Attribute::realm) != config_.realm)
    return ErrorCode::unauthenticated;
  Authenticated proved{
      .user = user->name,
      .key = stun::longTermKey(*algorithm, user->name, config_.realm, user->password)};
  proved.integrity = request.hasIntegritySha256() ? stun::Integrity::sha256 : stun::Integrity::sha1;
  const bool isProved = request.hasIntegritySha256() ? request.checkIntegritySha256(proved.key)
                                                     : request.checkIntegrity(proved.key);
  if (!isProved) return ErrorCode::unauthenticated;
  if (!isFresh(now, *nonce, client)) return ErrorCode::staleNonce;
  return proved;
}

void Authenticator::addChallenge(stun::MessageBuilder& answer, Instant now,
                                 const Address& client) const {
  answer.addText(Attribute::realm, config_.realm)
      .addText(Attribute::nonce, nonceAt(secondOf(now), client));
  if (config_.offersSha256)
    answer.addAlgorithms(Attribute::passwordAlgorithms,
                         {PasswordAlgorithm::sha256, PasswordAlgorithm::md5});
}

}  // namespace parley::server
