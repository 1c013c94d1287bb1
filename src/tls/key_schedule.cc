#include "tls/key_schedule.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "core/wire.h"
#include "crypto/native.h"

namespace parley::dtls {

namespace {

void* mutableAddress(Bytes bytes) { return const_cast<std::uint8_t*>(bytes.data()); }

// The block is cut in this order: keys of both, then IVs of both; AEAD suites have no MAC keys.
void cut(WireReader& in, RecordKeys& keys, bool iv) {
  if (iv) {
    const Bytes part = in.bytes(12 - keys.explicitNonce());
    copyBytes(keys.iv, part);
  } else {
    copyBytes(keys.key, in.bytes(crypto::aeadKeySize(keys.algorithm)));
  }
}

}  // namespace

KeyMaterial::~KeyMaterial() { crypto::wipe(masterSecret); }

KeyBlock::~KeyBlock() {
  for (RecordKeys* keys : {&client, &server}) {
    crypto::wipe(keys->key);
    crypto::wipe(keys->iv);
  }
}

ByteVector prf(const std::string& hash, Bytes secret, Bytes labelAndSeed, std::size_t size) {
  const crypto::KdfPtr kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr));
  const crypto::KdfContextPtr context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  std::string name = hash;
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name.data(), name.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, mutableAddress(secret),
                                        secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, mutableAddress(labelAndSeed),
                                        labelAndSeed.size()),
      OSSL_PARAM_construct_end()};
  ByteVector out(size);
  if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) != 1) return {};
  return out;
}

std::optional<KeyBlock> expandKeys(const KeyMaterial& material) {
  ByteVector seed = toVector(bytesOf("key expansion"));
  seed.insert(seed.end(), material.serverRandom.begin(), material.serverRandom.end());
  seed.insert(seed.end(), material.clientRandom.begin(), material.clientRandom.end());

  KeyBlock keys;
  keys.client.algorithm = keys.server.algorithm = material.algorithm;
  const std::size_t ivSize = 12 - keys.client.explicitNonce();
  const std::size_t size = 2 * (crypto::aeadKeySize(material.algorithm) + ivSize);
  ByteVector block = prf(material.prf, material.masterSecret, seed, size);
  if (block.empty()) return std::nullopt;

  WireReader in(block);
  for (const bool iv : {false, true}) {
    cut(in, keys.client, iv);
    cut(in, keys.server, iv);
  }
  crypto::wipe(block);
  return keys;
}

}  // namespace parley::dtls
