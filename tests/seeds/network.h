#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "parley/configuration.h"
#include "plan.h"
#include "server/server.h"
#include "sim/nat.h"
#include "sim/world.h"
#include "tls/test_authority.h"

namespace parley::seeds {

// Who is in the world of a plan and how they are joined: two machines, a NAT before each where the
// plan has one, and the server that both reach.
class Network {
 public:
  Network(sim::World& world, const Plan& plan);

  sim::Node& node(std::size_t side) const { return *nodes_.at(side); }
  sim::Nat* nat(std::size_t side) const { return nats_.at(side); }
  // What stands in the public network for a side, and under which address.
  sim::Station& front(std::size_t side) const;
  IpAddress frontAddress(std::size_t side) const;
  // Everything that this side sends, and what the server sends the other one.
  std::vector<sim::Pipe*> pipesFrom(std::size_t side) const;
  // An address that a side may move to.
  IpAddress spareAddress(std::size_t side, std::uint8_t number) const;
  // How a socket of this side is seen by others; nothing where there is no mapping.
  std::optional<Address> outsideOf(std::size_t side, const Address& inside) const;

  server::Server* server() { return server_ ? &*server_ : nullptr; }
  sim::Node* serverNode() const { return serverNode_; }
  static bool isServer(const Address& address);  // not its relays
  RTCConfiguration configuration(std::size_t side) const;
  std::string authorities() const { return authority_ ? authority_->pem() : std::string(); }
  static std::string turnPassword();

 private:
  void addServer(sim::World& world);
  void listen(server::Config& config);
  sim::Link& linkOf(sim::World& world, sim::Station& a, sim::Station& b) const;

  const Plan& plan_;
  std::array<sim::Nat*, 2> nats_{};
  std::array<sim::Node*, 2> nodes_{};
  sim::Link* between_ = nullptr;
  std::array<sim::Link*, 2> toServer_{};
  sim::Node* serverNode_ = nullptr;
  std::optional<tls::testing::Authority> authority_;  // of the server's certificate
  std::optional<server::Server> server_;
};

}  // namespace parley::seeds
