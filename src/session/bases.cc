#include "session/bases.h"

#include <algorithm>
#include <utility>

namespace parley::session {

std::optional<Bases::Arrival> Bases::receive(Step& step, Datagram datagram) {
  Base* base = find(datagram.socket);
  if (!base || datagram.packet.size() == 0) return std::nullopt;
  Arrival arrival{.transport = base->transport,
                  .socket = base->id(),
                  .path = {base->candidate, datagram.remote},
                  .packet = {}};
  if (!base->relay) {
    arrival.packet = std::move(datagram.packet);
    return arrival;
  }
  auto relayed = base->relay->receive(step, std::move(datagram));
  if (!relayed || relayed->payload.size() == 0) return std::nullopt;
  arrival.path.remote = relayed->peer;
  arrival.packet = std::move(relayed->payload);
  return arrival;
}

void Bases::send(Step& step, const ice::Path& path, Packet packet) {
  Base* base = find(path.local);
  if (!base) return;
  if (base->relay) {
    base->relay->client().send(step, path.remote, std::move(packet));
    return;
  }
  host_.send({.socket = base->id(),
              .local = base->socket.local,
              .remote = path.remote,
              .packet = std::move(packet)});
}

Base& Bases::add(Base base) {
  return *bases_.emplace_back(std::make_unique<Base>(std::move(base)));
}

Base* Bases::find(SocketId socket) {
  const auto found = std::ranges::find(bases_, socket, [](const auto& base) { return base->id(); });
  return found == bases_.end() ? nullptr : found->get();
}

const Base* Bases::find(ice::CandidateId candidate) const {
  const auto found = std::ranges::find(bases_, candidate, [](const auto& base) {
    return base->candidate;
  });
  return found == bases_.end() ? nullptr : found->get();
}

Base* Bases::find(ice::CandidateId candidate) {
  return const_cast<Base*>(std::as_const(*this).find(candidate));
}

std::vector<LocalSocket> Bases::hostSockets(TransportId transport) const {
  std::vector<LocalSocket> sockets;
  for (const auto& base : bases_)
    if (base->transport == transport && !base->relay) sockets.push_back(base->socket);
  return sockets;
}

std::size_t Bases::relays(TransportId transport) const {
  return static_cast<std::size_t>(std::ranges::count_if(bases_, [transport](const auto& base) {
    return base->transport == transport && base->relay;
  }));
}

void Bases::onTimer(Step& step) {
  for (const auto& base : bases_)
    if (base->relay) base->relay->client().onTimer(step);
}

Instant Bases::deadline() const {
  Instant due = never();
  for (const auto& base : bases_)
    if (base->relay) due = earliest(due, base->relay->client().deadline());
  return due;
}

turn::Held Bases::held() const {
  turn::Held sum;
  for (const auto& base : bases_) {
    if (!base->relay) continue;
    const turn::Held held = base->relay->client().held();
    sum.allocations += held.allocations;
    sum.permissions += held.permissions;
    sum.channels += held.channels;
    sum.transactions += held.transactions;
  }
  return sum;
}

const char* Bases::inconsistency() const {
  for (const auto& base : bases_)
    if (base->relay)
      if (const char* found = base->relay->client().inconsistency()) return found;
  return nullptr;
}

}  // namespace parley::session
