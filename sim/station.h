#pragma once

#include <cstdint>
#include <string>

#include "core/address.h"
#include "core/bytes.h"

namespace parley::sim {

class World;

// Where an address means something: 0 is the public network, others are behind a NAT.
using Realm = std::uint32_t;

enum class Protocol : std::uint8_t { udp, tcp };

// A UDP datagram between two stations, or a segment of a TCP connection.
struct WireDatagram {
  Address source;
  Address destination;
  std::uint8_t ecn = 0;
  ByteVector bytes;
  Protocol protocol = Protocol::udp;
};

// Anything that has addresses in a world and links to others: a node with a loop, a server, a NAT.
class Station {
 public:
  Station(World& world, std::string name, Realm realm = 0);
  virtual ~Station() = default;
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  virtual void receive(WireDatagram datagram) = 0;
  void arrive(WireDatagram datagram);  // off a link: tells who observes the world, and receives

  const std::string& name() const { return name_; }
  std::uint32_t number() const { return number_; }  // in order of birth
  Realm realm() const { return realm_; }
  // A machine in several networks answers by the address it uses.
  virtual Realm realmOf(const IpAddress&) const { return realm_; }
  virtual bool isIn(Realm realm) const { return realm == realm_; }

  // A NAT is two stations, one on each side.
  virtual Station& machine() { return *this; }
  virtual const Station& machine() const { return *this; }
  virtual Station& sideTowards(const Station&) { return *this; }

 protected:
  World& world() const { return world_; }

 private:
  World& world_;
  std::string name_;
  Realm realm_;
  std::uint32_t number_;
};

}  // namespace parley::sim
