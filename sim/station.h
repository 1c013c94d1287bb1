#pragma once

#include <cstdint>
#include <string>

#include "core/address.h"
#include "core/bytes.h"

namespace parley::sim {

class World;

// A UDP datagram between two stations.
struct WireDatagram {
  Address source;
  Address destination;
  std::uint8_t ecn = 0;
  ByteVector bytes;
};

// Anything that has addresses in a world and links to others: a node with a loop, a server, a NAT.
class Station {
 public:
  Station(World& world, std::string name);
  virtual ~Station() = default;
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  virtual void receive(WireDatagram datagram) = 0;
  void arrive(WireDatagram datagram);  // off a link: tells who observes the world, and receives

  const std::string& name() const { return name_; }
  std::uint32_t number() const { return number_; }  // in order of birth

 protected:
  World& world() const { return world_; }

 private:
  World& world_;
  std::string name_;
  std::uint32_t number_;
};

}  // namespace parley::sim
