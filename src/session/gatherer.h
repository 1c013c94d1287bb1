#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/host.h"
#include "session/port.h"

namespace parley::session {

// One socket of a peer and the address others are told of it.
struct LocalSocket {
  SocketId socket;
  Address local;          // what it is bound to
  Address announced;      // the same, or what a 1:1 NAT makes of it
  unsigned rank = 0;      // 0: the interface we like best
  bool isShared = false;  // a share of a mux's
};

// Chooses interfaces and opens the sockets behind host candidates. It knows no agent and no
// candidates' text; what cannot be opened is left out and traced. It keeps nothing.
class Gatherer {
 public:
  Gatherer(Host& host, Host::Guest& owner, const GatherConfig& config)
      : host_(host), owner_(owner), config_(config) {}

  // The sockets of a generation: of those held the ones whose address is still one of ours, and
  // new ones for addresses that came since. What is not among them has lost its interface.
  std::vector<LocalSocket> open(Step& step, std::span<const LocalSocket> held = {});
  std::vector<IpAddress> addresses() const;  // the ones we may use, best first
  std::optional<LocalSocket> openOn(Step& step, const IpAddress& address);
  std::optional<LocalSocket> listenOn(Step& step, const IpAddress& address);  // for TCP
  IpAddress announced(const IpAddress& local) const;
  bool isRefused(const IpAddress& address) const;  // by the filter

 private:
  template <class Bound>
  std::optional<LocalSocket> opened(Step& step, const IpAddress& address,
                                    const Result<Bound, OpenError>& bound) const;
  std::vector<LocalSocket> share(Step& step, std::span<const LocalSocket> held);
  bool isWanted(const NetworkInterface& interface) const;
  bool isRefused(const NetworkInterface& interface) const;  // by the filter

  Host& host_;
  Host::Guest& owner_;
  const GatherConfig& config_;
};

}  // namespace parley::session
