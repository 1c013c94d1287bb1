#include "sim/tcp_stack.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::sim {

namespace {

constexpr std::uint16_t kEphemeralMin = 49'152;  // RFC 6335 6
constexpr std::uint16_t kEphemeralMax = 65'535;
constexpr std::size_t kSystemBuffer = 64u << 10;  // what a kernel sends on after close()

bool isAnyOf(const IpAddress& one, const IpAddress& other) {
  return one.family() == other.family() && one.isUnspecified();
}

}  // namespace

void TcpStack::Stream::sendSegment(const TcpSegment& segment) {
  stack.machine_.transmitSegment({local, remote, 0, segment.serialize(), Protocol::tcp});
}

TcpStack::Stream* TcpStack::find(SocketId stream) {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second.get();
}

// All that matters to who wants to listen there, as with SO_REUSEADDR.
bool TcpStack::isListenedOn(const Address& local) const {
  return std::ranges::any_of(listeners_, [&](const auto& entry) {
    const Address& other = entry.second;
    return other.port == local.port &&
           (other.ip == local.ip || isAnyOf(other.ip, local.ip) || isAnyOf(local.ip, other.ip));
  });
}

bool TcpStack::isTaken(const Address& local) const {
  return isListenedOn(local) || std::ranges::any_of(byEnds_, [&](const auto& entry) {
           return entry.first.first == local;
         });
}

std::optional<std::uint16_t> TcpStack::choosePort(const IpAddress& local, std::uint16_t first,
                                                  std::uint16_t last, Takes isTaken) {
  if (first == 0 && last == 0) first = kEphemeralMin, last = kEphemeralMax;
  if (first == 0 || last < first) return std::nullopt;
  const std::uint32_t count = last - first + 1u;
  auto offset = static_cast<std::uint32_t>(dice_.below(count));
  for (std::uint32_t i = 0; i < count; ++i, ++offset) {
    const auto port = static_cast<std::uint16_t>(first + offset % count);
    if (!(this->*isTaken)({local, port})) return port;
  }
  return std::nullopt;
}

TcpStack::Stream& TcpStack::add(const Address& local, const Address& remote, std::uint32_t peer) {
  const SocketId id{nextSocket_++};
  const std::uint32_t number = dice_.u32() | 1;
  auto made = std::make_unique<Stream>(*this, id, local, remote, number, peer);
  byEnds_.insert_or_assign({local, remote}, id);
  return *streams_.emplace(id, std::move(made)).first->second;
}

Result<SocketId, OpenError> TcpStack::connect(const TcpOptions& options) {
  const auto source = machine_.sourceTowards(options.local, options.remote.ip);
  if (!source) return Unexpected(OpenError::addressNotAvailable);
  const auto port = choosePort(*source, options.portMin, options.portMax, &TcpStack::isTaken);
  if (!port) return Unexpected(OpenError::addressInUse);
  Stream& stream = add({*source, *port}, options.remote, 0);
  stream.connection.start(now());
  attend(stream);
  return stream.id;
}

Result<BoundTcp, OpenError> TcpStack::listen(const TcpListenOptions& options) {
  const auto port =
      choosePort(options.local, options.portMin, options.portMax, &TcpStack::isListenedOn);
  if (!port) return Unexpected(OpenError::addressInUse);
  const SocketId id{nextSocket_++};
  const Address local{options.local, *port};
  listeners_.emplace(id, local);
  return BoundTcp{id, local};
}

std::optional<SocketId> TcpStack::listenerFor(const Address& local) const {
  for (const auto& [id, at] : listeners_) {
    if (at.port == local.port && (at.ip == local.ip || isAnyOf(at.ip, local.ip))) return id;
  }
  return std::nullopt;
}

