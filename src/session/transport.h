#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/ports.h"
#include "core/step.h"
#include "ice/agent.h"
#include "session/port.h"
#include "session/secure_leg.h"

namespace parley::session {

// One ICE + DTLS transport: decides which datagrams may reach DTLS and when the handshake may
// begin, and sends records along the agent's path. The ICE agent is the peer's; what rides inside
// DTLS belongs to the session, because BUNDLE may move it to another transport.
class Transport final : public PacketSink, private DatagramSink {
 public:
  Transport(TransportId id, ice::Agent& agent, dtls::Context::Shared context);

  TransportId id() const { return id_; }
  ice::TransportIndex index() const { return {id_.value}; }

  // The two conditions of a handshake, in any order: a remote description and a validated pair.
  void setDtls(Step& step, bool client, std::vector<crypto::Fingerprint> fingerprints);
  void onPathValidated(Step& step);
  bool isDtlsClient() const { return client_; }  // meaningful after setDtls()

  // A datagram of RFC 7983's DTLS range that came in on `from`. False: nobody we know sent it.
  bool receive(Step& step, const ice::Path& from, Packet datagram);
  std::optional<Packet> read() { return leg_->session().read(); }

  // What SCTP sits on.
  void sendPacket(Step& step, Packet plaintext) override;

  // Drained by the session; becomes DtlsStateChanged.
  std::optional<DtlsStateChanged> nextDtlsEvent();

  void onTimer(Step& step) { leg_->session().onTimer(step); }
  Instant deadline() const { return leg_->session().deadline(); }
  bool isDtlsConnected() const { return leg_->session().isConnected(); }

  // close_notify leaves. From beginFarewell() on, copies of all that leaves are kept.
  void beginFarewell() { keepCopies_ = true; }
  void sayGoodbye(Step& step) { leg_->session().close(step); }
  std::vector<ByteVector> takeCopies() { return std::move(copies_); }
  std::unique_ptr<SecureLeg> releaseLeg() { return std::move(leg_); }

 private:
  void sendDatagram(Step& step, Packet datagram) override;
  void startIfReady(Step& step);
  void answerAgain(Step& step, Bytes datagram);

  TransportId id_;
  ice::Agent& agent_;
  std::unique_ptr<SecureLeg> leg_;
  std::optional<std::vector<crypto::Fingerprint>> fingerprints_;  // until started
  bool client_ = false;
  bool pathValidated_ = false;
  bool started_ = false;
  bool connectingTold_ = false;
  bool closedByPeer_ = false;
  int answers_ = 0;                   // to a goodbye that was repeated
  std::optional<ice::Path> hearing_;  // while a datagram from there is taken in
  bool keepCopies_ = false;
  std::vector<ByteVector> copies_;
};

}  // namespace parley::session
