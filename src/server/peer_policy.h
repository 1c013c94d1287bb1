#pragma once

#include <span>

#include "core/address.h"

namespace parley::server {

// Whom a client may have data relayed to (T-10). What only means something on the server's own
// machine or link is refused; an IPv6 address that carries an IPv4 one (RFC 4291 2.5.5, RFC 6052,
// RFC 3056) is judged by that one too.
struct PeerPolicy {
  bool allowsLoopback = false;  // for tests on one machine
  bool allowsPrivate = true;    // RFC 1918, RFC 6598, RFC 4193
  // The server's own addresses: only ports that are relays of its own, so that two of its clients
  // can meet; true: all of them.
  bool allowsOwn = false;

  bool allows(const IpAddress& peer) const;
  // Which of them are `own` the server says; whether the port is a relay, too.
  bool allows(const Address& peer, std::span<const IpAddress> own, bool isRelay) const;
};

}  // namespace parley::server
