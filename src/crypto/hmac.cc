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

}  // namespace

void Hmac::Free::operator()(Native* native) const { EVP_MAC_CTX_free(contextOf(native)); }

Hmac::Hmac(Hash hash, Bytes key) : hash_(hash) {
  const MacPtr mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  native_.reset(mac ? reinterpret_cast<Native*>(EVP_MAC_CTX_new(mac.get())) : nullptr);
  if (!native_) return;

  std::array<char, 8> name{};
  const std::string_view wanted = opensslName(hash);
  std::ranges::copy(wanted, name.begin());
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), wanted.size()),
      OSSL_PARAM_construct_end()};
  // A null key would mean "the key set before": an empty one needs an address.
  const std::uint8_t none = 0;
  const std::uint8_t* data = key.empty() ? &none : key.data();
  if (EVP_MAC_init(contextOf(native_.get()), data, key.size(), parameters) != 1) native_.reset();
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
