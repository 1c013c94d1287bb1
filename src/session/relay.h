#pragma once

#include <memory>
#include <optional>

#include "core/host.h"
#include "session/port.h"
#include "turn/client.h"

namespace parley::session {

// One TURN allocation and the way to its server: a socket of its own, because one 5-tuple holds one
// allocation (RFC 8656 3.2). It belongs to nobody's guest: while the peer lives the session feeds
// it, and a tail when the peer has closed and what was allocated must be given back.
class Relay final : private turn::Client::Sink {
 public:
  struct Place {
    IceServer server;
    Address address;  // the server's
    BoundUdp local;
    unsigned rank = 0;  // of the local address
    int redirects = 0;  // 300s that led here
    int tries = 0;      // allocations that failed before this one, from other ports
  };

  Relay(Host& host, Place place);

  const Place& place() const { return place_; }
  SocketId socket() const { return place_.local.socket; }
  turn::Client& client() { return client_; }
  const turn::Client& client() const { return client_; }

  // RFC 8445 11: an indication that nobody answers keeps the way to the server open in a NAT.
  void keepAlive(Step& step);

  // What a peer sent through the relay, if that is what the datagram is.
  std::optional<turn::Relayed> receive(Step& step, Datagram datagram);

 private:
  void sendToServer(Step& step, Packet message) override;

  Host& host_;
  Place place_;
  turn::Client client_;
};

// For the release report.
inline Host::Guest::Holdings holdingsOf(const turn::Held& held) {
  return {.transactions = held.transactions,
          .allocations = held.allocations,
          .permissions = held.permissions,
          .channels = held.channels};
}

}  // namespace parley::session
