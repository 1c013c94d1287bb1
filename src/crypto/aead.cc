#include "crypto/aead.h"

#include <openssl/evp.h>

#include "core/assert.h"
#include "crypto/digest.h"
#include "crypto/native.h"

namespace parley::crypto {

namespace detail {

void CipherFree::operator()(CipherNative* native) const {
  EVP_CIPHER_CTX_free(reinterpret_cast<EVP_CIPHER_CTX*>(native));
}

}  // namespace detail

namespace {

enum class Direction : int { open = 0, seal = 1 };

const EVP_CIPHER* cipherOf(AeadAlgorithm algorithm) {
  switch (algorithm) {
    case AeadAlgorithm::aes128Gcm:
      return EVP_aes_128_gcm();
    case AeadAlgorithm::aes256Gcm:
      return EVP_aes_256_gcm();
    case AeadAlgorithm::chacha20Poly1305:
      return EVP_chacha20_poly1305();
  }
  return nullptr;
}

detail::Cipher makeCipher(AeadAlgorithm algorithm, Bytes key, Direction direction) {
  PARLEY_ASSERT(key.size() == aeadKeySize(algorithm));
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  detail::Cipher cipher(reinterpret_cast<detail::CipherNative*>(context));
  if (context == nullptr || EVP_CipherInit_ex(context, cipherOf(algorithm), nullptr, key.data(),
                                              nullptr, static_cast<int>(direction)) != 1) {
    return nullptr;
  }
  return cipher;
}

EVP_CIPHER_CTX* contextOf(const detail::Cipher& cipher) {
  return reinterpret_cast<EVP_CIPHER_CTX*>(cipher.get());
}

// Everything before the tag: nonce, associated data, text.
bool process(EVP_CIPHER_CTX* context, Bytes nonce, Bytes associated, Bytes from, MutableBytes to) {
  int size = 0;
  if (EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), -1) != 1) return false;
  if (!associated.empty() && EVP_CipherUpdate(context, nullptr, &size, associated.data(),
                                              static_cast<int>(associated.size())) != 1) {
    return false;
  }
  return from.empty() || EVP_CipherUpdate(context, to.data(), &size, from.data(),
                                          static_cast<int>(from.size())) == 1;
}

}  // namespace

AeadSealer::AeadSealer(AeadAlgorithm algorithm, Bytes key)
    : cipher_(makeCipher(algorithm, key, Direction::seal)) {}

void AeadSealer::seal(Bytes nonce, Bytes associated, Bytes from, MutableBytes to,
                      MutableBytes tag) {
  PARLEY_ASSERT(nonce.size() == kAeadNonce && tag.size() == kAeadTag && from.size() == to.size());
  EVP_CIPHER_CTX* context = contextOf(cipher_);
  int size = 0;
  std::uint8_t none = 0;
  PARLEY_ASSERT(process(context, nonce, associated, from, to));
  PARLEY_ASSERT(EVP_CipherFinal_ex(context, &none, &size) == 1);
  PARLEY_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTag, tag.data()) == 1);
}

AeadOpener::AeadOpener(AeadAlgorithm algorithm, Bytes key)
    : cipher_(makeCipher(algorithm, key, Direction::open)) {}

bool AeadOpener::open(Bytes nonce, Bytes associated, MutableBytes text, Bytes tag) {
  PARLEY_ASSERT(nonce.size() == kAeadNonce && tag.size() == kAeadTag);
  EVP_CIPHER_CTX* context = contextOf(cipher_);
  int size = 0;
  std::uint8_t none = 0;
  std::uint8_t expected[kAeadTag];
  copyBytes(expected, tag);
  if (context != nullptr && process(context, nonce, associated, text, text) &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTag, expected) == 1 &&
      EVP_CipherFinal_ex(context, &none, &size) == 1) {
    return true;
  }
  wipe(text);
  return false;
}

}  // namespace parley::crypto
