#include "network.h"

#include <algorithm>
#include <string>

namespace parley::seeds {
namespace {

const IpAddress kServer = IpAddress::v4({192, 0, 2, 9});
constexpr std::uint16_t kPort = 3'478;
constexpr std::uint16_t kOtherPort = 3'479;  // where a 300 leads
constexpr std::uint16_t kTlsPort = 5'349;

std::uint8_t last(std::size_t side, int from) {
  return static_cast<std::uint8_t>(static_cast<int>(side) + from);
}

IpAddress insideAddress(const Plan& plan, std::size_t side, std::uint8_t number) {
  if (!plan.server) return IpAddress::v4({192, 168, 1, number});
  return IpAddress::v4({192, 168, last(side, 1), number});
}

IpAddress publicAddress(const Plan& plan, std::uint8_t number) {
  if (plan.server) return IpAddress::v4({198, 51, 100, number});
  if (!plan.ipv6) return IpAddress::v4({10, 0, 0, number});
  return *IpAddress::parse("2001:db8::" + std::to_string(number));
}

sim::NatOptions optionsOf(const NatPlan& plan) {
  sim::NatOptions options;
  options.mapping = static_cast<sim::NatDependence>(plan.mapping % 3);
  options.filtering = static_cast<sim::NatDependence>(plan.filtering % 3);
  options.ports = static_cast<sim::NatPorts>(plan.ports % 3);
  options.lifetime = plan.lifetime;
  return options;
}

std::string hostOf(const Asking& asking) { return asking.named ? "turn.example" : "192.0.2.9"; }

std::string turnOf(const Asking& asking) {
  if (asking.way == Asking::Way::tls) return "turns:" + hostOf(asking);
  const std::string url = "turn:" + hostOf(asking);
  return asking.way == Asking::Way::tcp ? url + "?transport=tcp" : url;
}

std::string userOf(std::size_t side) { return "user-" + std::to_string(side); }

}  // namespace

Network::Network(sim::World& world, const Plan& plan) : plan_(plan) {
  constexpr std::array<const char*, 2> kNats = {"nat-a", "nat"};
  constexpr std::array<const char*, 2> kNodes = {"a", "b"};
  for (std::size_t side = 0; side < 2; ++side)
    if (const auto& nat = plan.nats.at(side))
      nats_.at(side) = &world.addNat(
          kNats.at(side), publicAddress(plan, plan.server ? last(side, 21) : 9), optionsOf(*nat));
  for (std::size_t side = 0; side < 2; ++side)
    nodes_.at(side) =
        nat(side) ? &world.addNode(kNodes.at(side), {insideAddress(plan, side, 2)}, *nat(side))
                  : &world.addNode(kNodes.at(side), {publicAddress(plan, last(side, 1))});
  between_ = &linkOf(world, front(0), front(1));
  for (const std::size_t side : {0u, 1u})
    if (plan.blocksUdp)
      between_->from(front(side)).dropIf([](const sim::WireDatagram& datagram) {
        return datagram.protocol == sim::Protocol::udp;
      });
  if (plan.server) addServer(world);
}

sim::Link& Network::linkOf(sim::World& world, sim::Station& a, sim::Station& b) const {
  return world.connect(a, b, sim::LinkOptions{.latency = plan_.latency});
}

void Network::addServer(sim::World& world) {
  serverNode_ = &world.addNode("server", {kServer});
  server::Config config;
  listen(config);
  world.setName("turn.example", {kServer});
  for (const std::size_t side : {0u, 1u})
    config.authentication.users.push_back({userOf(side), turnPassword()});
  server_.emplace(serverNode_->host(), std::move(config));
  for (std::size_t side = 0; side < 2; ++side)
    toServer_.at(side) = &linkOf(world, front(side), *serverNode_);
}

// By streams only where a side does, so that other seeds are what they were.
void Network::listen(server::Config& config) {
  const auto any = [this](Asking::Way way) {
    return std::ranges::any_of(plan_.server->sides,
                               [way](const Asking& each) { return each.turn && each.way == way; });
  };
  config.listen = {{kServer, kPort}, {kServer, kOtherPort}};
  if (any(Asking::Way::tcp)) config.listenTcp = config.listen;
  if (!any(Asking::Way::tls)) return;
  config.listenTls = {{kServer, kTlsPort}};
  authority_.emplace();
  const tls::testing::IssuedChain chain =
      authority_->issue({.names = "IP:192.0.2.9,DNS:turn.example"});
  config.tls =
      tls::Context::ofServer({.privateKeyPem = chain.privateKeyPem, .chainPem = chain.chainPem});
}

sim::Station& Network::front(std::size_t side) const {
  if (nat(side)) return *nat(side);
  return node(side);
}

IpAddress Network::frontAddress(std::size_t side) const {
  return nat(side) ? publicAddress(plan_, plan_.server ? last(side, 21) : 9) : node(side).address();
}

std::vector<sim::Pipe*> Network::pipesFrom(std::size_t side) const {
  std::vector<sim::Pipe*> pipes = {&between_->from(front(side))};
  if (!serverNode_) return pipes;
  pipes.push_back(&toServer_.at(side)->from(front(side)));
  pipes.push_back(&toServer_.at(1 - side)->from(*serverNode_));
  return pipes;
}

IpAddress Network::spareAddress(std::size_t side, std::uint8_t number) const {
  return nat(side) ? insideAddress(plan_, side, number) : publicAddress(plan_, number);
}

std::optional<Address> Network::outsideOf(std::size_t side, const Address& inside) const {
  if (!nat(side)) return inside;
  return nat(side)->outsideOf(inside);
}

bool Network::isServer(const Address& address) {
  return address.ip == kServer && (address.port == kPort || address.port == kOtherPort);
}

std::string Network::turnPassword() { return "what the server knows"; }

RTCConfiguration Network::configuration(std::size_t side) const {
  RTCConfiguration made;
  if (!plan_.server) return made;
  const Asking& asking = plan_.server->sides.at(side);
  if (asking.nobody) made.iceServers.push_back({{"stun:203.0.113.77"}, {}, {}});
  if (asking.stun) made.iceServers.push_back({{"stun:" + hostOf(asking)}, {}, {}});
  if (asking.turn) made.iceServers.push_back({{turnOf(asking)}, userOf(side), turnPassword()});
  if (asking.nobody && asking.turn)
    made.iceServers.push_back({{"turn:203.0.113.77"}, userOf(side), turnPassword()});
  if (asking.relayOnly) made.iceTransportPolicy = RTCIceTransportPolicy::relay;
  made.iceCandidatePoolSize = asking.ahead;
  return made;
}

}  // namespace parley::seeds
