#include "session/tcp_port.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "session/demux.h"

namespace parley::session {

bool TcpPort::has(SocketId stream) const {
  return std::ranges::any_of(streams_, [&](const auto& each) { return each->link.id() == stream; });
}

void TcpPort::accept(Step& step, SocketId stream, const Address& remote) {
  if (!admit(step, {host_, stream, remote})) host_.close(stream);
}

bool TcpPort::take(Step& step, std::unique_ptr<FramedStream> stream) {
  const SocketId id = stream->id();
  if (!admit(step, std::move(*stream))) return false;
  hearing_ = id;
  return true;
}

bool TcpPort::admit(Step& step, FramedStream link) {
  if (find(link.remote()) || !makeRoom(step, link.remote().ip)) {
    PARLEY_TRACE(step, Topic::session, "stream_refused", {"socket", link.id().value},
                 {"trigger", "too many"});
    return false;
  }
  streams_.push_back(std::make_unique<Stream>(
      Stream{.link = std::move(link), .closesAt = step.now + limits::ice::kTcpProof}));
  streams_.back()->isOpen = true;
  return true;
}

// Of strangers the one that has been silent longest gives way, so that they cannot keep the peer
// out for long.
bool TcpPort::makeRoom(Step& step, const IpAddress& source) {
  if (streams_.size() >= limits::ice::kTcpStreams) return false;
  const auto isStranger = [](const auto& each) { return !each->isProved; };
  const auto isFromThere = [&](const auto& each) {
    return isStranger(each) && each->link.remote().ip == source;
  };
  if (std::cmp_greater_equal(std::ranges::count_if(streams_, isFromThere),
                             limits::ice::kTcpUnprovedBySource))
    return false;
  if (std::cmp_less(std::ranges::count_if(streams_, isStranger), limits::ice::kTcpUnproved))
    return true;
  close(step, **std::ranges::find_if(streams_, isStranger), "another stranger came");
  return true;
}

TcpPort::Stream* TcpPort::connect(Step& step, const Address& remote) {
  if (place_.type != ice::TcpType::active || streams_.size() >= limits::ice::kTcpStreams)
    return nullptr;
  const auto stream = host_.connectTcp(owner_, {.local = place_.local, .remote = remote});
  if (!stream) return nullptr;
  streams_.push_back(std::make_unique<Stream>(
      Stream{.link = {host_, *stream, remote}, .closesAt = step.now + limits::ice::kTcpIdle}));
  return streams_.back().get();
}

void TcpPort::onOpened(SocketId stream) {
  if (Stream* found = find(stream)) found->isOpen = true;
}

void TcpPort::onBytes(Step& step, SocketId stream, Bytes bytes) {
  Stream* found = find(stream);
  if (!found) return;
  found->link.push(bytes);
  if (found->isProved) found->closesAt = step.now + limits::ice::kTcpIdle;
  hearing_ = stream;
}

std::optional<TcpPort::Arrival> TcpPort::next(Step& step) {
  Stream* stream = hearing_ == SocketId{} ? nullptr : find(hearing_);
  const auto payload = stream ? stream->link.next() : std::nullopt;
  if (!payload) hearing_ = {};
  if (stream && stream->link.isBroken()) close(step, *stream, "no packets");
  if (!payload) return std::nullopt;
  if (!stream->isProved && protocolOf(*payload) != Protocol::stun) {
    close(step, *stream, "not a check");
    hearing_ = {};
    return std::nullopt;
  }
  return Arrival{.remote = stream->link.remote(), .payload = *payload};
}

void TcpPort::prove(Step& step, const Address& remote) {
  Stream* stream = find(remote);
  if (!stream || stream->isProved) return;
  stream->isProved = true;
  stream->closesAt = step.now + limits::ice::kTcpIdle;
}

void TcpPort::send(Step& step, const Address& remote, Packet packet) {
  Stream* stream = find(remote);
  // The other side hears nobody who does not begin with a check.
  if (!stream && protocolOf(packet.bytes()) == Protocol::stun) stream = connect(step, remote);
  if (!stream) return;
  if (stream->isProved) stream->closesAt = step.now + limits::ice::kTcpIdle;
  if (!stream->link.send(std::move(packet)))
    PARLEY_TRACE(step, Topic::session, "packet_dropped", {"socket", stream->link.id().value},
                 {"trigger", "too much waits in the stream"});
}

void TcpPort::onClosed(SocketId stream) {
  Stream* found = find(stream);
  if (!found) return;
  if (found->isOpen) lost_.push(found->link.remote());
  forget(*found);
}

void TcpPort::onTimer(Step& step) {
  std::vector<SocketId> due;
  for (const auto& stream : streams_)
    if (stream->closesAt <= step.now) due.push_back(stream->link.id());
  for (const SocketId each : due) close(step, *find(each), "nobody speaks");
}

Instant TcpPort::deadline() const {
  Instant due = never();
  for (const auto& stream : streams_) due = std::min(due, stream->closesAt);
  return due;
}

std::unique_ptr<FramedStream> TcpPort::release(const Address& remote) {
  Stream* stream = find(remote);
  if (!stream) return nullptr;
  auto link = std::make_unique<FramedStream>(std::move(stream->link));
  forget(*stream);
  return link;
}

void TcpPort::closeAll() {
  for (const auto& stream : streams_) host_.close(stream->link.id());
  streams_.clear();
}

void TcpPort::close(Step& step, Stream& stream, const char* why) {
  PARLEY_TRACE(step, Topic::session, "stream_closed", {"socket", stream.link.id().value},
               {"trigger", why});
  host_.close(stream.link.id());
  if (stream.isOpen) lost_.push(stream.link.remote());
  forget(stream);
}

void TcpPort::forget(Stream& stream) {
  std::erase_if(streams_, [&](const auto& each) { return each.get() == &stream; });
}

TcpPort::Stream* TcpPort::find(SocketId stream) {
  const auto found =
      std::ranges::find(streams_, stream, [](const auto& each) { return each->link.id(); });
  return found == streams_.end() ? nullptr : found->get();
}

TcpPort::Stream* TcpPort::find(const Address& remote) {
  const auto found =
      std::ranges::find(streams_, remote, [](const auto& each) { return each->link.remote(); });
  return found == streams_.end() ? nullptr : found->get();
}

}  // namespace parley::session
