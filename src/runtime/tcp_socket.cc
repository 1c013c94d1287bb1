#include "runtime/tcp_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "core/limits.h"
#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

Descriptor openFor(const IpAddress& ip) {
  return Descriptor(
      ::socket(ip.isV6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

IpAddress anyOf(const IpAddress& ip) { return ip.isV4() ? IpAddress::v4({}) : IpAddress::v6({}); }

// Whole messages are written at a step's end: nothing is won by waiting for more (Nagle). A peer
// that acknowledges nothing is given up after our time and not after the system's quarter of an
// hour. A kernel that refuses either is slower and nothing else.
void tune(int descriptor) {
  using Milliseconds = std::chrono::milliseconds;
  constexpr auto kTimeout =
      std::chrono::duration_cast<Milliseconds>(limits::loop::kStreamTimeout).count();
  setOption(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  setOption(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kTimeout));
}

}  // namespace

Result<TcpSocket, OpenError> TcpSocket::connect(const TcpOptions& options, Random& random) {
  Descriptor descriptor = openFor(options.remote.ip);
  if (descriptor.number() < 0) return Unexpected(openErrorOf(errno));
  tune(descriptor.number());
  const PortRange ports{options.portMin, options.portMax};
  const bool isAny = options.local.isUnspecified();
  if (!isAny || ports.min != 0 || ports.max != 0) {
    const IpAddress local = isAny ? anyOf(options.remote.ip) : options.local;
    if (local.family() != options.remote.ip.family()) {
      return Unexpected(OpenError::addressNotAvailable);
    }
    if (const int error = bindWithin(descriptor.number(), local, ports, random)) {
      return Unexpected(openErrorOf(error));
    }
  }
  const SocketAddress to(options.remote);
  std::optional<StreamEnd> ended;
  const int outcome = ::connect(descriptor.number(), to.data(), to.size());
  if (outcome != 0 && errno != EINPROGRESS && errno != EINTR) ended = streamEndOf(errno);
  return TcpSocket{std::move(descriptor), {}, options.remote, ended};
}

Result<TcpSocket, OpenError> TcpSocket::listen(const TcpListenOptions& options, Random& random) {
  Descriptor descriptor = openFor(options.local);
  const int number = descriptor.number();
  if (number < 0) return Unexpected(openErrorOf(errno));
  // A port stays ours to listen on while connections of ours that ended there are remembered.
  setOption(number, SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.local.isV6()) setOption(number, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  const PortRange ports{options.portMin, options.portMax};
  if (const int error = bindWithin(number, options.local, ports, random)) {
    return Unexpected(openErrorOf(error));
  }
  if (::listen(number, limits::loop::kBacklog) != 0) return Unexpected(openErrorOf(errno));
  const Address local = localOf(number);
  if (local.port == 0) return Unexpected(OpenError::outOfResources);
  return TcpSocket{std::move(descriptor), local, {}, {}};
}

Result<TcpSocket, int> TcpSocket::accept(int listener) {
  SocketAddress remote;
  Descriptor descriptor(
      ::accept4(listener, remote.data(), remote.sizeRoom(), SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (descriptor.number() < 0) return Unexpected(errno);
  tune(descriptor.number());
  const Address local = localOf(descriptor.number());
  return TcpSocket{std::move(descriptor), local, remote.toAddress(), {}};
}

Address localOf(int descriptor) {
  SocketAddress local;
  if (::getsockname(descriptor, local.data(), local.sizeRoom()) != 0) return {};
  return local.toAddress();
}

StreamEnd streamEndOf(int systemError) {
  switch (systemError) {
    case ECONNREFUSED:
      return StreamEnd::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
      return StreamEnd::unreachable;
    case ETIMEDOUT:
      return StreamEnd::timedOut;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
      return StreamEnd::reset;
    default:
      return StreamEnd::failed;
  }
}

}  // namespace parley::runtime
