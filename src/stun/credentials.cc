#include "stun/credentials.h"

namespace parley::stun {
namespace {

// RFC 8489 9.2: "obMatJos2", then 24 bits in Base64 where bit 23 is the first bit sent. Only the
// first six carry a meaning so far.
constexpr std::string_view kNonceCookie = "obMatJos2";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned kPasswordAlgorithmsBit = 0b10'0000;
constexpr unsigned kUsernameAnonymityBit = 0b01'0000;

crypto::Hash hashOf(PasswordAlgorithm algorithm) {
  return algorithm == PasswordAlgorithm::md5 ? crypto::Hash::md5 : crypto::Hash::sha256;
}

}  // namespace

crypto::Digest longTermKey(PasswordAlgorithm algorithm, std::string_view username,
                           std::string_view realm, std::string_view password) {
  const Bytes colon = bytesOf(":");
  return crypto::digest(hashOf(algorithm),
                        {bytesOf(username), colon, bytesOf(realm), colon, bytesOf(password)});
}

crypto::Digest userhash(std::string_view username, std::string_view realm) {
  return crypto::digest(crypto::Hash::sha256, {bytesOf(username), bytesOf(":"), bytesOf(realm)});
}

std::optional<NonceFeatures> nonceFeatures(std::string_view nonce) {
  if (!nonce.starts_with(kNonceCookie) || nonce.size() < kNonceCookie.size() + 4) {
    return std::nullopt;
  }
  unsigned first = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t digit = kBase64.find(nonce[kNonceCookie.size() + i]);
    if (digit == std::string_view::npos) return std::nullopt;
    if (i == 0) first = static_cast<unsigned>(digit);
  }
  return NonceFeatures{.passwordAlgorithms = (first & kPasswordAlgorithmsBit) != 0,
                       .usernameAnonymity = (first & kUsernameAnonymityBit) != 0};
}

std::string nonceWithFeatures(NonceFeatures features, std::string_view rest) {
  const unsigned first = (features.passwordAlgorithms ? kPasswordAlgorithmsBit : 0) |
                         (features.usernameAnonymity ? kUsernameAnonymityBit : 0);
  std::string nonce(kNonceCookie);
  nonce += kBase64[first];
  nonce += "AAA";
  nonce += rest;
  return nonce;
}

}  // namespace parley::stun
