#include "server_watch.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "core/limits.h"
#include "stun/message.h"

namespace parley::seeds {
namespace {

using stun::Attribute;
using stun::Class;
using stun::Method;

constexpr Duration kRateWindow = 10s;
constexpr std::size_t kRequestsPerWindow = 150;

std::optional<stun::MessageView> messageIn(const sim::WireDatagram& datagram) {
  if (!stun::MessageView::looksLike(datagram.bytes)) return std::nullopt;
  const auto view = stun::MessageView::parse(datagram.bytes, limits::turn::kMessage);
  if (!view) return std::nullopt;
  return *view;
}

// RFC 8839 5.1: what a candidate line says, by its words.
struct Told {
  std::string type;
  Address address{};
  std::optional<Address> related;
};
std::optional<Told> read(const std::string& line) {
  std::istringstream words(line);
  std::string foundation, component, protocol, priority, ip, port, word, value;
  words >> foundation >> component >> protocol >> priority >> ip >> port;
  const auto address = IpAddress::parse(ip);
  if (!address) return std::nullopt;
  const auto portOf = [](const std::string& text) {
    return static_cast<std::uint16_t>(std::atoi(text.c_str()));
  };
  Told told{.type = {}, .address = {*address, portOf(port)}, .related = {}};
  while (words >> word >> value) {
    if (word == "typ") told.type = value;
    if (word == "raddr")
      if (const auto related = IpAddress::parse(value)) told.related = Address{*related, 0};
    if (word == "rport" && told.related) told.related->port = portOf(value);
  }
  return told;
}

}  // namespace

ServerWatch::ServerWatch(sim::World& world, Journal& journal, Network& network, const Plan& plan)
    : world_(world), journal_(journal), network_(network), plan_(plan) {
  world.observe([this](const sim::Station& from, const sim::WireDatagram& datagram) {
    if (&from == network_.serverNode() && network_.serverNode()->isSending())
      onServerSent(datagram);
    for (const std::size_t side : {0u, 1u})
      if (&from == &network_.node(side) && network_.node(side).isSending()) onSent(side, datagram);
  });
  world.observeArrivals([this](const sim::Station& at, const sim::WireDatagram& datagram) {
    for (const std::size_t side : {0u, 1u})
      if (&at == &network_.node(side)) onArrived(side, datagram);
  });
}

void ServerWatch::violate(const char* invariant, std::size_t side, const std::string& what) {
  journal_.violate(invariant, network_.node(side).name() + " " + what);
}

// webrtc-pc 4.2.2: with a policy of relay the other side's network hears of nobody but relays.
void ServerWatch::onSent(std::size_t side, const sim::WireDatagram& datagram) {
  const bool isToPeer = datagram.destination.ip == network_.frontAddress(1 - side) ||
                        datagram.destination.ip == network_.node(1 - side).address();
  if (plan_.server->sides.at(side).relayOnly && isToPeer)
    violate("SERVER", side, "must use relays only, and sends to its peer");
  if (datagram.protocol == sim::Protocol::tcp || !Network::isServer(datagram.destination)) return;
  const auto message = messageIn(datagram);
  if (!message && (datagram.bytes.empty() || datagram.bytes[0] < 0x40 || datagram.bytes[0] > 0x4f))
    violate("SERVER", side, "sends the server what is neither STUN nor ChannelData");
  const bool isRequest = message && message->messageClass() == Class::request;
  if (isRequest) countRequest(side);
  // A port may be another socket's by now.
  if (isRequest && (message->method() == Method::allocate || message->method() == Method::binding))
    released_.at(side).erase(datagram.source);
  if (released_.at(side).contains(datagram.source))
    violate("SERVER", side, "still talks to a server that has confirmed the release");
}

void ServerWatch::countRequest(std::size_t side) {
  std::deque<Instant>& recent = requests_.at(side);
  recent.push_back(world_.now());
  while (recent.front() + kRateWindow < world_.now()) recent.pop_front();
  if (recent.size() > kRequestsPerWindow)
    violate("INV-11", side,
            "sent the server " + std::to_string(recent.size()) + " requests in ten seconds");
}

// What goes over a stream may be in pieces and sealed, so the server is asked itself.
void ServerWatch::onServerSent(const sim::WireDatagram& datagram) {
  if (datagram.protocol == sim::Protocol::tcp) {
    network_.server()->allocations().forEach(
        [this](const server::Allocation& each) { given_.insert(each.relayed()); });
    return;
  }
  if (!Network::isServer(datagram.source)) return;
  const auto message = messageIn(datagram);
  if (!message || message->messageClass() != Class::success) return;
  if (const auto relayed = message->findXorAddress(Attribute::xorRelayedAddress))
    given_.insert(*relayed);
}

void ServerWatch::onArrived(std::size_t side, const sim::WireDatagram& datagram) {
  if (datagram.protocol == sim::Protocol::tcp || !Network::isServer(datagram.source)) return;
  if (plan_.mayForgeAddresses()) return;
  const auto message = messageIn(datagram);
  if (!message || message->messageClass() != Class::success) return;
  const bool isSigned =
      message->has(Attribute::messageIntegrity) || message->has(Attribute::messageIntegritySha256);
  if (message->method() == Method::refresh && isSigned &&
      message->findU32(Attribute::lifetime) == 0u)
    released_.at(side).insert(datagram.destination);
}

void ServerWatch::onSignal(std::size_t from, const Signal& signal) {
  const std::string& text =
      signal.description ? signal.description->sdp : signal.candidate->candidate;
  if (plan_.server->sides.at(from).relayOnly) {
    for (const IpAddress& own : {network_.node(from).address(), network_.frontAddress(from)})
      if (text.find(own.toString()) != std::string::npos)
        violate("SERVER", from, "must use relays only, and tells of " + own.toString());
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("candidate:");
    if (at != std::string::npos) judgeCandidate(from, line.substr(at));
  }
}

void ServerWatch::judgeCandidate(std::size_t from, const std::string& line) {
  const auto told = read(line);
  if (!told || plan_.mayForgeAddresses()) return;
  if (told->type == "relay" && !given_.contains(told->address))
    violate("SERVER", from, "tells of a relay that the server never gave: " + line);
  if (told->type != "srflx" || plan_.movesThePath()) return;
  if (!told->related) return violate("SERVER", from, "tells of no base: " + line);
  const sim::Nat* nat = network_.nat(from);
  if (!nat || !plan_.nats.at(from)->isCone()) return;
  const auto seen = network_.outsideOf(from, *told->related);
  if (seen && *seen != told->address)
    violate("SERVER", from, "is seen as " + seen->toString() + " and says " + line);
}

bool ServerWatch::isOwned(const Address& client) const {
  for (const std::size_t side : {0u, 1u}) {
    if (plan_.server->sides.at(side).way != Asking::Way::udp) continue;  // its ports are UDP's
    for (const std::uint16_t port : network_.node(side).ports())
      if (network_.outsideOf(side, {network_.node(side).address(), port}) == client) return true;
  }
  return false;
}

void ServerWatch::beginEnd() {
  network_.server()->allocations().forEach([this](const server::Allocation& each) {
    if (isOwned(each.tuple().client)) owned_.insert(each.tuple().client);
  });
}

// All that the two still had when they closed is given back: the network was good by then. What
// they had given up before is gone too, unless the network or the server may have kept it from
// hearing so; then it ends by itself.
void ServerWatch::judgeEnd() {
  network_.server()->allocations().forEach([this](const server::Allocation& each) {
    const Address& client = each.tuple().client;
    if (owned_.contains(client) || !plan_.mayStrand())
      journal_.violate("INV-6", "the server still holds the allocation of " + client.toString());
  });
  if (!plan_.mayStrand() && network_.server()->stats().allocationsExpired > 0)
    journal_.violate("INV-6", "an allocation was neither renewed nor given back");
}

bool ServerWatch::holdsNothing() const {
  const server::Held held = network_.server()->held();
  return held.allocations + held.permissions + held.channels == 0;
}

}  // namespace parley::seeds
