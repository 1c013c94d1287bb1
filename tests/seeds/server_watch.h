#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "core/address.h"
#include "journal.h"
#include "network.h"
#include "plan.h"
#include "sim/world.h"
#include "user.h"

namespace parley::seeds {

// Holds what both sides tell of servers, say to them and leave with them against what the server
// really did and the NATs really do: INV-6, INV-11, and SERVER of docs/reliability.md.
class ServerWatch {
 public:
  ServerWatch(sim::World& world, Journal& journal, Network& network, const Plan& plan);

  void onSignal(std::size_t from, const Signal& signal);
  void beginEnd();  // both are about to close: who has what?
  void judgeEnd();  // both have closed and the tails are over
  bool holdsNothing() const;

 private:
  void onSent(std::size_t side, const sim::WireDatagram& datagram);
  void onServerSent(const sim::WireDatagram& datagram);
  void onArrived(std::size_t side, const sim::WireDatagram& datagram);
  void countRequest(std::size_t side);
  void judgeCandidate(std::size_t from, const std::string& line);
  bool isOwned(const Address& client) const;
  void violate(const char* invariant, std::size_t side, const std::string& what);

  sim::World& world_;
  Journal& journal_;
  Network& network_;
  const Plan& plan_;
  std::set<Address> given_;                    // relays that the server has told of
  std::array<std::set<Address>, 2> released_;  // sockets that have heard that nothing is left
  std::array<std::deque<Instant>, 2> requests_;
  std::set<Address> owned_;  // allocations, by who asked for them
};

}  // namespace parley::seeds