void TcpStack::receive(const WireDatagram& datagram) {
  const auto segment = TcpSegment::parse(datagram.bytes);
  if (!segment) return;
  const auto found = byEnds_.find({datagram.destination, datagram.source});
  Stream* stream = found == byEnds_.end() ? nullptr : find(found->second);
  const bool isSyn = segment->kind == TcpSegment::Kind::syn;
  if (stream && isSyn && stream->connection.peer() != segment->from) {
    stream->connection.abort();  // the other end has forgotten it and begins anew
    attend(*stream);
    stream = nullptr;
  }
  if (stream) {
    stream->connection.receive(*segment, now());
    attend(*stream);
  } else if (isSyn) {
    accept(datagram, *segment);
  } else if (segment->kind != TcpSegment::Kind::rst) {
    refuse(datagram, *segment);
  }
}

void TcpStack::accept(const WireDatagram& datagram, const TcpSegment& segment) {
  const auto listener = listenerFor(datagram.destination);
  if (!listener || faults_.refuses) return refuse(datagram, segment);
  const auto open = std::ranges::count_if(
      streams_, [&](const auto& entry) { return entry.second->listener == listener; });
  if (static_cast<std::size_t>(open) >= limits::loop::kAcceptedPerListener) {
    ++stats_.streamsRefused;
    return refuse(datagram, segment);
  }
  Stream& stream = add(datagram.destination, datagram.source, segment.from);
  stream.listener = listener;
  stream.connection.start(now());
  attend(stream);
}

void TcpStack::refuse(const WireDatagram& datagram, const TcpSegment& segment) {
  const TcpSegment answer{.kind = TcpSegment::Kind::rst, .from = segment.to, .to = segment.from};
  machine_.transmitSegment(
      {datagram.destination, datagram.source, 0, answer.serialize(), Protocol::tcp});
}

bool TcpStack::isWorthTelling(Stream& stream) const {
  if (stream.isClosed) return false;
  TcpConnection& connection = stream.connection;
  if (connection.isOpen() && !stream.isTold) return true;
  if (!connection.received().empty()) return !faults_.stalls;
  return connection.ended().has_value();
}

// The stream may be gone afterwards.
void TcpStack::attend(Stream& stream) {
  const bool isUnaccepted = stream.listener && !stream.isTold && !stream.connection.isOpen();
  if (stream.connection.isGone() && (stream.isClosed || isUnaccepted)) {
    stats_.streamBytesDropped += stream.connection.unsent();
    stats_.streamBytesSent -= stream.connection.unsent();
    if (stream.isLingering) --stats_.streamsLingering;
    pending_.erase(stream.id);
    const auto byEnds = byEnds_.find({stream.local, stream.remote});
    if (byEnds != byEnds_.end() && byEnds->second == stream.id) byEnds_.erase(byEnds);
    streams_.erase(SocketId{stream.id});
    return;
  }
  if (stream.isLingering && stream.connection.unsent() <= kSystemBuffer) {
    stream.isLingering = false;
    stream.lingersUntil = never();
    --stats_.streamsLingering;
  }
  if (isWorthTelling(stream)) {
    pending_.insert(stream.id);
    machine_.wakeForStreams();
  }
  const Instant due = earliest(stream.connection.deadline(), stream.lingersUntil);
  if (due == stream.wakesAt) return;
  stream.wakesAt = due;
  if (due == never()) return;
  machine_.schedule().at(std::max(due, machine_.awakeAt()),
                         [this, id = stream.id, due] { onTimer(id, due); });
}

void TcpStack::onTimer(SocketId id, Instant due) {
  Stream* stream = find(id);
  if (!stream || stream->wakesAt != due) return;
  stream->wakesAt = never();
  if (now() < machine_.awakeAt()) return attend(*stream);  // it fell asleep since
  if (now() >= stream->lingersUntil) stream->connection.abort();
  stream->connection.onTimer(now());
  attend(*stream);
}

void TcpStack::close(SocketId socket) {
  listeners_.erase(socket);
  Stream* stream = find(socket);
  if (!stream || stream->isClosed) return;
  stream->isClosed = true;
  pending_.erase(socket);
  stream->connection.close(now());
  linger(*stream);
}

