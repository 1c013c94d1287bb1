#include "tls/server_trust.h"

#include <openssl/x509v3.h>

#include "core/address.h"

namespace parley::tls {

// RFC 9525 6.3: names are looked for in the subjectAltName only, and a wildcard is a whole label.
bool expectHost(SSL* ssl, const std::string& hostname, std::int64_t wallMicros) {
  constexpr std::int64_t kMicros = 1'000'000;
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_time(wanted, static_cast<time_t>(wallMicros / kMicros));
  X509_VERIFY_PARAM_set_hostflags(
      wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (IpAddress::parse(hostname)) {
    return X509_VERIFY_PARAM_set1_ip_asc(wanted, hostname.c_str()) == 1;
  }
  return !hostname.empty() &&  // OpenSSL would take that for: any
         X509_VERIFY_PARAM_set1_host(wanted, hostname.data(), hostname.size()) == 1;
}

bool tellHost(SSL* ssl, const std::string& hostname) {
  return IpAddress::parse(hostname) || hostname.empty() ||
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(hostname.c_str())) == 1;
}

std::string withoutDot(std::string hostname) {
  if (hostname.ends_with('.')) hostname.pop_back();
  return hostname;
}

FailureReason reasonOf(long verdict) {
  switch (verdict) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return FailureReason::unknownAuthority;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return FailureReason::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return FailureReason::notYetValid;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return FailureReason::wrongHost;
    default:
      return FailureReason::badCertificate;
  }
}

}  // namespace parley::tls
