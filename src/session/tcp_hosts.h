#pragma once

#include <vector>

#include "core/host.h"
#include "session/bases.h"
#include "session/port.h"

namespace parley::session {

// Chooses the TCP candidates of a transport and opens their listeners: an address has a passive and
// an active one, as the configuration says. It keeps nothing.
class TcpHosts {
 public:
  TcpHosts(Host& host, Host::Guest& owner, TransportId transport, Bases& bases,
           const GatherConfig& config)
      : host_(host), owner_(owner), transport_(transport), bases_(bases), config_(config) {}

  // The places of a generation: those that stand and are wanted still, and new ones. Active ones
  // are there once the peer listens, or when all are told.
  std::vector<TcpPlace> open(Step& step, bool peerListens);

 private:
  bool isOpen(Step& step, const TcpPlace& place);
  void share(std::vector<TcpPlace>& places);
  void add(const TcpPlace& place, LocalSocket socket);
  unsigned freeRank(ice::TcpType type) const;

  Host& host_;
  Host::Guest& owner_;
  TransportId transport_;
  Bases& bases_;
  const GatherConfig& config_;
};

}  // namespace parley::session
