#include "runtime/udp_socket.h"

#include <netinet/udp.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/descriptor.h"
#include "runtime/socket_address.h"

namespace parley::runtime {

Result<UdpSocket, OpenError> UdpSocket::open(const UdpOptions& options, const SocketTuning& tuning,
                                             Random& random) {
  const bool isV6 = options.local.isV6();
  const int descriptor =
      ::socket(isV6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return Unexpected(openErrorOf(errno));
  UdpSocket socket(descriptor);
  socket.tune(isV6, tuning);
  const PortRange ports{options.portMin, options.portMax};
  if (const int error = bindWithin(descriptor, options.local, ports, random)) {
    return Unexpected(openErrorOf(error));
  }
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

void UdpSocket::joinRuns(int descriptor) { setOption(descriptor, IPPROTO_UDP, UDP_GRO, 1); }

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
  if (tuning.useGso) canSegment_ = setOption(descriptor_, IPPROTO_UDP, UDP_SEGMENT, 0);
}

}  // namespace parley::runtime
