#include "runtime/tcp_streams.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "core/byte_queue.h"

namespace parley::runtime {

namespace {

using boost::asio::posix::stream_descriptor;
using Errors = boost::system::error_code;

int pendingError(int descriptor) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

struct TcpStreams::Stream {
  Stream(boost::asio::io_context& context, SocketId id_)
      : id(id_), descriptor(context), patience(context) {}

  const SocketId id;
  SocketId listener{};  // that accepted it
  stream_descriptor descriptor;
  boost::asio::steady_timer patience;  // while it lingers
  ByteQueue unsent;
  std::optional<StreamEnd> broken;  // writing has failed; what came before is read first
  bool isConnecting = false;
  bool isReady = false;    // among those with something to tell
  bool isWritten = false;  // among those written to in this batch
  bool isBlocked = false;  // waits to be writable
  bool isLingering = false;
  bool isClosed = false;

  bool isOver() const { return isClosed || isLingering; }
};

TcpStreams::TcpStreams(boost::asio::io_context& context, Random& random, loop::DriverStats& stats,
                       std::uint32_t& lastSocket, std::function<void()> wake)
    : context_(context),
      random_(random),
      stats_(stats),
      lastSocket_(lastSocket),
      wake_(std::move(wake)) {}

TcpStreams::~TcpStreams() {
  while (!streams_.empty()) shut(StreamPointer(streams_.begin()->second));
}

Result<TcpStreams::StreamPointer, OpenError> TcpStreams::add(TcpSocket socket) {
  auto stream = std::make_shared<Stream>(context_, SocketId{++lastSocket_});
  Errors error;
  (void)stream->descriptor.assign(socket.descriptor.number(), error);
  if (error) return Unexpected(openErrorOf(error.value()));  // the reactor has no room for it
  socket.descriptor.release();
  streams_.emplace(stream->id, stream);
  return stream;
}

Result<SocketId, OpenError> TcpStreams::connect(const TcpOptions& options) {
  auto opened = TcpSocket::connect(options, random_);
  if (!opened) return Unexpected(opened.error());
  const auto ended = opened->ended;
  const auto added = add(std::move(*opened));
  if (!added) return Unexpected(added.error());
  const StreamPointer& stream = *added;
  stream->isConnecting = true;
  stream->broken = ended;
  if (ended) {
    makeReady(stream);
  } else {
    awaitWritable(stream);
  }
  return stream->id;
}

Result<SocketId, OpenError> TcpStreams::adopt(TcpSocket accepted, SocketId listener) {
  const auto added = add(std::move(accepted));
  if (!added) return Unexpected(added.error());
  (*added)->listener = listener;
  ++accepted_[listener];
  return (*added)->id;
}

void TcpStreams::read(SocketId stream) {
  const StreamPointer found = find(stream);
  if (found && !found->isOver()) awaitReadable(found);
}

std::size_t TcpStreams::acceptedBy(SocketId listener) const {
  const auto found = accepted_.find(listener);
  return found == accepted_.end() ? 0 : found->second;
}

TcpStreams::StreamPointer TcpStreams::find(SocketId stream) const {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : found->second;
}

void TcpStreams::makeReady(const StreamPointer& stream) {
  if (std::exchange(stream->isReady, true)) return;
  ready_.push_back(stream);
  wake_();
}

void TcpStreams::awaitReadable(const StreamPointer& stream) {
  stream->descriptor.async_wait(stream_descriptor::wait_read, [this, stream](const Errors& error) {
    if (stream->isOver()) return;
    if (error) stream->broken = StreamEnd::failed;  // the reactor could not even wait
    makeReady(stream);
  });
}

void TcpStreams::awaitWritable(const StreamPointer& stream) {
  stream->isBlocked = true;
  stream->descriptor.async_wait(stream_descriptor::wait_write, [this, stream](const Errors& error) {
    if (stream->isClosed) return;
    stream->isBlocked = false;
    if (error) stream->broken = StreamEnd::failed;
    if (stream->isConnecting || (error && !stream->isLingering)) {
      makeReady(stream);
    } else {
      flush(stream);
    }
  });
}

void TcpStreams::receive(loop::Loop& to) {
  used_ = 0;
  for (const StreamPointer& stream : std::exchange(ready_, {})) {
    stream->isReady = false;
    if (stream->isOver()) continue;
    if (stream->isConnecting) {
      finishConnect(stream, to);
    } else {
      readFrom(stream, to);
    }
  }
}

void TcpStreams::finishConnect(const StreamPointer& stream, loop::Loop& to) {
  if (stream->broken) return finish(stream, *stream->broken, to);
  const int descriptor = stream->descriptor.native_handle();
  if (const int error = pendingError(descriptor)) return finish(stream, streamEndOf(error), to);
  stream->isConnecting = false;
  to.streamOpened(stream->id, localOf(descriptor));
  if (stream->isOver()) return;
  awaitReadable(stream);
  flush(stream);
}

void TcpStreams::readFrom(const StreamPointer& stream, loop::Loop& to) {
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::uint8_t[]>(kCapacity);
  for (std::size_t taken = 0; taken < kRoom;) {
    if (used_ + kRoom > kCapacity) break;
    const MutableBytes room{buffer_.get() + used_, kRoom - taken};
    const ssize_t count =
        ::recv(stream->descriptor.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (count == 0) return finish(stream, StreamEnd::byPeer, to);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN && !stream->broken) return awaitReadable(stream);
      return finish(stream, stream->broken.value_or(streamEndOf(errno)), to);
    }
    const auto size = static_cast<std::size_t>(count);
    taken += size;
    used_ += size;
    stats_.streamBytesReceived += size;
    to.streamBytes(stream->id, room.first(size));
    if (stream->isOver()) return;
  }
  makeReady(stream);
}

void TcpStreams::finish(const StreamPointer& stream, StreamEnd reason, loop::Loop& to) {
  if (reason == StreamEnd::byPeer) {
    lingerOrShut(stream);  // it may still be listening
  } else {
    shut(stream);
  }
  to.streamClosed(stream->id, reason);
}

bool TcpStreams::write(SocketId id, Bytes bytes) {
  if (bytes.size() > writable(id)) return false;
  const StreamPointer stream = find(id);
  if (!stream) return false;
  stream->unsent.push(bytes);
  if (!std::exchange(stream->isWritten, true)) written_.push_back(stream);
  return true;
}

std::size_t TcpStreams::writable(SocketId id) const {
  const StreamPointer stream = find(id);
  if (!stream || stream->isOver() || stream->broken) return 0;
  return limits::loop::kUnsentBytesPerStream - stream->unsent.size();
}

void TcpStreams::push() {
  for (const StreamPointer& stream : std::exchange(written_, {})) {
    stream->isWritten = false;
    if (!stream->isClosed && !stream->isConnecting) flush(stream);
  }
}

void TcpStreams::flush(const StreamPointer& stream) {
  while (!stream->unsent.empty() && !stream->isBlocked) {
    const Bytes bytes = stream->unsent.bytes();
    const ssize_t count = ::send(stream->descriptor.native_handle(), bytes.data(), bytes.size(),
                                 MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      stream->unsent.drop(static_cast<std::size_t>(count));
      stats_.streamBytesSent += static_cast<std::uint64_t>(count);
    } else if (errno == EAGAIN) {
      awaitWritable(stream);
    } else if (errno != EINTR) {
      stream->broken = streamEndOf(errno);
      stats_.streamBytesDropped += stream->unsent.size();
      stream->unsent.clear();
      if (!stream->isLingering) makeReady(stream);
    }
  }
  if (stream->isLingering && stream->unsent.empty()) shut(stream);
}

void TcpStreams::close(SocketId id) {
  const StreamPointer stream = find(id);
  if (stream && !stream->isOver()) lingerOrShut(stream);
}

void TcpStreams::lingerOrShut(const StreamPointer& stream) {
  if (stream->unsent.empty() || stream->isConnecting || stream->broken) return shut(stream);
  stream->isLingering = true;
  ++stats_.streamsLingering;
  stream->patience.expires_after(limits::loop::kStreamLinger);
  stream->patience.async_wait([this, stream](const Errors& error) {
    if (!error && !stream->isClosed) shut(stream);
  });
}

// Handlers of waits under way still run, or are dropped with the context; they see the flag.
void TcpStreams::shut(const StreamPointer& stream) {
  stream->isClosed = true;
  if (stream->isLingering) --stats_.streamsLingering;
  stats_.streamBytesDropped += stream->unsent.size();
  stream->unsent.clear();
  if (!stream->isConnecting && !stream->broken) {
    // Closed with bytes unread, a connection is reset, and what is under way would be lost with it.
    const int descriptor = stream->descriptor.native_handle();
    while (::recv(descriptor, nullptr, kRoom, MSG_DONTWAIT | MSG_TRUNC) == kRoom) continue;
  }
  Errors ignored;
  (void)stream->descriptor.close(ignored);
  stream->patience.cancel(ignored);
  const auto accepted = accepted_.find(stream->listener);
  if (accepted != accepted_.end() && --accepted->second == 0) accepted_.erase(accepted);
  streams_.erase(stream->id);
}

}  // namespace parley::runtime
