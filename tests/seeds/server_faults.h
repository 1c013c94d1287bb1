#pragma once

#include <cstdint>

#include "core/random.h"
#include "network.h"
#include "plan.h"

namespace parley::seeds {

// Lets what a plan has against its server come and go, and answers in its name.
class ServerFaults {
 public:
  ServerFaults(sim::World& world, Network& network, const Plan& plan);

  static bool concerns(Fault::Kind kind);
  void begin(std::size_t index);
  void end(std::size_t index);
  void clear();

 private:
  void apply();
  void rotate(std::size_t index);
  void forge(const sim::WireDatagram& request, double probability);

  sim::World& world_;
  Network& network_;
  const Plan& plan_;
  Random random_;
  std::vector<bool> active_;
  bool isOver_ = false;
};

}  // namespace parley::seeds
