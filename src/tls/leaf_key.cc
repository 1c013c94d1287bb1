#include "tls/leaf_key.h"

#include <openssl/asn1.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <optional>

namespace parley::dtls {

namespace {

struct Element {
  int tag = 0;
  bool isUniversal = false;
  Bytes content;
};

// The next element of DER off the front.
std::optional<Element> take(Bytes& rest) {
  const std::uint8_t* at = rest.data();
  long length = 0;
  int tag = 0, kind = 0;
  const int result = ASN1_get_object(&at, &length, &tag, &kind, static_cast<long>(rest.size()));
  if ((result & 0x80) != 0 || (result & 1) != 0) return std::nullopt;  // broken, or without length
  const auto head = static_cast<std::size_t>(at - rest.data());
  const auto size = static_cast<std::size_t>(length);
  Element element{tag, kind == V_ASN1_UNIVERSAL, rest.subspan(head, size)};
  rest = rest.subspan(head + size);
  return element;
}

std::optional<Bytes> takeSequence(Bytes& rest) {
  const auto element = take(rest);
  if (!element || !element->isUniversal || element->tag != V_ASN1_SEQUENCE) return std::nullopt;
  return element->content;
}

// RFC 5280 4.1: what stands in subjectPublicKeyInfo.
std::optional<Bytes> keyInfoOf(Bytes certificate) {
  auto whole = takeSequence(certificate);
  auto signedPart = whole ? takeSequence(*whole) : std::nullopt;
  if (!signedPart) return std::nullopt;
  const auto first = take(*signedPart);
  // A version may stand in front; then serial, signature, issuer, validity and subject.
  const int before = first && !first->isUniversal ? 5 : 4;
  for (int i = 0; i < before; ++i) {
    if (!take(*signedPart)) return std::nullopt;
  }
  return takeSequence(*signedPart);
}

// RFC 5480 2.1.1 and 2.2: an uncompressed point of P-256.
std::optional<Bytes> p256PointIn(Bytes keyInfo) {
  constexpr std::uint8_t kAlgorithm[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                         0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  constexpr std::size_t kPoint = 65;
  const auto algorithm = takeSequence(keyInfo);
  const auto bits = take(keyInfo);
  if (!algorithm || !equal(*algorithm, kAlgorithm) || !bits || bits->tag != V_ASN1_BIT_STRING ||
      bits->content.size() != 1 + kPoint || bits->content[0] != 0) {
    return std::nullopt;
  }
  return bits->content.subspan(1);
}

// P-256 without a point: to make the curve anew for each key costs more than the key.
crypto::KeyPtr makeCurve() {
  using Context = std::unique_ptr<EVP_PKEY_CTX, crypto::FreedBy<EVP_PKEY_CTX_free>>;
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  char group[] = "P-256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
                             OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEY_PARAMETERS, parameters) != 1) {
    return nullptr;
  }
  return crypto::KeyPtr(key);
}

// OpenSSL's duplicate only reads what it is made of, so threads may share that.
crypto::KeyPtr keyOfPoint(Bytes point) {
  static const EVP_PKEY* const curve = makeCurve().release();
  crypto::KeyPtr key(curve == nullptr ? nullptr : EVP_PKEY_dup(const_cast<EVP_PKEY*>(curve)));
  if (!key || EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) {
    return nullptr;
  }
  return key;
}

}  // namespace

crypto::KeyPtr leafKeyOf(Bytes certificate) {
  const crypto::ErrorScope errors;
  const auto info = keyInfoOf(certificate);
  if (const auto point = info ? p256PointIn(*info) : std::nullopt) return keyOfPoint(*point);
  const std::uint8_t* der = certificate.data();
  const crypto::X509Ptr parsed(d2i_X509(nullptr, &der, static_cast<long>(certificate.size())));
  return crypto::KeyPtr(parsed ? X509_get_pubkey(parsed.get()) : nullptr);
}

}  // namespace parley::dtls
