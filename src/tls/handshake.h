#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "crypto/fingerprint.h"
#include "tls/context.h"
#include "tls/events.h"
#include "tls/flight.h"
#include "tls/record.h"

namespace parley::dtls {

// Which certificate will do: at least one fingerprint has to match (RFC 8122 5). Weak and surplus
// ones are left out when it is made.
class Policy {
 public:
  explicit Policy(const std::vector<crypto::Fingerprint>& announced);

  bool isEmpty() const { return fingerprints_.empty(); }
  bool accepts(const crypto::Certificate& certificate) const;

 private:
  std::vector<crypto::Fingerprint> fingerprints_;
};

// One attempt at a handshake, made by OpenSSL. Records go in and come out; there is no timer in
// here, no numbering and no sending again. The certificate is judged inside OpenSSL's verify
// callback, so our Finished is never made for a stranger.
//
// OpenSSL is shown each record only when it can use it, under a number of ours: neither a forged
// number nor a record that came too early costs it memory or its place. What it seals itself never
// leaves: its Finished is opened again and sealed by our own record layer, so that one counter
// makes all nonces.
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

  Handshake(const Context& context, Role role, const Policy& policy);  // which outlives it
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  void start();  // a client's first flight; a server only begins to listen

  // A record of type handshake, changeCipherSpec or alert; false for one that is of no use.
  bool receive(const RecordView& record);
  Progress progress() const;

  // The flight that the last input led to; mostly none.
  bool hasFlight() const;
  std::vector<FlightRecord> takeFlight();
  // A copy of something that our present flight has answered already.
  bool isAnswered(const RecordView& record) const;
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
