#include "runtime/datagram_reader.h"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

constexpr std::size_t kAlignment = 64;  // of what follows in the buffer: a cache line
constexpr std::uint8_t kEcnMask = 0x03;

struct ControlRoom {
  alignas(cmsghdr) std::uint8_t bytes[256];
};

template <class Value>
Value valueOf(const cmsghdr* header) {
  Value value{};
  std::memcpy(&value, CMSG_DATA(header), sizeof value);
  return value;
}

struct Ancillary {
  IpAddress local;
  std::uint8_t ecn = 0;
  std::int64_t wallMicros = 0;
  std::size_t segment = 0;  // 0: one datagram
};

Ancillary ancillaryOf(msghdr& message, const IpAddress& bound) {
  Ancillary result{.local = bound};
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      result.local = ipOf(valueOf<in_pktinfo>(at).ipi_addr);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      const auto info = valueOf<in6_pktinfo>(at);
      result.local = ipOf(info.ipi6_addr, info.ipi6_ifindex);
    } else if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_TOS) {
      result.ecn = valueOf<std::uint8_t>(at) & kEcnMask;
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_TCLASS) {
      result.ecn = static_cast<std::uint8_t>(valueOf<int>(at)) & kEcnMask;
    } else if (at->cmsg_level == SOL_SOCKET && at->cmsg_type == SCM_TIMESTAMPNS) {
      const auto time = valueOf<timespec>(at);
      result.wallMicros = std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
    } else if (at->cmsg_level == IPPROTO_UDP && at->cmsg_type == UDP_GRO) {
      result.segment = static_cast<std::size_t>(std::max(valueOf<int>(at), 0));
    }
  }
  return result;
}

}  // namespace

DatagramReader::DatagramReader(bool useMmsg)
    : useMmsg_(useMmsg), buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(kCapacity)) {}

ReadOutcome DatagramReader::read(int descriptor, const Address& bound, std::size_t limit,
                                 const Take& take) {
  ReadOutcome outcome;
  // Errors count too: a stream of them must not hold the loop up either.
  while (outcome.datagrams + outcome.errors + outcome.refused + outcome.truncated < limit) {
    if (isFull()) break;
    const bool more = useMmsg_ ? readBatch(descriptor, bound, outcome, take)
                               : readOne(descriptor, bound, outcome, take);
    if (!more) break;
  }
  return outcome;
}

// True: go on reading.
bool DatagramReader::noteError(int error, ReadOutcome& outcome) {
  if (error == EAGAIN || error == EWOULDBLOCK) {
    outcome.isDrained = true;
    return false;
  }
  if (error == ECONNREFUSED) {
    ++outcome.refused;
  } else if (error != EINTR) {
    ++outcome.errors;
  }
  return true;
}

bool DatagramReader::readBatch(int descriptor, const Address& bound, ReadOutcome& outcome,
                               const Take& take) {
  std::array<mmsghdr, kMessages> messages;
  std::array<iovec, kMessages> rooms;
  std::array<SocketAddress, kMessages> remotes;
  std::array<ControlRoom, kMessages> controls;
  const std::size_t wanted = outcome.hasRuns ? 1 : kMessages;  // a run may be 64 datagrams long
  const std::size_t count = std::min(wanted, (kCapacity - used_) / kRoom);
  for (std::size_t i = 0; i < count; ++i) {
    rooms[i] = {buffer_.get() + used_ + i * kRoom, kRoom};
    messages[i] = {};
    messages[i].msg_hdr.msg_name = remotes[i].data();
    messages[i].msg_hdr.msg_namelen = SocketAddress::capacity();
    messages[i].msg_hdr.msg_iov = &rooms[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = controls[i].bytes;
    messages[i].msg_hdr.msg_controllen = sizeof controls[i].bytes;
  }
  const int got = ::recvmmsg(descriptor, messages.data(), static_cast<unsigned>(count), 0, nullptr);
  if (got < 0) return noteError(errno, outcome);
  const auto filled = static_cast<std::size_t>(got);
  if (filled > 0) {
    const std::size_t last = (messages[filled - 1].msg_len + kAlignment - 1) & ~(kAlignment - 1);
    used_ += (filled - 1) * kRoom + last;
  }
  for (std::size_t i = 0; i < filled; ++i) {
    if (messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
      ++outcome.truncated;
      continue;
    }
    const Ancillary about = ancillaryOf(messages[i].msg_hdr, bound.ip);
    const MutableBytes all{static_cast<std::uint8_t*>(rooms[i].iov_base), messages[i].msg_len};
    const std::size_t segment = about.segment == 0 ? all.size() : about.segment;
    outcome.hasRuns |= segment < all.size();
    std::size_t from = 0;
    do {  // once for an empty datagram too
      const std::size_t size = std::min(segment, all.size() - from);
      ++outcome.datagrams;
      if (!take({{about.local, bound.port},
                 remotes[i].toAddress(),
                 about.ecn,
                 about.wallMicros,
                 all.subspan(from, size)})) {
        return false;
      }
      from += size;
    } while (from < all.size());
  }
  if (filled < count) outcome.isDrained = true;
  return filled == count;
}

bool DatagramReader::readOne(int descriptor, const Address& bound, ReadOutcome& outcome,
                             const Take& take) {
  SocketAddress remote;
  std::uint8_t* room = buffer_.get() + used_;
  const ssize_t got = ::recvfrom(descriptor, room, kRoom, 0, remote.data(), remote.sizeRoom());
  if (got < 0) return noteError(errno, outcome);
  const auto size = static_cast<std::size_t>(got);
  used_ += (size + kAlignment - 1) & ~(kAlignment - 1);
  ++outcome.datagrams;
  return take({bound, remote.toAddress(), 0, 0, {room, size}});
}

}  // namespace parley::runtime
