// Of the loop: its TCP streams and listeners.

#include "core/assert.h"
#include "loop/loop.h"

namespace parley::loop {

Result<SocketId, OpenError> Loop::connectTcp(Guest& guest, const TcpOptions& options) {
  Seat* seat = seatOf(guest);
  if (!seat) return Unexpected(OpenError::outOfResources);
  open();
  auto stream = driver_.connectTcp(options);
  if (!stream) {
    PARLEY_TRACE(step_, Topic::loop, "socket_refused",
                 {"error", static_cast<std::int64_t>(stream.error())});
    return stream;
  }
  own(*seat, *stream, {.place = seat->place, .isTcp = true});
  PARLEY_TRACE(step_, Topic::loop, "stream_connecting", {"socket", stream->value},
               {"port", options.remote.port});
  return stream;
}

Result<BoundTcp, OpenError> Loop::listenTcp(Guest& guest, const TcpListenOptions& options) {
  Seat* seat = seatOf(guest);
  if (!seat) return Unexpected(OpenError::outOfResources);
  open();
  auto bound = driver_.listenTcp(options);
  if (!bound) {
    PARLEY_TRACE(step_, Topic::loop, "socket_refused",
                 {"error", static_cast<std::int64_t>(bound.error())});
    return bound;
  }
  own(*seat, bound->socket, {.place = seat->place, .isTcp = true});
  PARLEY_TRACE(step_, Topic::loop, "socket_listens", {"socket", bound->socket.value},
               {"port", bound->local.port});
  return bound;
}

bool Loop::write(SocketId stream, Bytes bytes) {
  const auto owner = owners_.find(stream);
  if (owner == owners_.end() || !owner->second.isTcp || !driver_.write(stream, bytes)) return false;
  open();
  owner->second.batch = batchNumber_;
  hasWritten_ = true;
  return true;
}

std::size_t Loop::writable(SocketId stream) const {
  const auto owner = owners_.find(stream);
  return owner == owners_.end() || !owner->second.isTcp ? 0 : driver_.writable(stream);
}

void Loop::streamOpened(SocketId stream, const Address& local) {
  PARLEY_ASSERT(turning_);
  Seat* seat = touchOwner(stream);
  if (!seat) return;
  PARLEY_TRACE(step_, Topic::loop, "stream_opened", {"socket", stream.value}, {"port", local.port});
  seat->guest->onStreamOpened(step_, stream, local);
  bury();
}

void Loop::streamBytes(SocketId stream, MutableBytes bytes) {
  PARLEY_ASSERT(turning_);
  Seat* seat = touchOwner(stream);
  if (!seat) return;
  seat->guest->onStreamBytes(step_, stream, bytes);
  bury();
}

void Loop::streamClosed(SocketId stream, StreamEnd reason) {
  PARLEY_ASSERT(turning_);
  Seat* seat = touchOwner(stream);
  if (!seat) return;
  forget(owners_.find(stream));
  PARLEY_TRACE(step_, Topic::loop, "stream_ended", {"socket", stream.value},
               {"reason", static_cast<std::int64_t>(reason)});
  seat->guest->onStreamClosed(step_, stream, reason);
  bury();
}

bool Loop::streamAccepted(SocketId listener, SocketId stream, const Address& local,
                          const Address& remote) {
  PARLEY_ASSERT(turning_);
  Seat* seat = touchOwner(listener);
  if (!seat) return false;
  own(*seat, stream, {.place = seat->place, .isTcp = true});
  PARLEY_TRACE(step_, Topic::loop, "stream_accepted", {"socket", stream.value});
  seat->guest->onStreamAccepted(step_, listener, stream, local, remote);
  bury();
  return true;
}

}  // namespace parley::loop
