#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/certificate.h"
#include "crypto/srtp_keys.h"

namespace parley::dtls {

enum class Role : std::uint8_t { client, server };  // active is client (RFC 5763 5)

// The handshake is over and the certificate matched a fingerprint: data may flow from now on.
struct Connected {
  crypto::Certificate remote;            // the leaf; the rest of a chain means nothing here
  std::string cipher;                    // "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
  std::uint16_t cipherId = 0;            // 0xc02b
  std::string group;                     // of the key exchange: "X25519"
  std::uint16_t version = 0xfefd;        // DTLS 1.2, as in RTCTransportStats.tlsVersion
  std::optional<crypto::SrtpKeys> srtp;  // absent when use_srtp was not agreed
};

// The peer said close_notify. Ours was sent in answer, unless we had closed first.
struct Closed {};

enum class FailureReason : std::uint8_t {
  noUsableFingerprint,  // start() was given none with a hash we trust
  wrongFingerprint,     // the peer showed another certificate than it announced
  untrusted,            // a server's certificate was not verified; detail is a sentence
  unsupportedCertificate,
  timeout,    // RFC 5763 leaves it to us: limits::dtls::kHandshake
  handshake,  // the attempts were used up; lastError says on what
  noExtendedMasterSecret,
  alert,              // the peer sent an authenticated fatal alert
  sequenceExhausted,  // 2^48 - 1 records were sent (RFC 6347 4.1)
  outOfMemory,        // OpenSSL's, before the first attempt
};

std::string_view describe(FailureReason reason);  // one sentence for people

// The session is dead and has forgotten its keys.
struct Failed {
  FailureReason reason = FailureReason::handshake;
  std::optional<std::uint8_t> alertSent = std::nullopt;
  std::optional<std::uint8_t> alertReceived = std::nullopt;  // a plaintext one may be forged
  std::string detail = {};                                   // OpenSSL's words where there are any
};

using Event = std::variant<Connected, Closed, Failed>;

struct Stats {
  std::uint64_t recordsSent = 0;  // application records and alerts, not the handshake
  std::uint64_t recordsReceived = 0;
  std::uint64_t bytesSent = 0;  // plaintext
  std::uint64_t bytesReceived = 0;
  std::uint64_t datagramsIn = 0;
  std::uint64_t handshakeDatagramsOut = 0;
  std::uint64_t handshakeRetransmits = 0;  // flights
  std::uint64_t restarts = 0;              // attempts thrown away because of bad input

  // Dropped, by reason; nothing below ever ends a session.
  std::uint64_t malformed = 0;    // no DTLS record, or a wrong version
  std::uint64_t tooLarge = 0;     // a datagram over limits::dtls::kDatagramIn
  std::uint64_t notExpected = 0;  // a record that has no business in this state or epoch
  std::uint64_t plaintextAlerts = 0;
  std::uint64_t forged = 0;  // flights of the handshake that the announced certificate did not sign
  std::uint64_t replayed = 0;
  std::uint64_t badTag = 0;
  std::uint64_t overflow = 0;      // over what may be held
  std::uint64_t notConnected = 0;  // sendPacket() without a connection
  std::uint64_t noBuffer = 0;      // the packet pool was empty
};

}  // namespace parley::dtls
