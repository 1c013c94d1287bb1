#include "session/bases.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"

namespace parley::session {

bool Bases::receive(Step& step, Datagram datagram) {
  Base* base = find(datagram.socket);
  if (!base || datagram.packet.size() == 0) return false;
  if (base->relay) {
    hearing_ = base->id();
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
  Base* base = ofStream(stream);
  if (!base) return;
  hearing_ = stream;
  if (base->relay) base->relay->onStreamBytes(step, bytes);
  if (base->tcp) base->tcp->onBytes(step, stream, bytes);
}

void Bases::accept(Step& step, SocketId listener, SocketId stream, const Address& remote) {
  Base* base = find(listener);
  if (!base || !base->tcp) return host_.close(stream);
  base->tcp->accept(step, stream, remote);
}

bool Bases::take(Step& step, TransportId transport, const IpAddress& local,
                 std::unique_ptr<FramedStream> stream) {
  Base* base = find(transport, {ice::TcpType::passive, local});
  const SocketId id = stream->id();
  if (!base || !base->tcp->take(step, std::move(stream))) {
    host_.close(id);
    return false;
  }
  hearing_ = id;
  return true;
}

void Bases::streamOpened(Step& step, SocketId stream, const Address& local) {
  Base* base = ofStream(stream);
  if (base && base->relay) base->relay->onStreamOpened(step, local);
  if (base && base->tcp) base->tcp->onOpened(stream);
}

void Bases::streamClosed(Step& step, SocketId stream, StreamEnd reason) {
  Base* base = ofStream(stream);
  if (base && base->relay) base->relay->onStreamClosed(step, reason);
  if (base && base->tcp) base->tcp->onClosed(stream);
}

std::optional<Bases::Arrival> Bases::nextArrival(Step& step) {
  if (arrived_) return std::exchange(arrived_, std::nullopt);
  Base* base = ofStream(hearing_);
  if (auto framed = base && base->tcp ? base->tcp->next(step) : std::nullopt)
    return Arrival{.transport = base->transport,
                   .socket = base->id(),
                   .path = {base->candidate, framed->remote},
                   .packet = Packet::lend(framed->payload)};
  while (auto relayed = base && base->relay ? base->relay->nextRelayed(step) : std::nullopt) {
    if (relayed->payload.size() == 0) continue;
    return Arrival{.transport = base->transport,
                   .socket = base->id(),
                   .path = {base->candidate, relayed->peer},
                   .packet = std::move(relayed->payload)};
  }
  hearing_ = {};
  return std::nullopt;
}

void Bases::send(Step& step, const ice::Path& path, Packet packet) {
  Base* base = find(path.local);
  if (!base) return;
  if (base->relay) {
    base->relay->send(step, path.remote, std::move(packet));
    return;
  }
  if (base->tcp) return base->tcp->send(step, path.remote, std::move(packet));
  host_.send({.socket = base->id(),
              .local = base->socket.local,
              .remote = path.remote,
              .packet = std::move(packet)});
}

std::optional<ice::Path> Bases::nextLost() {
  for (const auto& base : bases_)
    if (auto remote = base->tcp ? base->tcp->nextLost() : std::nullopt)
      return ice::Path{base->candidate, *remote};
  return std::nullopt;
}

Base& Bases::add(Base base) {
  return *bases_.emplace_back(std::make_unique<Base>(std::move(base)));
}

Base* Bases::find(SocketId socket) {
  if (socket == SocketId{}) return nullptr;
  const auto found = std::ranges::find(bases_, socket, [](const auto& base) { return base->id(); });
  return found == bases_.end() ? nullptr : found->get();
}

Base* Bases::find(TransportId transport, const TcpPlace& place) {
  const auto found = std::ranges::find_if(bases_, [&](const auto& base) {
    return base->transport == transport && base->tcp && base->tcp->place() == place;
  });
  return found == bases_.end() ? nullptr : found->get();
}

Base* Bases::ofStream(SocketId stream) {
  if (stream == SocketId{}) return nullptr;
  if (Base* base = find(stream)) return base;
  const auto found = std::ranges::find_if(
      bases_, [&](const auto& base) { return base->tcp && base->tcp->has(stream); });
  return found == bases_.end() ? nullptr : found->get();
}

void Bases::shut(Base& base) {
  if (base.tcp) base.tcp->closeAll();
  if (base.id() != SocketId{}) host_.close(base.id());
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
    if (base->transport == transport && !base->relay && !base->tcp) sockets.push_back(base->socket);
  return sockets;
}

std::size_t Bases::relays(TransportId transport) const {
  return static_cast<std::size_t>(std::ranges::count_if(bases_, [transport](const auto& base) {
    return base->transport == transport && base->relay;
  }));
}

void Bases::onTimer(Step& step) {
  for (const auto& base : bases_) {
    if (base->relay) base->relay->onTimer(step);
    if (base->tcp) base->tcp->onTimer(step);
  }
}

Instant Bases::deadline() const {
  Instant due = never();
  for (const auto& base : bases_) {
    if (base->relay) due = earliest(due, base->relay->deadline());
    if (base->tcp) due = earliest(due, base->tcp->deadline());
  }
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
  for (const auto& base : bases_)
    if (base->tcp && base->tcp->size() > limits::ice::kTcpStreams)
      return "a TCP candidate has more streams than it may";
  return nullptr;
}

}  // namespace parley::session
