#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/bytes.h"

namespace parley::crypto {

enum class AeadAlgorithm : std::uint8_t { aes128Gcm, aes256Gcm, chacha20Poly1305 };

inline constexpr std::size_t kAeadNonce = 12;
inline constexpr std::size_t kAeadTag = 16;

constexpr std::size_t aeadKeySize(AeadAlgorithm algorithm) {
  return algorithm == AeadAlgorithm::aes128Gcm ? 16 : 32;
}

namespace detail {
struct CipherNative;
struct CipherFree {
  void operator()(CipherNative* native) const;
};
using Cipher = std::unique_ptr<CipherNative, CipherFree>;
}  // namespace detail

// One direction of authenticated encryption: the key is set once, each call brings its nonce. The
// caller never uses a nonce twice; nothing here could notice.
class AeadSealer {
 public:
  AeadSealer(AeadAlgorithm algorithm, Bytes key);      // aeadKeySize() bytes
  bool isReady() const { return cipher_ != nullptr; }  // false when OpenSSL had no memory

  // In place: `text` becomes ciphertext, `tag` (kAeadTag bytes) is written.
  void seal(Bytes nonce, Bytes associated, MutableBytes text, MutableBytes tag) {
    seal(nonce, associated, text, text, tag);
  }
  // From one place to another of the same size, which may be the same but not overlap in part.
  void seal(Bytes nonce, Bytes associated, Bytes from, MutableBytes to, MutableBytes tag);

 private:
  detail::Cipher cipher_;
};

// The other direction. A false answer means nothing of the text may be used: it was wiped.
class AeadOpener {
 public:
  AeadOpener(AeadAlgorithm algorithm, Bytes key);
  bool isReady() const { return cipher_ != nullptr; }

  [[nodiscard]] bool open(Bytes nonce, Bytes associated, MutableBytes text, Bytes tag);

 private:
  detail::Cipher cipher_;
};

}  // namespace parley::crypto
