#pragma once

#include <optional>
#include <string>

#include "core/bytes.h"
#include "tls/record.h"

namespace parley::dtls {

// What a finished key exchange leaves: the input of the key expansion (RFC 5246 6.3). Wiped when it
// goes.
struct KeyMaterial {
  crypto::AeadAlgorithm algorithm = crypto::AeadAlgorithm::aes128Gcm;
  std::string prf;  // the hash of the suite, as OpenSSL names it
  ByteVector masterSecret;
  ByteVector clientRandom;
  ByteVector serverRandom;

  KeyMaterial() = default;
  KeyMaterial(KeyMaterial&&) = default;
  KeyMaterial& operator=(KeyMaterial&&) = default;
  ~KeyMaterial();
};

struct KeyBlock {
  RecordKeys client;  // what the client seals with
  RecordKeys server;

  ~KeyBlock();
};

// Nothing when OpenSSL has no memory for it.
std::optional<KeyBlock> expandKeys(const KeyMaterial& material);

// RFC 5246 5: P_hash over the label and the seed. Exporters use it too, which tests make use of.
// Empty when OpenSSL has no memory.
ByteVector prf(const std::string& hash, Bytes secret, Bytes labelAndSeed, std::size_t size);

}  // namespace parley::dtls
