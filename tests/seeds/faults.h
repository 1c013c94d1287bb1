#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/random.h"
#include "plan.h"
#include "rogue.h"
#include "sim/forger.h"
#include "sim/nat.h"
#include "sim/world.h"

namespace parley::seeds {

// Lets the faults of a plan come and go over the link between two machines.
class Faults {
 public:
  // `nat` stands before the second node, or is null.
  Faults(sim::World& world, std::array<sim::Node*, 2> nodes, sim::Nat* nat, const Plan& plan);

  const std::shared_ptr<Mischief>& mischief() const { return mischief_; }

  void schedule();                        // from now on, at their instants
  void clear();                           // all over: the network is good and everybody is awake
  void silence(int side, bool isSilent);  // nothing that this machine sends arrives

 private:
  void begin(std::size_t index);
  void end(std::size_t index);
  void apply();  // what is active, onto the link
  sim::Pipe& pipeOf(std::size_t side);
  void attack(std::size_t index);
  sim::Node& node(const Fault& fault) const { return *nodes_[fault.side]; }

  sim::World& world_;
  std::array<sim::Node*, 2> nodes_;
  const Plan& plan_;
  sim::LinkOptions calm_;
  sim::Nat* nat_;
  sim::Link& link_;
  Random random_;
  sim::Forger forger_;
  std::vector<bool> active_;
  std::deque<sim::WireDatagram> seen_;
  std::uint8_t nextAddress_ = 100;
  bool isOver_ = false;
  std::shared_ptr<Mischief> mischief_ = std::make_shared<Mischief>();
};

}  // namespace parley::seeds
