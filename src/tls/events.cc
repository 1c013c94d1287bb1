#include "tls/events.h"

namespace parley::dtls {

std::string_view describe(FailureReason reason) {
  switch (reason) {
    case FailureReason::noUsableFingerprint:
      return "The description has no certificate fingerprint with a hash that can be trusted.";
    case FailureReason::wrongFingerprint:
      return "The peer's certificate is not the one its description announced.";
    case FailureReason::untrusted:
      return "The server's certificate is not one that can be trusted.";
    case FailureReason::unsupportedCertificate:
      return "The peer's key is neither on P-256 or P-384 nor RSA of 2,048 to 8,192 bits.";
    case FailureReason::timeout:
      return "The DTLS handshake did not end in time.";
    case FailureReason::handshake:
      return "The DTLS handshake failed again and again.";
    case FailureReason::noExtendedMasterSecret:
      return "The peer does not offer the extended master secret.";
    case FailureReason::alert:
      return "The peer ended the connection with a fatal alert.";
    case FailureReason::sequenceExhausted:
      return "All DTLS record numbers were used.";
    case FailureReason::outOfMemory:
      return "OpenSSL had no memory for the connection.";
  }
  return {};
}

}  // namespace parley::dtls
