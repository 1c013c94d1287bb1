#include "session/gatherer.h"

#include <algorithm>

#include "core/limits.h"
#include "core/planted.h"
#include "session/udp_mux.h"

namespace parley::session {
namespace {

// Wired before wireless before tunnels: the cheaper path first where ICE has the choice.
int preference(InterfaceKind kind) {
  switch (kind) {
    case InterfaceKind::ethernet:
      return 0;
    case InterfaceKind::wifi:
      return 1;
    case InterfaceKind::unknown:
      return 2;
    case InterfaceKind::cellular:
      return 3;
    case InterfaceKind::vpn:
      return 4;
    case InterfaceKind::loopback:
      return 5;
  }
  return 5;
}

std::string_view nameOf(OpenError error) {
  constexpr std::string_view kNames[] = {"address in use", "address not available",
                                         "permission denied", "out of resources", "unsupported"};
  return kNames[static_cast<std::size_t>(error)];
}

bool isUsable(const IpAddress& address) {
  return !address.isUnspecified() && !address.isMulticast() && !address.isV4Mapped();
}

}  // namespace

bool Gatherer::isWanted(const NetworkInterface& interface) const {
  const IpAddress& address = interface.address;
  if (!isUsable(address) || (address.isV6() && !config_.ipv6)) return false;
  if (address.isLinkLocal() && !config_.includeLinkLocal) return false;
  return config_.interfaces.empty() ||
         std::ranges::find(config_.interfaces, interface.name) != config_.interfaces.end();
}

bool Gatherer::isRefused(const NetworkInterface& interface) const {
  return config_.filter && !config_.filter(interface.name, interface.address);
}

// A mux's socket is of no interface by itself.
bool Gatherer::isRefused(const IpAddress& address) const {
  const std::vector<NetworkInterface> all = host_.interfaces();
  const auto found = std::ranges::find(all, address, &NetworkInterface::address);
  return isRefused(found != all.end() ? *found : NetworkInterface{.name = {}, .address = address});
}

std::vector<IpAddress> Gatherer::addresses() const {
  std::vector<NetworkInterface> wanted = host_.interfaces();
  std::erase_if(wanted, [this](const auto& interface) { return !isWanted(interface); });
  // RFC 8445 5.1.1.1: no loopback, unless it is asked for or all there is.
  const bool onlyLoopback = std::ranges::all_of(
      wanted, [](const auto& interface) { return interface.address.isLoopback(); });
  if (!config_.includeLoopback && !onlyLoopback)
    std::erase_if(wanted, [](const auto& interface) { return interface.address.isLoopback(); });

  // Asked last, so that loopback does not step in for what it refuses.
  std::erase_if(wanted, [this](const auto& interface) { return isRefused(interface); });
  std::ranges::stable_sort(wanted, {}, [](const auto& interface) {
    return preference(interface.address.isLoopback() ? InterfaceKind::loopback : interface.kind);
  });
  std::vector<IpAddress> addresses;
  for (const NetworkInterface& interface : wanted) {
    if (addresses.size() == limits::ice::kLocalCandidates) break;
    if (std::ranges::find(addresses, interface.address) == addresses.end())
      addresses.push_back(interface.address);
  }
  return addresses;
}

IpAddress Gatherer::announced(const IpAddress& local) const {
  for (const auto& [from, to] : config_.addressMappings)
    if (from == local) return to;
  return local;
}

std::vector<LocalSocket> Gatherer::open(Step& step, std::span<const LocalSocket> held) {
  std::vector<LocalSocket> sockets;
  if (config_.relayOnly && !isPlanted(PlantedBug::relayOnlyLeaks))
    return sockets;  // webrtc-pc 4.2.2: a host candidate would tell addresses
  if (config_.mux) return share(step, held);
  for (const IpAddress& address : addresses()) {
    const auto known =
        std::ranges::find(held, address, [](const LocalSocket& socket) { return socket.local.ip; });
    std::optional<LocalSocket> socket;
    if (known != held.end())
      socket = *known;
    else
      socket = openOn(step, address);
    if (!socket) continue;
    socket->rank = static_cast<unsigned>(sockets.size());
    sockets.push_back(*socket);
  }
  return sockets;
}

// All of the mux's sockets that the filter leaves, whatever the interfaces are by now: it has them
// for life.
std::vector<LocalSocket> Gatherer::share(Step& step, std::span<const LocalSocket> held) {
  std::vector<LocalSocket> sockets;
  UdpMux* mux = muxOn(host_, config_.mux);
  if (!mux) PARLEY_TRACE(step, Topic::session, "mux_refused", {"trigger", "not of this loop"});
  for (const BoundUdp& port : mux ? mux->sockets() : std::vector<BoundUdp>{}) {
    if ((port.local.ip.isV6() && !config_.ipv6) || isRefused(port.local.ip)) continue;
    const auto known = std::ranges::find(held, port.local, &LocalSocket::local);
    if (known != held.end()) {
      sockets.push_back(*known);
    } else if (const auto share = mux->share(owner_, port.socket)) {
      sockets.push_back({.socket = share->socket,
                         .local = share->local,
                         .announced = {announced(share->local.ip), share->local.port},
                         .isShared = true});
    }
    if (!sockets.empty()) sockets.back().rank = static_cast<unsigned>(sockets.size() - 1);
  }
  return sockets;
}

std::optional<LocalSocket> Gatherer::openOn(Step& step, const IpAddress& address) {
  return opened(
      step, address,
      host_.openUdp(owner_,
                    {.local = address, .portMin = config_.portMin, .portMax = config_.portMax}));
}

std::optional<LocalSocket> Gatherer::listenOn(Step& step, const IpAddress& address) {
  return opened(
      step, address,
      host_.listenTcp(owner_,
                      {.local = address, .portMin = config_.portMin, .portMax = config_.portMax}));
}

template <class Bound>
std::optional<LocalSocket> Gatherer::opened(Step& step, const IpAddress& address,
                                            const Result<Bound, OpenError>& bound) const {
  if (!bound) {
    PARLEY_TRACE(step, Topic::session, "socket_refused",
                 {"address", address.toString(), Field::Kind::secret},
                 {"trigger", nameOf(bound.error())});
    return std::nullopt;
  }
  PARLEY_TRACE(step, Topic::session, "socket_opened", {"socket", bound->socket.value},
               {"address", bound->local.toString(), Field::Kind::secret});
  return LocalSocket{.socket = bound->socket,
                     .local = bound->local,
                     .announced = {announced(bound->local.ip), bound->local.port}};
}

}  // namespace parley::session
