#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/limits.h"
#include "server/authenticator.h"
#include "server/faults.h"
#include "server/peer_policy.h"
#include "tls/stream_context.h"

namespace parley::server {

// Where relays are opened, and what clients are told of it: the same, or what a 1:1 NAT makes of
// it.
struct RelayAddress {
  IpAddress local{};
  IpAddress announced{};
};

struct Config {
  std::vector<Address> listen = {};     // over UDP; port 0: any
  std::vector<Address> listenTcp = {};  // clients over TCP
  std::vector<Address> listenTls = {};  // and over TLS, with `tls`
  tls::Context::Shared tls = nullptr;
  std::vector<RelayAddress> relays = {};  // one per family; empty: where the client is heard
  std::uint16_t relayPortMin = 0;         // 0 and 0: any port the system gives
  std::uint16_t relayPortMax = 0;

  AuthenticatorConfig authentication = {};  // without users it is a STUN server only
  std::string software = {};                // told to those who have proved who they are (T-5)
  PeerPolicy peers = {};

  std::size_t allocationsMax = limits::server::kAllocations;
  std::size_t allocationsPerUserMax = limits::server::kAllocationsPerUser;
  std::uint32_t strangerAnswersPerSecond = limits::server::kStrangerAnswers;
  // A stranger's request that is smaller than its answer gets none: nothing to gain for those who
  // forge sources. Clients must pad the first request of theirs; no browser does.
  bool strict = false;

  Faults faults = {};
};

}  // namespace parley::server
