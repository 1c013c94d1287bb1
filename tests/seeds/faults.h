#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/random.h"
#include "network.h"
#include "plan.h"
#include "rogue.h"
#include "server_faults.h"
#include "sim/forger.h"
#include "sim/world.h"

namespace parley::seeds {

// Lets the faults of a plan come and go over the links of two machines.
class Faults {
 public:
  Faults(sim::World& world, Network& network, const Plan& plan);

  const std::shared_ptr<Mischief>& mischief() const { return mischief_; }

  void schedule();                        // from now on, at their instants
  void clear();                           // all over: the network is good and everybody is awake
  void silence(int side, bool isSilent);  // nothing that this machine sends arrives

 private:
  void begin(std::size_t index);
  void end(std::size_t index);
  void apply();  // what is active, onto the link
  void attack(std::size_t index);
  sim::Node& node(const Fault& fault) const { return network_.node(fault.side); }
  sim::Nat* natOf(const Fault& fault) const;

  sim::World& world_;
  Network& network_;
  const Plan& plan_;
  sim::LinkOptions calm_;
  ServerFaults server_;
  Random random_;
  sim::Forger forger_;
  std::vector<bool> active_;
  std::deque<sim::WireDatagram> seen_;
  std::uint8_t nextAddress_ = 100;
  bool isOver_ = false;
  std::shared_ptr<Mischief> mischief_ = std::make_shared<Mischief>();
};

}  // namespace parley::seeds