void TcpStack::linger(Stream& stream) {
  if (!stream.connection.isGone() && stream.connection.unsent() > kSystemBuffer) {
    stream.isLingering = true;
    ++stats_.streamsLingering;
    stream.lingersUntil = now() + limits::loop::kStreamLinger;
  }
  attend(stream);
}

bool TcpStack::write(SocketId id, Bytes bytes) {
  if (bytes.size() > writable(id)) return false;
  Stream* stream = find(id);
  if (!stream) return false;
  stream->connection.write(bytes);
  stats_.streamBytesSent += bytes.size();
  if (!std::exchange(stream->isWritten, true)) written_.push_back(id);
  return true;
}

std::size_t TcpStack::writable(SocketId id) const {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return 0;
  const Stream& stream = *found->second;
  if (stream.isClosed || stream.connection.isGone()) return 0;
  return limits::loop::kUnsentBytesPerStream -
         std::min(limits::loop::kUnsentBytesPerStream, stream.connection.unsent());
}

void TcpStack::setFaults(const TcpFaults& faults) {
  faults_ = faults;
  for (auto& [id, stream] : streams_) {  // what has waited may go on
    if (isWorthTelling(*stream)) pending_.insert(id);
  }
  if (!pending_.empty()) machine_.wakeForStreams();
}

void TcpStack::push() {
  for (const SocketId id : std::exchange(written_, {})) {
    Stream* stream = find(id);
    if (!stream) continue;
    stream->isWritten = false;
    stream->connection.flush(now());
    attend(*stream);
  }
}

void TcpStack::deliver(loop::Loop& to) {
  lent_.clear();
  for (const SocketId id : std::exchange(pending_, {})) tell(id, to);
  if (!pending_.empty()) machine_.wakeForStreams();
}

void TcpStack::tell(SocketId id, loop::Loop& to) {
  Stream* stream = find(id);
  if (!stream || stream->isClosed) return;
  if (stream->connection.isOpen() && !stream->isTold && !tellOpen(*stream, to)) return;
  tellBytes(id, to);
  stream = find(id);
  if (!stream || stream->isClosed) return;
  const auto ended = stream->connection.ended();
  if (!stream->connection.received().empty() || !ended) return attend(*stream);
  stream->isClosed = true;
  if (*ended == StreamEnd::byPeer) stream->connection.close(now());  // it may still be listening
  linger(*stream);
  to.streamClosed(id, *ended);
}

// False: it is no more.
bool TcpStack::tellOpen(Stream& stream, loop::Loop& to) {
  const SocketId id = stream.id;
  stream.isTold = true;
  if (!stream.listener) {
    to.streamOpened(id, stream.local);
  } else if (!to.streamAccepted(*stream.listener, id, stream.local, stream.remote)) {
    close(id);
  }
  return find(id) != nullptr;
}

void TcpStack::tellBytes(SocketId id, loop::Loop& to) {
  Stream* stream = find(id);
  if (stream->isClosed || faults_.stalls || stream->connection.received().empty()) return;
  const Bytes waiting = stream->connection.received().bytes();
  std::size_t count =
      faults_.dribbles ? 1 : std::min(waiting.size(), limits::loop::kStreamBytesPerStep);
  if (faults_.resetAt) {
    const std::uint64_t left = *faults_.resetAt - std::min(*faults_.resetAt, stream->delivered);
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, left));
  }
  if (count > 0) {
    lent_.push_back(toVector(waiting.first(count)));
    stream->connection.received().drop(count);
    stream->delivered += count;
    stats_.streamBytesReceived += count;
    to.streamBytes(id, lent_.back());
    stream = find(id);
  }
  if (!stream || stream->isClosed || !faults_.resetAt) return;
  if (stream->delivered < *faults_.resetAt) return;
  stream->connection.received().clear();
  stream->connection.abort();
}

}  // namespace parley::sim
