#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/time.h"
#include "core/trace.h"
#include "sim/attackers.h"
#include "sim/link.h"
#include "sim/names.h"
#include "sim/nat.h"
#include "sim/node.h"
#include "sim/schedule.h"
#include "sim/seeded_openssl.h"
#include "sim/segment.h"
#include "sim/station.h"

namespace parley::sim {

// A network, its clock and its dice. One seed decides everything: the same seed and the same calls
// give the same bytes in the same order, so a failing run is its seed. Time jumps from event to
// event, so ten minutes of a call take milliseconds.
class World {
 public:
  explicit World(std::uint64_t seed, TraceSink* trace = nullptr);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // The n-th node has 10.0.0.n, unless told otherwise.
  Node& addNode(std::string name);
  Node& addNode(std::string name, std::vector<IpAddress> addresses);
  // A node behind a NAT, with addresses of the NAT's realm and a link of 1 ms to it.
  Node& addNode(std::string name, std::vector<IpAddress> addresses, Nat& behind);
  // In the public network, or behind another NAT. Without an outside address it is a firewall.
  Nat& addNat(std::string name, std::optional<IpAddress> outside, const NatOptions& options = {});
  Nat& addNat(std::string name, std::optional<IpAddress> outside, const NatOptions& options,
              Nat& behind);
  // Two stations without a link do not reach each other; a second link replaces the first.
  Link& connect(Station& a, Station& b, const LinkOptions& options = {});
  Link& connect(Station& a, Station& b, const LinkOptions& there, const LinkOptions& back);
  Link* linkBetween(Station& a, Station& b);

  // A stranger, to be connected like any station; and somebody on the wire of a link.
  OffPath& addOffPath(std::string name, const IpAddress& address);
  OnPath& addOnPath(Link& link, const OnPathOptions& options = {});

  void setName(std::string hostname, std::vector<IpAddress> addresses, Duration delay = 20ms);
  Names& names() { return names_; }
  // Where names that end in .local are answered; in none of them they fail.
  Segment& addSegment(std::string name, const SegmentOptions& options = {});

  void at(Duration after, std::function<void()> what);                    // counted from now
  bool runUntil(const std::function<bool()>& condition, Duration limit);  // false: limit came first
  void runFor(Duration time);

  Instant now() const { return schedule_.now(); }
  std::int64_t wallMicros() const;
  Random& random() { return random_; }
  TraceSink& trace() { return trace_; }
  Schedule& schedule() { return schedule_; }

  // For stations. Sends towards the station that has the destination in the realm of the source,
  // over the link to it; what nobody has there goes to the NAT of the realm.
  void transmit(Station& from, WireDatagram datagram);
  // Called for every datagram that leaves a station, before the network has its way with it.
  using Observer = std::function<void(const Station& station, const WireDatagram& datagram)>;
  void observe(Observer observer) { observers_.push_back(std::move(observer)); }
  // The same for every datagram that a station is handed, after the network had its way with it.
  void observeArrivals(Observer observer) { arrivalObservers_.push_back(std::move(observer)); }
  void stopObserving();  // before what observes goes away
  void announceArrival(const Station& at, const WireDatagram& datagram);  // for Station::arrive()

  // Asserted to be free. A public IPv6 address behind a NAT is routed to that from outside.
  void claim(const IpAddress& address, Station& station, Realm realm);
  void release(const IpAddress& address, Station& station, Realm realm);
  std::uint64_t unroutable() const { return unroutable_; }

  NameAnswer lookUp(const Node& asker, const std::string& hostname);

 private:
  Nat& addNat(std::string name, std::optional<IpAddress> outside, const NatOptions& options,
              Realm realm);
  Station* stationFor(const Station& from, const WireDatagram& datagram) const;
  Nat* gatewayFor(Realm realm, const IpAddress& address) const;

  using Ends = std::pair<std::uint32_t, std::uint32_t>;  // station numbers, lower first

  NoTrace noTrace_;
  TraceSink& trace_;
  Random random_;
  Schedule schedule_;
  SeededOpenssl openssl_;
  std::vector<Observer> observers_;  // of what nodes say as they go, too
  std::vector<Observer> arrivalObservers_;
  std::map<std::pair<Realm, IpAddress>, Station*> stations_;
  std::vector<std::unique_ptr<Nat>> nats_;  // the n-th has realm n behind it
  std::map<Ends, std::unique_ptr<Link>> links_;
  Names names_;
  std::vector<std::unique_ptr<Segment>> segments_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<OffPath>> offPaths_;
  std::vector<std::unique_ptr<OnPath>> onPaths_;
  std::uint32_t nextStation_ = 1;
  std::uint64_t unroutable_ = 0;

  friend class Station;
};

}  // namespace parley::sim
