#include "session/discovery.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/planted.h"
#include "session/tcp_hosts.h"

namespace parley::session {
namespace {

constexpr std::uint16_t kUnreachable = 701;  // webrtc-pc 4.8.3

const IpAddress* ofFamily(const std::vector<IpAddress>& addresses, IpAddress::Family family) {
  const auto found = std::ranges::find(addresses, family, &IpAddress::family);
  return found == addresses.end() ? nullptr : &*found;
}

// Another port may fare better: the server still remembers this one (RFC 8656 7.4).
bool isWorthAnotherPort(std::uint16_t code) {
  return code == static_cast<std::uint16_t>(stun::ErrorCode::allocationMismatch);
}

// To another machine of the same family, unless a proxy looked after that; to this one, or the
// proxy's own, only from there.
bool mayLead(const Relay::Place& place, const Address& to) {
  const IpAddress& from = place.address.ip;
  const bool isReachable =
      !from.isUnspecified() ? to.ip.family() == from.family() : place.proxy != Address();
  return to.port != 0 && isReachable && !to.ip.isUnspecified() && !to.ip.isMulticast() &&
         !to.ip.isLinkLocal() && (!to.ip.isLoopback() || from.isLoopback());
}

}  // namespace

void Discovery::begin(Step& step, std::string ufrag) {
  ufrag_ = std::move(ufrag);
  gather(step);
}

void Discovery::gather(Step& step) {
  isRunning_ = true;
  lookups_.clear();
  reflexive_.restart();
  probed_.clear();
  proving_.clear();
  sockets_.clear();
  places_.clear();
  peerListens_ = false;
  openHosts(step);
  openTcp(step);
  keepRelays(step);
  askServers(step);
}

// Of those that stand the generation is told again when it is a new one.
void Discovery::openHosts(Step& step) {
  const std::vector<LocalSocket> before = std::exchange(
      sockets_, Gatherer(host_, owner_, config_).open(step, bases_.hostSockets(transport_)));
  for (const LocalSocket& open : sockets_) {
    if (std::ranges::find(before, open.socket, &LocalSocket::socket) != before.end()) continue;
    Base* base = bases_.find(open.socket);
    if (!base) base = &bases_.add({.transport = transport_, .socket = open});
    base->socket.rank = before.empty() ? open.rank : freeRank();
    events_.push(HostFound{open.socket});
  }
}

// Without servers to ask it needs no pool.
void Discovery::openTcp(Step& step) {
  if (isPooled_) return;
  std::vector<TcpPlace> places =
      TcpHosts(host_, owner_, transport_, bases_, config_).open(step, peerListens_);
  for (const TcpPlace& place : places)
    if (std::ranges::find(places_, place) == places_.end()) events_.push(TcpFound{place});
  places_ = std::move(places);
}

void Discovery::onPeerListens(Step& step) {
  if (std::exchange(peerListens_, true) || ufrag_.empty()) return;
  openTcp(step);
}

// One that comes late stands below those whose priorities are told (RFC 8445 5.1.2.1: unique).
unsigned Discovery::freeRank() const {
  const auto isTaken = [this](unsigned rank) {
    return std::ranges::any_of(bases_.all(), [&](const auto& base) {
      return base->transport == transport_ && !base->relay && !base->tcp &&
             base->candidate != ice::CandidateId{} && base->socket.rank == rank;
    });
  };
  unsigned rank = 0;
  while (isTaken(rank)) ++rank;
  return rank;
}

void Discovery::askServers(Step& step) {
  if (isPooled_) {
    askedFrom_ = Gatherer(host_, owner_, config_).addresses();
    askedRelayOnly_ = config_.relayOnly;
  }
  for (const IceServer& server : config_.servers) {
    if (config_.relayOnly && !server.isRelay) continue;
    const std::string& next = isProxied(server) ? config_.turnProxy->host : server.host;
    if (const auto numeric = IpAddress::parse(next))
      ask(step, server, {*numeric});
    else
      lookups_.emplace(host_.resolve(owner_, next), server);
  }
}

// What goes by UDP goes past the proxy. The server's name is then the proxy's to look up: where
// there has to be one, the names of the world outside are often known to nobody else.
bool Discovery::isProxied(const IceServer& server) const {
  using enum IceServer::Transport;
  return config_.turnProxy && server.isRelay &&
         (server.transport == tcp || server.transport == tls);
}

void Discovery::onInterfacesChanged(Step& step) {
  const std::vector<IpAddress> ours = Gatherer(host_, owner_, config_).addresses();
  leaveLost(step, ours);
  openHosts(step);
  openTcp(step);
  if (!ours.empty()) askServers(step);
}

// A socket of a mux has its address for life, whatever the interfaces are.
void Discovery::leaveLost(Step& step, const std::vector<IpAddress>& ours) {
  leave([&](const Base& base) {
    const bool isLost =
        !base.socket.isShared && std::ranges::find(ours, base.socket.local.ip) == ours.end();
    if (isLost) PARLEY_TRACE(step, Topic::session, "address_lost", {"socket", base.id().value});
    return isLost;
  });
}

void Discovery::leave(const std::function<bool(const Base&)>& isGone) {
  const std::vector<SocketId> known = gone_;
  for (const auto& base : bases_.all()) {
    const bool isKnown = std::ranges::find(known, base->id()) != known.end();
    if (base->transport != transport_ || isKnown || !isGone(*base)) continue;
    if (base->relay) {
      gone_.push_back(base->id());
      events_.push(RelayGone{base->id()});
    } else if (base->tcp) {
      events_.push(TcpGone{base->tcp->place()});
    } else {
      reflexive_.drop([&](SocketId socket) { return socket == base->id(); });
      std::erase_if(probed_, [&](const auto& each) { return each.first == base->id(); });
      events_.push(HostGone{base->id()});
    }
  }
}

// An allocation of the generation before serves this one, too, if its server is still asked for,
// from an address that we still have. One that is not goes when ICE retires it, or at once when it
// has never been a candidate. The server may have been restarted, which is often why there is a new
// generation: it is asked first. A candidate that is dead would be worse than none, for the checks
// of others with its foundation would wait for its own to fail (RFC 8445 6.1.4.2).
void Discovery::keepRelays(Step& step) {
  for (const auto& base : bases_.all()) {
    if (base->transport != transport_ || !base->relay) continue;
    const bool stands = base->relay->isAllocated();
    if (isWanted(*base)) {
      if (!stands) continue;
      if (!isPlanted(PlantedBug::relayNotProved)) base->relay->prove(step);
      keepalive_.start(step.now, limits::ice::kKeepalive);
      proving_.push_back(base->id());
    } else if (!stands) {
      gone_.push_back(base->id());
      events_.push(RelayGone{base->id()});
    }
  }
}

bool Discovery::isWanted(const Base& base) const {
  const std::vector<IpAddress> ours = Gatherer(host_, owner_, config_).addresses();
  return std::ranges::find(config_.servers, base.relay->place().server) != config_.servers.end() &&
         std::ranges::find(ours, base.socket.local.ip) != ours.end();
}

bool Discovery::onResolved(Step& step, ResolveId request, const std::vector<IpAddress>& found) {
  auto lookup = lookups_.extract(request);
  if (lookup.empty()) return false;
  if (found.empty())
    fail(std::nullopt, lookup.mapped().url, kUnreachable,
         isProxied(lookup.mapped()) ? "the proxy's name is unknown"
                                    : "the server's name is unknown");
  else
    ask(step, lookup.mapped(), found);
  return true;
}

void Discovery::ask(Step& step, const IceServer& server, const std::vector<IpAddress>& addresses) {
  if (server.transport == IceServer::Transport::udp && !config_.relayOnly)
    probe(step, server, addresses);
  if (server.isRelay) return allocate(step, server, addresses);
  if (server.transport != IceServer::Transport::udp)
    fail(std::nullopt, server.url, kUnreachable, "STUN over TLS tells no address of a UDP socket");
}

void Discovery::probe(Step& step, const IceServer& server,
                      const std::vector<IpAddress>& addresses) {
  for (const LocalSocket& socket : sockets_) {
    const IpAddress* ip = ofFamily(addresses, socket.local.ip.family());
    if (ip && probed_.emplace(socket.socket, server.url).second)
      reflexive_.probe(step, socket.socket, socket.local, {*ip, server.port}, server.url);
  }
}

void Discovery::allocate(Step& step, const IceServer& server,
                         const std::vector<IpAddress>& addresses) {
  // What is held keepRelays() has told. Of IPv6 one is enough: from our best address.
  const auto isHeld = [&](std::optional<stun::AddressFamily> of, std::optional<IpAddress> from) {
    return std::ranges::any_of(bases_.all(), [&](const auto& base) {
      return base->transport == transport_ && base->relay &&
             base->relay->place().server == server && base->relay->place().family == of &&
             (!from || base->socket.local.ip == *from) && isWanted(*base);
    });
  };
  bool isV6Wanted = config_.ipv6Relays && !isHeld(stun::AddressFamily::v6, std::nullopt);
  bool isTried = false;
  for (const IpAddress::Family family : {IpAddress::Family::v4, IpAddress::Family::v6}) {
    const IpAddress* ip = ofFamily(addresses, family);
    if (!ip) continue;
    unsigned sources = 0;
    const std::vector<IpAddress> ours = Gatherer(host_, owner_, config_).addresses();
    for (std::size_t rank = 0; rank < ours.size() && sources < limits::ice::kRelaySources; ++rank) {
      if (ours[rank].family() != family) continue;
      ++sources;
      isTried = true;
      Relay::Place place{.server = server,
                         .address = {*ip, server.port},
                         .local = {},
                         .rank = static_cast<unsigned>(rank)};
      if (isProxied(server)) {
        place.proxy = {*ip, config_.turnProxy->port};
        place.address.ip = IpAddress::parse(server.host).value_or(IpAddress());
      }
      if (!isHeld(std::nullopt, ours[rank])) openRelay(step, ours[rank], place);
      place.family = stun::AddressFamily::v6;  // RFC 8656 7.1
      if (std::exchange(isV6Wanted, false)) openRelay(step, ours[rank], std::move(place));
    }
  }
  if (!isTried)
    fail(std::nullopt, server.url, kUnreachable,
         isProxied(server) ? "no address of ours reaches the proxy"
                           : "no address of ours reaches the server");
}

void Discovery::openRelay(Step& step, const IpAddress& from, Relay::Place place) {
  if (bases_.relays(transport_) >= limits::ice::kRelays)
    return fail(std::nullopt, place.server.url, kUnreachable, "there are too many allocations");
  const unsigned rank = place.rank;
  using enum IceServer::Transport;
  const bool isStream = place.server.transport == tcp || place.server.transport == tls;
  std::unique_ptr<Relay> relay = isStream ? openStream(from, place) : openUdp(step, from, place);
  if (!relay) return;
  const BoundUdp& local = relay->place().local;
  Base& base = bases_.add(
      {.transport = transport_,
       .socket = {
           .socket = local.socket, .local = local.local, .announced = local.local, .rank = rank}});
  base.relay = std::move(relay);
  base.relay->start(step);
}

std::unique_ptr<Relay> Discovery::openUdp(Step& step, const IpAddress& from, Relay::Place& place) {
  const bool isSecure = place.server.transport == IceServer::Transport::dtls;
  dtls::Context::Shared context;
  if (isSecure) context = trust_.inDatagrams(config_.authoritiesPem);
  if (isSecure && !context) return failWithoutAuthority(place);
  const auto socket = Gatherer(host_, owner_, config_).openOn(step, from);
  if (!socket) {
    fail(std::nullopt, place.server.url, kUnreachable, "no socket could be opened");
    return nullptr;
  }
  place.local = {socket->socket, socket->local};
  return isSecure ? std::make_unique<Relay>(host_, std::move(place), std::move(context))
                  : std::make_unique<Relay>(host_, std::move(place));
}

std::unique_ptr<Relay> Discovery::openStream(const IpAddress& from, Relay::Place& place) {
  const bool isSecure = place.server.transport == IceServer::Transport::tls;
  tls::Context::Shared context;
  if (isSecure) context = trust_.in(config_.authoritiesPem);
  if (isSecure && !context) return failWithoutAuthority(place);
  const bool isDirect = place.proxy == Address();
  const auto stream =
      host_.connectTcp(owner_, {.local = from, .remote = isDirect ? place.address : place.proxy});
  if (!stream) {
    fail(std::nullopt, place.server.url, kUnreachable, "no connection could be begun");
    return nullptr;
  }
  place.local = {*stream, {from, 0}};
  return std::make_unique<Relay>(host_, std::move(place), std::move(context),
                                 isDirect ? std::nullopt : config_.turnProxy);
}

std::unique_ptr<Relay> Discovery::failWithoutAuthority(const Relay::Place& place) {
  fail(std::nullopt, place.server.url, kUnreachable, "no certificate authority is known");
  return nullptr;
}

// A base may go without our doing: ICE retires it, or a mux has no room for its fragment.
void Discovery::dropProbes() {
  reflexive_.drop([this](SocketId socket) { return !bases_.find(socket); });
}

void Discovery::onTimer(Step& step) {
  dropProbes();
  reflexive_.onTimer(step);
  if (!keepalive_.expire(step.now) || isPlanted(PlantedBug::relayMappingNotKept)) return;
  for (const auto& base : bases_.all()) {
    if (base->transport != transport_ || !base->relay || !base->relay->isAllocated()) continue;
    base->relay->keepAlive(step);
    if (!keepalive_.isRunning()) keepalive_.start(step.now, limits::ice::kKeepalive);
  }
}

// --- what came of it

void Discovery::settle(Step& step) {
  dropProbes();
  collectReflexive();
  collectRelays(step);
  if (!isRunning_ || pending() > 0) return;
  isRunning_ = false;
  if (!isPooled_) events_.push(Ended{ufrag_});
}

void Discovery::collectReflexive() {
  while (auto event = reflexive_.nextEvent()) {
    if (auto* mapped = std::get_if<Reflexive::Mapped>(&*event)) {
      events_.push(
          ReflexiveFound{mapped->socket, mapped->mapped, mapped->server, std::move(mapped->url)});
    } else {
      auto& unanswered = std::get<Reflexive::Unanswered>(*event);
      fail(unanswered.local, unanswered.url, unanswered.code, std::move(unanswered.reason));
    }
  }
}

void Discovery::collectRelays(Step& step) {
  std::vector<SocketId> mine;  // what one says may open another
  for (const auto& base : bases_.all())
    if (base->transport == transport_ && base->relay) mine.push_back(base->id());
  for (const SocketId socket : mine) {
    Base& base = *bases_.find(socket);
    base.socket.local = base.relay->place().local.local;  // of a stream known by now
    while (auto event = base.relay->nextEvent())
      std::visit([&](const auto& any) { on(step, base, any); }, *event);
  }
  std::erase_if(proving_, [this](SocketId socket) {
    const Base* base = bases_.find(socket);
    if (base && base->relay && base->relay->isProving()) return false;
    const bool isGone = std::ranges::find(gone_, socket) != gone_.end();
    if (base && base->relay && base->relay->isAllocated() && !isGone)
      events_.push(RelayFound{socket, base->allocated.relayed, base->allocated.mapped});
    return true;
  });
  std::erase_if(gone_, [this](SocketId socket) {
    const Base* base = bases_.find(socket);
    return !base || !base->relay;
  });
}

void Discovery::on(Step& step, Base& base, const turn::Allocated& event) {
  base.allocated = event;
  if (!keepalive_.isRunning()) keepalive_.start(step.now, limits::ice::kKeepalive);
  if (isPlanted(PlantedBug::reflexiveWrongBase))
    for (const LocalSocket& socket : bases_.hostSockets(transport_))
      events_.push(ReflexiveFound{socket.socket, event.mapped, base.relay->place().address, {}});
  events_.push(RelayFound{base.id(), event.relayed, event.mapped});
}

void Discovery::on(Step& step, Base& base, const turn::Failed& event) {
  gone_.push_back(base.id());
  events_.push(RelayGone{base.id()});
  Relay::Place place = base.relay->place();
  if (isWorthAnotherPort(event.code) && ++place.tries < limits::turn::kAllocateTries)
    return openRelay(step, base.socket.local.ip, std::move(place));
  fail(base.socket.local, place.server.url, event.code, event.reason);
}

// RFC 8489 10: the same user and the same transport at another address.
void Discovery::on(Step& step, Base& base, const turn::Redirected& event) {
  gone_.push_back(base.id());
  events_.push(RelayGone{base.id()});
  Relay::Place place = base.relay->place();
  if (++place.redirects > limits::turn::kRedirects || !mayLead(place, event.server))
    return fail(base.socket.local, place.server.url, 300, "redirected too often, or nowhere");
  place.address = event.server;
  openRelay(step, base.socket.local.ip, std::move(place));
}

void Discovery::on(Step& step, Base& base, const turn::Lost& event) {
  PARLEY_TRACE(step, Topic::session, "relay_lost", {"socket", base.id().value},
               {"trigger", event.reason});
  gone_.push_back(base.id());
  events_.push(RelayGone{base.id()});
  // While candidates are gathered, or held for later, another one takes its place.
  Relay::Place place = base.relay->place();
  const bool isWorthAnother = (isRunning_ || isPooled_) && event.isGone && isWanted(base);
  if (isWorthAnother && ++place.tries < limits::turn::kAllocateTries)
    openRelay(step, base.socket.local.ip, std::move(place));
  else if (isPooled_)
    isIncomplete_ = true;
}

bool Discovery::isPending(const Base& base) const {
  return base.transport == transport_ && base.relay &&
         (!base.relay->isAllocated() || base.relay->isProving()) &&
         std::ranges::find(gone_, base.id()) == gone_.end();
}

std::size_t Discovery::pending() const {
  const auto relays =
      std::ranges::count_if(bases_.all(), [this](const auto& base) { return isPending(*base); });
  return lookups_.size() + reflexive_.pending() + static_cast<std::size_t>(relays);
}

void Discovery::fail(const std::optional<Address>& local, const std::string& url,
                     std::uint16_t code, std::string text) {
  if (isPooled_) isIncomplete_ = true;
  if (isPooled_ || !isRunning_) return;  // the application has heard that gathering is over
  const bool isHidden = config_.relayOnly || config_.hideAddresses;
  events_.push(ServerFailed{isHidden ? std::nullopt : local, url, code, std::move(text)});
}

}  // namespace parley::session
