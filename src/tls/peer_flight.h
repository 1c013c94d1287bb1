#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "tls/events.h"
#include "tls/message.h"
#include "tls/policy.h"

namespace parley::dtls {

// The flight in which the peer shows its certificate and signs with it, kept until it is whole:
// ServerHello to ServerHelloDone, or the client's Certificate to CertificateVerify (RFC 5246 7.3).
//
// OpenSSL gives up for good on the first message that is wrong, and before the keys anybody who
// can write the peer's address can send one (D-1, D-2). So it is shown a flight only when the key
// behind the announced fingerprint has signed it. This decides what is worth a look and nothing
// else: OpenSSL verifies all of it once more.
class PeerFlight {
 public:
  enum class Verdict : std::uint8_t {
    genuine,
    forged,
    unclear,  // OpenSSL had no memory for it, or cannot read the key; it may say so itself
  };

  PeerFlight(Role ours, const Policy& policy) : ours_(ours), policy_(policy) {}

  void begin(std::uint16_t sequence);  // of its first message
  // False for a message that has no place in it, or a certificate that was not announced.
  bool add(Message message);
  bool isWhole() const { return !whole().empty(); }
  // Of a whole one; costs a verification. `context`: a client's own random; a server's transcript,
  // which is all messages before the flight as they are encoded.
  Verdict judge(Bytes context) const;
  std::vector<Message> take();  // when it is whole
  void clear() { messages_ = {}; }

  bool sawWrongCertificate() const { return sawWrongCertificate_; }

 private:
  bool hasPlace(const Message& message) const;
  std::vector<const Message*> whole() const;  // empty while one is missing
  Verdict judgeServer(Bytes clientRandom, const std::vector<const Message*>& flight) const;
  Verdict judgeClient(Bytes transcript, const std::vector<const Message*>& flight) const;

  Role ours_;
  const Policy& policy_;
  std::uint16_t first_ = 0;
  std::array<std::optional<Message>, 6> messages_;
  bool sawWrongCertificate_ = false;
};

}  // namespace parley::dtls
