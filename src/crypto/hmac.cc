#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

#include "crypto/native.h"

namespace parley::crypto {

namespace {

using MacPtr = std::unique_ptr<EVP_MAC, FreedBy<EVP_MAC_free>>;

const char* opensslName(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return "MD5";
    case Hash::sha1:
      return "SHA1";
    case Hash::sha256:
      return "SHA256";
    case Hash::sha384:
      return "SHA384";
    case Hash::sha512:
      return "SHA512";
  }
  return "";
}

EVP_MAC_CTX* contextOf(void* native) { return static_cast<EVP_MAC_CTX*>(native); }

constexpr std::uint8_t kNone = 0;

EVP_MAC_CTX* makeUnkeyed(Hash hash) {
  const MacPtr mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  EVP_MAC_CTX* const context = mac ? EVP_MAC_CTX_new(mac.get()) : nullptr;
  std::array<char, 8> name{};
  const std::string_view wanted = opensslName(hash);
  std::ranges::copy(wanted, name.begin());
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), wanted.size()),
      OSSL_PARAM_construct_end()};
  if (context == nullptr || EVP_MAC_init(context, &kNone, 0, parameters) == 1) return context;
  EVP_MAC_CTX_free(context);
  return nullptr;
}

// To look the algorithms up costs more than the MAC of a STUN message: it is done once for all.
// Duplicates only read what they are made of, so threads may share that.
EVP_MAC_CTX* unkeyedFor(Hash hash) {
  static const std::array<EVP_MAC_CTX*, 5> all{makeUnkeyed(Hash::md5), makeUnkeyed(Hash::sha1),
                                               makeUnkeyed(Hash::sha256), makeUnkeyed(Hash::sha384),
                                               makeUnkeyed(Hash::sha512)};
  return all[static_cast<std::size_t>(hash)];
}

}  // namespace

void Hmac::Free::operator()(Native* native) const { EVP_MAC_CTX_free(contextOf(native)); }

Hmac::Hmac(Hash hash, Bytes key) : hash_(hash) {
  EVP_MAC_CTX* const unkeyed = unkeyedFor(hash);
  native_.reset(unkeyed ? reinterpret_cast<Native*>(EVP_MAC_CTX_dup(unkeyed)) : nullptr);
  if (!native_) return;
  // A null key would mean "the key set before": an empty one needs an address.
  const std::uint8_t* data = key.empty() ? &kNone : key.data();
  if (EVP_MAC_init(contextOf(native_.get()), data, key.size(), nullptr) != 1) native_.reset();
}

Digest Hmac::sign(std::initializer_list<Bytes> parts) {
  if (!native_) return {};
  EVP_MAC_CTX* context = contextOf(native_.get());
  bool good = EVP_MAC_init(context, nullptr, 0, nullptr) == 1;  // the same key again
  for (const Bytes part : parts) {
    if (!part.empty()) good = good && EVP_MAC_update(context, part.data(), part.size()) == 1;
  }
  Digest result(digestSize(hash_));
  std::size_t size = 0;
  good = good && EVP_MAC_final(context, result.mutableBytes().data(), &size, result.size()) == 1;
  return good && size == result.size() ? result : Digest();
}

bool Hmac::verify(std::initializer_list<Bytes> parts, Bytes mac) {
  const Digest expected = sign(parts);
  return !expected.isEmpty() && equalInConstantTime(expected, mac);
}

Digest hmac(Hash hash, Bytes key, Bytes message) { return Hmac(hash, key).sign(message); }

Digest hmac(Hash hash, Bytes key, std::initializer_list<Bytes> parts) {
  return Hmac(hash, key).sign(parts);
}

}  // namespace parley::crypto
