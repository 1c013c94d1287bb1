#include "runtime/tcp_listeners.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cerrno>
#include <utility>

#include "core/limits.h"

namespace parley::runtime {

namespace {

using boost::asio::posix::stream_descriptor;
using Errors = boost::system::error_code;

// Of the one connection; there may be others behind it (accept(2)).
bool isOfTheConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
      return true;
    default:
      return false;
  }
}

}  // namespace

struct TcpListeners::Listener {
  Listener(boost::asio::io_context& context, SocketId id_)
      : id(id_), descriptor(context), rest(context) {}

  const SocketId id;
  stream_descriptor descriptor;
  boost::asio::steady_timer rest;
  bool isClosed = false;
};

TcpListeners::TcpListeners(boost::asio::io_context& context, Random& random, TcpStreams& streams,
                           loop::DriverStats& stats, std::uint32_t& lastSocket,
                           std::function<void()> wake)
    : context_(context),
      random_(random),
      streams_(streams),
      stats_(stats),
      lastSocket_(lastSocket),
      wake_(std::move(wake)) {}

TcpListeners::~TcpListeners() {
  for (auto& [id, listener] : listeners_) shut(*listener);
}

void TcpListeners::shut(Listener& listener) {
  listener.isClosed = true;
  Errors ignored;
  (void)listener.descriptor.close(ignored);
  listener.rest.cancel(ignored);
}

Result<BoundTcp, OpenError> TcpListeners::listen(const TcpListenOptions& options) {
  auto opened = TcpSocket::listen(options, random_);
  if (!opened) return Unexpected(opened.error());
  const auto listener = std::make_shared<Listener>(context_, SocketId{++lastSocket_});
  Errors error;
  (void)listener->descriptor.assign(opened->descriptor.number(), error);
  if (error) return Unexpected(openErrorOf(error.value()));
  opened->descriptor.release();
  listeners_.emplace(listener->id, listener);
  await(listener);
  return BoundTcp{listener->id, opened->local};
}

void TcpListeners::close(SocketId id) {
  const auto found = listeners_.find(id);
  if (found == listeners_.end()) return;
  shut(*found->second);
  listeners_.erase(found);
}

void TcpListeners::await(const ListenerPointer& listener) {
  listener->descriptor.async_wait(stream_descriptor::wait_read,
                                  [this, listener](const Errors& error) {
                                    if (listener->isClosed) return;
                                    if (error) return pause(listener);
                                    makeReady(listener);
                                  });
}

// The connection is still in the backlog, so the descriptor stays ready.
void TcpListeners::pause(const ListenerPointer& listener) {
  listener->rest.expires_after(limits::loop::kAcceptPause);
  listener->rest.async_wait([this, listener](const Errors& error) {
    if (!error && !listener->isClosed) makeReady(listener);
  });
}

void TcpListeners::makeReady(const ListenerPointer& listener) {
  ready_.push_back(listener);
  wake_();
}

void TcpListeners::receive(loop::Loop& to) {
  for (const ListenerPointer& listener : std::exchange(ready_, {})) {
    if (!listener->isClosed) acceptFrom(listener, to);
  }
}

void TcpListeners::acceptFrom(const ListenerPointer& listener, loop::Loop& to) {
  for (int i = 0; i < limits::loop::kAcceptsPerStep; ++i) {
    auto accepted = TcpSocket::accept(listener->descriptor.native_handle());
    if (accepted) {
      take(listener, std::move(*accepted), to);
      if (listener->isClosed) return;
    } else if (accepted.error() == EAGAIN) {
      return await(listener);
    } else if (!isOfTheConnection(accepted.error())) {
      return pause(listener);
    }
  }
  makeReady(listener);
}

void TcpListeners::take(const ListenerPointer& listener, TcpSocket accepted, loop::Loop& to) {
  if (streams_.acceptedBy(listener->id) >= limits::loop::kAcceptedPerListener) {
    ++stats_.streamsRefused;
    return;
  }
  const Address local = accepted.local;
  const Address remote = accepted.remote;
  const auto stream = streams_.adopt(std::move(accepted), listener->id);
  if (!stream) {
    ++stats_.streamsRefused;
    return;
  }
  if (to.streamAccepted(listener->id, *stream, local, remote)) {
    streams_.read(*stream);
  } else {
    streams_.close(*stream);
  }
}

}  // namespace parley::runtime
