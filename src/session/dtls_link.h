#pragma once

#include <optional>
#include <string>

#include "core/host.h"
#include "session/server_link.h"
#include "tls/session.h"

namespace parley::session {

// The way to a TURN server over DTLS (RFC 7350, RFC 8656 3.1): a message is a record of one
// association, made over a socket of its own.
class DtlsLink final : public ServerLink, private dtls::Session::Lower {
 public:
  // `hostname` is what the certificate must be of.
  DtlsLink(Host& host, const BoundUdp& socket, const Address& server, dtls::Context::Shared context,
           std::string hostname);

  void start(Step& step) override;
  void onDatagram(Step& step, Packet datagram) override;
  std::optional<MutableBytes> next() override;
  void send(Step& step, Packet message) override;
  void close(Step& step) override;

  void onTimer(Step& step) override;
  Instant deadline() const override { return session_.deadline(); }
  bool isReady() const override { return session_.isConnected(); }
  const std::optional<std::string>& failure() const override { return failure_; }

 private:
  void sendDatagram(Step& step, Packet datagram) override;
  void collect();

  Host& host_;
  BoundUdp socket_;
  Address server_;
  std::string hostname_;
  dtls::Session session_;
  Packet datagram_;  // what plaintext lies in
  Packet message_;   // what next() gave last
  std::optional<std::string> failure_;
};

}  // namespace parley::session
