#pragma once

#include <memory>
#include <optional>

#include "core/host.h"
#include "session/port.h"
#include "session/server_link.h"
#include "tls/context.h"
#include "tls/stream_context.h"
#include "turn/client.h"

namespace parley::session {

// One TURN allocation and the way to its server: a socket of its own, because one 5-tuple holds one
// allocation (RFC 8656 3.2), or a stream. It belongs to nobody's guest: while the peer lives the
// session feeds it, and a tail when the peer has closed and what was allocated must be given back.
class Relay final : private turn::Client::Sink {
 public:
  struct Place {
    IceServer server;
    Address address;    // the server's; unspecified where only the proxy knows it
    Address proxy{};    // of a stream through one; unspecified: none
    BoundUdp local;     // of a stream known once it is open
    unsigned rank = 0;  // of the local address
    int redirects = 0;  // 300s that led here
    int tries = 0;      // allocations that failed before this one, from other ports
    // Of what is relayed; absent: the server's choice, IPv4 (RFC 8656 7.2).
    std::optional<stun::AddressFamily> family{};
  };

  Relay(Host& host, Place place);                                 // over UDP
  Relay(Host& host, Place place, dtls::Context::Shared context);  // over DTLS
  // Over TCP; with a context TLS. The stream leads to the proxy, where there is one.
  Relay(Host& host, Place place, tls::Context::Shared context,
        const std::optional<turn::ProxyConfig>& proxy);

  const Place& place() const { return place_; }
  SocketId id() const { return place_.local.socket; }

  void start(Step& step);  // allocates, as soon as the server can be spoken to
  void release(Step& step);
  bool send(Step& step, const Address& peer, Packet payload);
  void bindChannel(Step& step, const Address& peer) { client_.bindChannel(step, peer); }
  // RFC 8445 11: an indication that nobody answers keeps the way to the server open in a NAT.
  void keepAlive(Step& step);
  void prove(Step& step) { client_.prove(step); }  // asks whether the server still has it
  bool isProving() const { return client_.isProving(); }

  // What comes from the server, and then what peers sent through it, one after the other: payloads
  // are good until the next call.
  void receive(Step& step, Datagram datagram);
  void onStreamOpened(Step& step, const Address& local);
  void onStreamBytes(Step& step, MutableBytes bytes);
  void onStreamClosed(Step& step, StreamEnd reason);
  std::optional<turn::Relayed> nextRelayed(Step& step);

  void onTimer(Step& step);
  Instant deadline() const;
  std::optional<turn::Event> nextEvent();
  void sayGoodbye(Step& step);  // before the socket is closed

  bool isAllocated() const { return client_.isAllocated(); }
  turn::Held held() const;
  const char* inconsistency() const { return client_.inconsistency(); }

 private:
  void sendToServer(Step& step, Packet message) override;
  void startIfReady(Step& step);

  Host& host_;
  Place place_;
  std::unique_ptr<ServerLink> link_;  // none: UDP
  turn::Client client_;
  Packet received_;  // a datagram that nextRelayed() has not looked at
  bool isStarted_ = false;
  bool isWanted_ = false;
  bool isLinkLost_ = false;  // and that was told
};

// For the release report.
inline Host::Guest::Holdings holdingsOf(const turn::Held& held) {
  return {.transactions = held.transactions,
          .allocations = held.allocations,
          .permissions = held.permissions,
          .channels = held.channels};
}

}  // namespace parley::session
