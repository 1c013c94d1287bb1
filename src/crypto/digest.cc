#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/native.h"

namespace parley::crypto {

namespace {

const EVP_MD* algorithmOf(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return EVP_md5();
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      return EVP_sha256();
    case Hash::sha384:
      return EVP_sha384();
    case Hash::sha512:
      return EVP_sha512();
  }
  return nullptr;
}

}  // namespace

Digest digest(Hash hash, Bytes message) { return digest(hash, {message}); }

Digest digest(Hash hash, std::initializer_list<Bytes> parts) {
  const DigestContextPtr context(EVP_MD_CTX_new());
  Digest result(digestSize(hash));
  bool good = context && EVP_DigestInit_ex(context.get(), algorithmOf(hash), nullptr) == 1;
  for (const Bytes part : parts) {
    good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  unsigned size = 0;
  good = good && EVP_DigestFinal_ex(context.get(), result.mutableBytes().data(), &size) == 1;
  return good && size == result.size() ? result : Digest();
}

bool equalInConstantTime(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

void wipe(MutableBytes secret) {
  if (!secret.empty()) OPENSSL_cleanse(secret.data(), secret.size());
}

}  // namespace parley::crypto
