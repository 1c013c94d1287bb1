#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <string>

#include "tls/native.h"

// An authority for tests of TLS over streams: it signs what a test needs to be right or wrong.

namespace parley::tls::testing {

struct Leaf {
  std::string names = "DNS:turn.example.net";  // subjectAltName as OpenSSL writes it
  std::int64_t fromSeconds = 0;                // UTC
  std::int64_t untilSeconds = 4'000'000'000;
};

struct IssuedChain {
  std::string privateKeyPem;
  std::string chainPem;
};

class Authority {
 public:
  explicit Authority(const std::string& name = "Authority of tests")
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")),
        certificate_(make(name, 1, key_.get(), {.names = {}}, nullptr, nullptr)) {}

  std::string pem() const { return pemOf(certificate_.get()); }

  IssuedChain issue(const Leaf& leaf = {}) const {
    const crypto::KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const crypto::X509Ptr made =
        make("not looked at", ++serial_, key.get(), leaf, certificate_.get(), key_.get());
    const crypto::BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    return {textIn(out.get()), pemOf(made.get())};
  }

 private:
  static std::string textIn(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }
  static std::string pemOf(X509* certificate) {
    const crypto::BioPtr out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), certificate);
    return textIn(out.get());
  }
  static void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  // No issuer: signed by itself.
  static crypto::X509Ptr make(const std::string& name, std::uint64_t serial, EVP_PKEY* key,
                              const Leaf& leaf, X509* issuer, EVP_PKEY* issuerKey) {
    crypto::X509Ptr made(X509_new());
    X509* it = made.get();
    X509_set_version(it, 2);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(it), serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(it, X509_get_subject_name(issuer != nullptr ? issuer : it));
    ASN1_TIME_set(X509_getm_notBefore(it), leaf.fromSeconds);
    ASN1_TIME_set(X509_getm_notAfter(it), leaf.untilSeconds);
    X509_set_pubkey(it, key);
    if (issuer == nullptr) {
      extend(it, it, NID_basic_constraints, "critical,CA:TRUE");
      extend(it, it, NID_key_usage, "critical,keyCertSign");
    } else {
      extend(it, issuer, NID_basic_constraints, "critical,CA:FALSE");
      if (!leaf.names.empty()) extend(it, issuer, NID_subject_alt_name, leaf.names);
    }
    X509_sign(it, issuer != nullptr ? issuerKey : key, EVP_sha256());
    return made;
  }

  crypto::KeyPtr key_;
  crypto::X509Ptr certificate_;
  mutable std::uint64_t serial_ = 1;  // the same in each process, for worlds are
};

}  // namespace parley::tls::testing
