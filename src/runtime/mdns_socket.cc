#include "runtime/mdns_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "mdns/message.h"
#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

constexpr int kHops = 255;  // RFC 6762 11
constexpr std::size_t kInterfaces = 16;

bool setOption(int descriptor, int level, int name, int value) {
  return ::setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

IpAddress anyOf(bool isV4) { return isV4 ? IpAddress::v4({}) : IpAddress::v6({}); }

IpAddress groupOf(bool isV4) {
  if (isV4) return IpAddress::v4({224, 0, 0, 251});
  return IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb});
}

int openPlain(bool isV4) {
  return ::socket(isV4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

bool bindPlain(int descriptor, bool isV4, std::uint16_t port) {
  const SocketAddress local({anyOf(isV4), port});
  return ::bind(descriptor, local.data(), local.size()) == 0;
}

template <class Info>
Info infoOf(const cmsghdr* header) {
  Info info{};
  std::memcpy(&info, CMSG_DATA(header), sizeof info);
  return info;
}

}  // namespace

std::optional<MdnsSocket> MdnsSocket::open(IpAddress::Family family, Port port) {
  const bool isV4 = family == IpAddress::Family::v4;
  const int descriptor = openPlain(isV4);
  if (descriptor < 0) return std::nullopt;
  MdnsSocket socket(descriptor, isV4);
  socket.isOnPort_ = port == Port::ours;
  socket.tune();
  if (socket.isOnPort_) socket.isShared_ = !socket.canBindAlone();
  if (!bindPlain(descriptor, isV4, socket.isOnPort_ ? mdns::kPort : std::uint16_t{0}))
    return std::nullopt;
  return socket;
}

MdnsSocket::~MdnsSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void MdnsSocket::tune() const {
  if (isOnPort_) {
    setOption(descriptor_, SOL_SOCKET, SO_REUSEADDR, 1);
    setOption(descriptor_, SOL_SOCKET, SO_REUSEPORT, 1);
  }
  if (isV4_) {
    setOption(descriptor_, IPPROTO_IP, IP_PKTINFO, 1);
    setOption(descriptor_, IPPROTO_IP, IP_TTL, kHops);
    setOption(descriptor_, IPPROTO_IP, IP_MULTICAST_TTL, kHops);
    setOption(descriptor_, IPPROTO_IP, IP_MULTICAST_LOOP, 1);  // browsers on this machine
    setOption(descriptor_, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  } else {
    setOption(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    setOption(descriptor_, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    setOption(descriptor_, IPPROTO_IPV6, IPV6_UNICAST_HOPS, kHops);
    setOption(descriptor_, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, kHops);
    setOption(descriptor_, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 1);
  }
}

// RFC 6762 15.1: who shares the port is not sure to get what is sent to it by unicast.
bool MdnsSocket::canBindAlone() const {
  const int probe = openPlain(isV4_);
  if (probe < 0) return false;
  if (!isV4_) setOption(probe, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  const bool isAlone = bindPlain(probe, isV4_, mdns::kPort);
  ::close(probe);
  return isAlone;
}

void MdnsSocket::join(std::uint32_t interface) {
  if (std::ranges::find(joined_, interface) != joined_.end()) return;
  if (joined_.size() >= kInterfaces) return;
  bool isJoined = false;
  if (isV4_) {
    ip_mreqn request{};
    request.imr_multiaddr = toSystem4(groupOf(true));
    request.imr_ifindex = static_cast<int>(interface);
    isJoined =
        ::setsockopt(descriptor_, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) == 0;
  } else {
    ipv6_mreq request{};
    request.ipv6mr_multiaddr = toSystem6(groupOf(false));
    request.ipv6mr_interface = interface;
    isJoined =
        ::setsockopt(descriptor_, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request, sizeof request) == 0;
  }
  if (isJoined) joined_.push_back(interface);
}

void MdnsSocket::sendToGroup(Bytes datagram) const {
  for (const std::uint32_t interface : joined_)
    send({groupOf(isV4_), mdns::kPort}, interface, datagram);
}

void MdnsSocket::sendTo(const Address& to, Bytes datagram) const { send(to, 0, datagram); }

// What cannot be sent is as if it were lost on the way.
void MdnsSocket::send(const Address& to, std::uint32_t interface, Bytes datagram) const {
  SocketAddress destination(to);
  ByteVector copy = toVector(datagram);  // the system's interface knows no const
  iovec part{copy.data(), copy.size()};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  msghdr message{};
  message.msg_name = destination.data();
  message.msg_namelen = destination.size();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (interface != 0) {
    in_pktinfo v4{};
    v4.ipi_ifindex = static_cast<int>(interface);
    in6_pktinfo v6{};
    v6.ipi6_ifindex = interface;
    const std::size_t size = isV4_ ? sizeof v4 : sizeof v6;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = isV4_ ? IPPROTO_IP : IPPROTO_IPV6;
    header->cmsg_type = isV4_ ? IP_PKTINFO : IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), isV4_ ? static_cast<const void*>(&v4) : &v6, size);
  }
  (void)::sendmsg(descriptor_, &message, MSG_NOSIGNAL);
}

std::optional<MdnsSocket::Received> MdnsSocket::receive(MutableBytes room) const {
  SocketAddress from;
  iovec part{room.data(), room.size()};
  alignas(cmsghdr) std::array<std::uint8_t, 256> control{};
  msghdr message{};
  message.msg_name = from.data();
  message.msg_namelen = *from.sizeRoom();
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(descriptor_, &message, 0);
  if (size < 0) {
    const bool isOver = errno == EAGAIN || errno == EWOULDBLOCK || errno == EBADF;
    return isOver ? std::nullopt : std::optional(Received{});
  }
  if (message.msg_flags & MSG_TRUNC) return Received{};
  Received received{.from = from.toAddress(), .size = static_cast<std::size_t>(size)};
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      const auto info = infoOf<in_pktinfo>(at);
      received.wasMulticast = ipOf(info.ipi_addr).isMulticast();
      received.interface = static_cast<std::uint32_t>(info.ipi_ifindex);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      const auto info = infoOf<in6_pktinfo>(at);
      received.wasMulticast = ipOf(info.ipi6_addr, 0).isMulticast();
      received.interface = info.ipi6_ifindex;
    }
  }
  return received;
}

}  // namespace parley::runtime
