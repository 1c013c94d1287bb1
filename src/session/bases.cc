#include "session/bases.h"

#include <algorithm>
#include <utility>

namespace parley::session {

bool Bases::receive(Step& step, Datagram datagram) {
  Base* base = find(datagram.socket);
  if (!base || datagram.packet.size() == 0) return false;
  if (base->relay) {
    relaying_ = base->id();
    base->relay->receive(step, std::move(datagram));
  } else {
    arrived_ = Arrival{.transport = base->transport,
                       .socket = base->id(),
                       .path = {base->candidate, datagram.remote},
                       .packet = std::move(datagram.packet)};
  }
  return true;
}

void Bases::receive(Step& step, SocketId stream, MutableBytes bytes) {
  Base* base = find(stream);
  if (!base || !base->relay) return;
  relaying_ = stream;
  base->relay->onStreamBytes(step, bytes);
}

std::optional<Bases::Arrival> Bases::nextArrival(Step& step) {
  if (arrived_) return std::exchange(arrived_, std::nullopt);
  Base* base = relaying_ == SocketId{} ? nullptr : find(relaying_);
  while (auto relayed = base && base->relay ? base->relay->nextRelayed(step) : std::nullopt) {
    if (relayed->payload.size() == 0) continue;
    return Arrival{.transport = base->transport,
                   .socket = base->id(),
                   .path = {base->candidate, relayed->peer},
                   .packet = std::move(relayed->payload)};
  }
  relaying_ = {};
  return std::nullopt;
}

void Bases::send(Step& step, const ice::Path& path, Packet packet) {
  Base* base = find(path.local);
  if (!base) return;
  if (base->relay) {
    base->relay->send(step, path.remote, std::move(packet));
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
  const auto found =
      std::ranges::find(bases_, candidate, [](const auto& base) { return base->candidate; });
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
    if (base->relay) base->relay->onTimer(step);
}

Instant Bases::deadline() const {
  Instant due = never();
  for (const auto& base : bases_)
    if (base->relay) due = earliest(due, base->relay->deadline());
  return due;
}

turn::Held Bases::held() const {
  turn::Held sum;
  for (const auto& base : bases_) {
    if (!base->relay) continue;
    const turn::Held held = base->relay->held();
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
      if (const char* found = base->relay->inconsistency()) return found;
  return nullptr;
}

}  // namespace parley::session
