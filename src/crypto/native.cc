#include "crypto/native.h"

#include <openssl/ec.h>
#include <openssl/objects.h>

#include <array>

namespace parley::crypto {

std::string ErrorScope::text() {
  const unsigned long code = ERR_peek_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

bool isSupportedKey(const EVP_PKEY* key) {
  if (key == nullptr) return false;
  if (EVP_PKEY_is_a(key, "RSA")) {
    const int bits = EVP_PKEY_get_bits(key);
    return bits >= 2'048 && bits <= 8'192;
  }
  if (!EVP_PKEY_is_a(key, "EC")) return false;

  std::array<char, 64> name{};
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), nullptr) != 1) return false;
  int curve = OBJ_sn2nid(name.data());
  if (curve == NID_undef) curve = EC_curve_nist2nid(name.data());
  return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1;
}

ByteVector derOf(const X509* certificate) {
  if (certificate == nullptr) return {};
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  ByteVector der(static_cast<std::size_t>(size));
  unsigned char* out = der.data();
  if (i2d_X509(certificate, &out) != size) return {};
  return der;
}

}  // namespace parley::crypto
