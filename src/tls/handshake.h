#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "tls/context.h"
#include "tls/events.h"
#include "tls/flight.h"
#include "tls/message.h"
#include "tls/policy.h"
#include "tls/record.h"

namespace parley::dtls {

// One attempt at a handshake, made by OpenSSL. Records go in and come out; there is no timer in
// here, no numbering and no sending again. The certificate is judged inside OpenSSL's verify
// callback, so our Finished is never made for a stranger.
//
// OpenSSL is shown a message only when it can use it, whole, in a record of ours, and once the
// peer's key has signed the flight it belongs to (PeerFlight): neither a forged number nor a
// message that came too early or from somebody else costs it memory or its place. What it seals
// itself never leaves: its Finished is opened again and sealed by our own record layer, so that one
// counter makes all nonces.
class Handshake {
 public:
  enum class Progress : std::uint8_t { pending, done, failed };

  // What the session needs once it is done; OpenSSL is not needed after that.
  struct Outcome {
    Connected connected;
    RecordSealer sealer;
    RecordOpener opener;
  };
  struct Failure {
    FailureReason reason = FailureReason::handshake;
    bool isFinal = false;  // a verdict on the peer, not an accident on the way
    std::uint8_t alert = 40;
    std::string detail;
  };

  // The policy outlives it. A server that has asked for a cookie names it: the hello is the peer's
  // second message then.
  Handshake(const Context& context, Role role, const Policy& policy,
            std::optional<Bytes> cookie = std::nullopt);
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  void start();  // a client's first flight; a server only begins to listen

  // What came in epoch 0, and a changeCipherSpec or a record of epoch 1. False for one that is of
  // no use.
  bool receive(Message message);
  bool receive(const RecordView& record);
  // The peer's flight is whole, and what comes now of it: false when it was forged. To be asked
  // after the records of a datagram, as what came together is most likely of one hand.
  bool hasPeerFlight() const;
  bool takePeerFlight();
  Progress progress() const;

  // The flight that the last input led to; mostly none.
  bool hasFlight() const;
  std::vector<FlightRecord> takeFlight();
  // A copy of something that our present flight has answered already.
  bool isAnswered(const Message& message) const;
  bool hasHello(Bytes random) const;  // server: it is the answer to this client
  bool hasProof() const;              // server: the hello brought the cookie
  bool isBehindCookie() const;        // client: a cookie was asked of it, and nothing came since
  bool sawWrongCertificate() const;
  RecordSealer* sealer();  // null until epoch 1 has begun on our side

  // The line of an NSS key log, once, as soon as there are keys; made only for those who ask.
  std::optional<std::string> takeKeyLine();

  Outcome finish();                // once, when done
  const Failure& failure() const;  // when failed

  struct OpenSsl;  // named here for OpenSSL's callbacks

 private:
  std::unique_ptr<OpenSsl> it_;
};

}  // namespace parley::dtls
