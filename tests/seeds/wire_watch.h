#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "core/address.h"
#include "journal.h"
#include "network.h"
#include "sim/world.h"

namespace parley::seeds {

// Looks at every datagram that leaves the two machines and holds it against what may be sent where
// and how often (INV-9, INV-10, INV-11, INV-13 of docs/reliability.md), and makes the transcript
// part of the hash. It sees what an observer beside the machine sees, and no keys. What goes
// through a server it looks at where it leaves the relay.
class WireWatch {
 public:
  // `isForged`: somebody may write in the name of a machine, so that a DTLS server has reasons to
  // doubt a hello (RFC 6347 4.2.1). Otherwise it hears nobody but its peer (I-1) and has none.
  WireWatch(sim::World& world, Journal& journal, const Network& network, bool isForged);

  // INV-14: what this user goes by now must not be seen in what can be read.
  void keepsSecret(int user, std::string password);

  std::uint64_t datagrams() const { return datagrams_; }

 private:
  using Path = std::pair<Address, Address>;  // sender, receiver

  void onDatagram(const sim::Station& from, const sim::WireDatagram& datagram);
  void onRelayed(const sim::WireDatagram& datagram);
  void noteAnswer(const sim::WireDatagram& datagram);
  void onStun(std::size_t from, const sim::WireDatagram& datagram);
  void onData(const sim::WireDatagram& datagram);
  void countWakes();
  bool tellsSecret(const ByteVector& bytes) const;

  sim::World& world_;
  Journal& journal_;
  std::array<sim::Node*, 2> nodes_;
  const sim::Node* server_;
  bool isForged_;
  bool hasNats_;                      // two that map by address show each other many more paths
  std::map<Path, Instant> answered_;  // the last success response that can have reached the sender
  std::array<std::deque<Instant>, 2> requests_;
  std::array<std::uint64_t, 2> wakes_{};
  Instant second_{};
  std::uint64_t datagrams_ = 0;
  std::array<std::string, 2> secrets_;
};

}  // namespace parley::seeds
