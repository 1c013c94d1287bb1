#include "runtime/udp_socket.h"

#include <netinet/udp.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>

#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

bool setOption(int descriptor, int level, int name, int value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

int bindOnce(int descriptor, const Address& address) {
  const SocketAddress to(address);
  return ::bind(descriptor, to.data(), to.size()) == 0 ? 0 : errno;
}

}  // namespace

OpenError openErrorOf(int systemError) {
  switch (systemError) {
    case EADDRINUSE:
      return OpenError::addressInUse;
    case EADDRNOTAVAIL:
    case ENODEV:
    case EINVAL:  // a link-local address without its zone
      return OpenError::addressNotAvailable;
    case EACCES:
    case EPERM:
      return OpenError::permissionDenied;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return OpenError::outOfResources;
    default:
      return OpenError::unsupported;
  }
}

Result<UdpSocket, OpenError> UdpSocket::open(const UdpOptions& options, const SocketTuning& tuning,
                                             Random& random) {
  const bool isV6 = options.local.isV6();
  const int descriptor =
      ::socket(isV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Unexpected(openErrorOf(errno));
  UdpSocket socket(descriptor);
  socket.tune(isV6, tuning);
  if (const int error = socket.bindTo(options, random)) return Unexpected(openErrorOf(error));
  SocketAddress bound;
  if (::getsockname(descriptor, bound.data(), bound.sizeRoom()) != 0) {
    return Unexpected(openErrorOf(errno));
  }
  socket.local_ = bound.toAddress();
  return socket;
}

UdpSocket::~UdpSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

// Each of these is a comfort: a kernel without it costs speed or detail, not correctness. The
// exception, V6ONLY, is what keeps a v4 socket on the same port possible.
void UdpSocket::tune(bool isV6, const SocketTuning& tuning) {
  const int buffer = static_cast<int>(tuning.bufferBytes);
  setOption(descriptor_, SOL_SOCKET, SO_RCVBUF, buffer);
  setOption(descriptor_, SOL_SOCKET, SO_SNDBUF, buffer);
  if (isV6) setOption(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (!tuning.useMmsg) return;  // plain calls see none of the following
  if (isV6) {
    setOption(descriptor_, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    setOption(descriptor_, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  } else {
    setOption(descriptor_, IPPROTO_IP, IP_PKTINFO, 1);
    setOption(descriptor_, IPPROTO_IP, IP_RECVTOS, 1);
  }
  setOption(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  if (!tuning.useGso) return;
  setOption(descriptor_, IPPROTO_UDP, UDP_GRO, 1);
  canSegment_ = setOption(descriptor_, IPPROTO_UDP, UDP_SEGMENT, 0);
}

int UdpSocket::bindTo(const UdpOptions& options, Random& random) {
  if (options.portMin == 0 && options.portMax == 0)
    return bindOnce(descriptor_, {options.local, 0});
  if (options.portMin == 0 || options.portMax < options.portMin) return EADDRNOTAVAIL;
  // Steps of a width prime to the count visit every port once.
  const std::uint32_t count = 1u + options.portMax - options.portMin;
  auto width = static_cast<std::uint32_t>(1 + random.below(count));
  while (std::gcd(width, count) != 1) ++width;
  auto offset = static_cast<std::uint32_t>(random.below(count));
  int error = EADDRINUSE;
  for (std::uint32_t i = 0; i < count && error == EADDRINUSE; ++i) {
    error = bindOnce(descriptor_,
                     {options.local, static_cast<std::uint16_t>(options.portMin + offset)});
    offset = (offset + width) % count;
  }
  return error;
}

}  // namespace parley::runtime
