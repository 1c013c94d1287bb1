#include "session/tcp_hosts.h"

#include <algorithm>
#include <memory>

#include "session/gatherer.h"
#include "session/tcp_mux.h"

namespace parley::session {
namespace {

constexpr std::uint16_t kDiscard = 9;  // RFC 6544 4.5: an active one has no port to tell

}  // namespace

std::vector<TcpPlace> TcpHosts::open(Step& step, bool peerListens) {
  std::vector<TcpPlace> places;
  if (config_.relayOnly || config_.tcp == TcpGathering::none) return places;  // webrtc-pc 4.2.2
  if (config_.tcpMux) share(places);
  if (config_.mux) return places;  // who has one wants its ports and no others
  const bool all = config_.tcp == TcpGathering::all && !config_.tcpMux;
  const bool connects = (config_.tcp == TcpGathering::all || peerListens) && !config_.onlyListens;
  if (!all && !connects) return places;
  for (const IpAddress& address : Gatherer(host_, owner_, config_).addresses()) {
    const TcpPlace passive{ice::TcpType::passive, address};
    const TcpPlace active{ice::TcpType::active, address};
    if (connects && isOpen(step, active)) places.push_back(active);
    if (all && isOpen(step, passive)) places.push_back(passive);
  }
  return places;
}

bool TcpHosts::isOpen(Step& step, const TcpPlace& place) {
  if (bases_.find(transport_, place)) return true;
  Gatherer gatherer(host_, owner_, config_);
  if (place.type == ice::TcpType::active) {
    add(place, {.socket = {},
                .local = {place.local, kDiscard},
                .announced = {gatherer.announced(place.local), kDiscard}});
    return true;
  }
  const auto socket = gatherer.listenOn(step, place.local);
  if (socket) add(place, *socket);
  return socket.has_value();
}

// All of the mux's listeners that the settings leave, whatever the interfaces are by now.
void TcpHosts::share(std::vector<TcpPlace>& places) {
  TcpMux* mux = muxOn(host_, config_.tcpMux);
  if (!mux) return;
  const Gatherer gatherer(host_, owner_, config_);
  for (const BoundTcp& listener : mux->listeners()) {
    const IpAddress& ip = listener.local.ip;
    if ((ip.isV6() && !config_.ipv6) || gatherer.isRefused(ip)) continue;
    const TcpPlace place{ice::TcpType::passive, ip};
    const LocalSocket socket{.socket = {},
                             .local = listener.local,
                             .announced = {gatherer.announced(ip), listener.local.port},
                             .isShared = true};
    if (!bases_.find(transport_, place)) add(place, socket);
    places.push_back(place);
  }
}

void TcpHosts::add(const TcpPlace& place, LocalSocket socket) {
  socket.rank = freeRank(place.type);
  bases_.add({.transport = transport_, .socket = socket}).tcp =
      std::make_unique<TcpPort>(host_, owner_, place);
}

// RFC 8445 5.1.2.1: priorities are unique.
unsigned TcpHosts::freeRank(ice::TcpType type) const {
  const auto isTaken = [&](unsigned rank) {
    return std::ranges::any_of(bases_.all(), [&](const auto& base) {
      return base->transport == transport_ && base->tcp && base->tcp->place().type == type &&
             base->socket.rank == rank;
    });
  };
  unsigned rank = 0;
  while (isTaken(rank)) ++rank;
  return rank;
}

}  // namespace parley::session
