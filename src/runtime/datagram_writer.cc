#include "runtime/datagram_writer.h"

#include <netinet/udp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

constexpr std::size_t kBatch = 64;         // datagrams per call, and segments per message
constexpr std::size_t kRunBytes = 65'000;  // under what one IP packet can say
constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;

template <class Value>
void putControl(msghdr& message, int level, int type, const Value& value) {
  auto* header = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(message.msg_control) +
                                            message.msg_controllen);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(header), &value, sizeof value);
  message.msg_controllen += CMSG_SPACE(sizeof value);
}

// One sendmmsg call being put together.
class Batch {
 public:
  // Takes the first `run` datagrams from `first` as one message.
  void add(const std::deque<Datagram>& queue, std::size_t first, std::size_t run,
           const Address& bound) {
    const Datagram& head = queue[first];
    mmsghdr& entry = messages_[count_];
    entry = {};
    remotes_[count_] = SocketAddress(head.remote);
    entry.msg_hdr.msg_name = remotes_[count_].data();
    entry.msg_hdr.msg_namelen = remotes_[count_].size();
    entry.msg_hdr.msg_iov = &pieces_[pieceCount_];
    entry.msg_hdr.msg_iovlen = run;
    for (std::size_t i = 0; i < run; ++i) {
      const Bytes bytes = queue[first + i].packet.bytes();
      pieces_[pieceCount_++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    }
    entry.msg_hdr.msg_control = controls_[count_].bytes;
    addControl(entry.msg_hdr, head, bound, run);
    if (entry.msg_hdr.msg_controllen == 0) entry.msg_hdr.msg_control = nullptr;
    runs_[count_++] = run;
  }
  mmsghdr* messages() { return messages_.data(); }
  unsigned count() const { return static_cast<unsigned>(count_); }
  std::size_t pieces() const { return pieceCount_; }
  std::size_t run(std::size_t message) const { return runs_[message]; }

 private:
  struct ControlRoom {
    alignas(cmsghdr) std::uint8_t bytes[128];
  };

  static void addControl(msghdr& message, const Datagram& head, const Address& bound,
                         std::size_t run) {
    const bool isV6 = bound.ip.isV6();
    if (run > 1) {
      putControl(message, IPPROTO_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(head.packet.size()));
    }
    if (head.ecn != 0) {
      putControl(message, isV6 ? IPPROTO_IPV6 : IPPROTO_IP, isV6 ? IPV6_TCLASS : IP_TOS,
                 static_cast<int>(head.ecn));
    }
    // A socket bound to no address answers from the one that was spoken to.
    const IpAddress& from = head.local.ip;
    if (!bound.ip.isUnspecified() || from.isUnspecified() || from.isV6() != isV6) return;
    if (isV6) {
      putControl(message, IPPROTO_IPV6, IPV6_PKTINFO, in6_pktinfo{toSystem6(from), from.scope()});
    } else {
      in_pktinfo info{};
      info.ipi_spec_dst = toSystem4(from);
      putControl(message, IPPROTO_IP, IP_PKTINFO, info);
    }
  }

  std::array<mmsghdr, kBatch> messages_;
  std::array<iovec, kBatch> pieces_;
  std::array<SocketAddress, kBatch> remotes_;
  std::array<ControlRoom, kBatch> controls_;
  std::array<std::size_t, kBatch> runs_{};
  std::size_t count_ = 0;
  std::size_t pieceCount_ = 0;
};

// How many datagrams from `first` on may leave as segments of one message: equal in all but that
// the last may be shorter.
std::size_t runLength(const std::deque<Datagram>& queue, std::size_t first, std::size_t most) {
  const Datagram& head = queue[first];
  const std::size_t size = head.packet.size();
  if (size == 0) return 1;
  std::size_t run = 1;
  std::size_t bytes = size;
  while (run < most && first + run < queue.size()) {
    const Datagram& next = queue[first + run];
    const std::size_t nextSize = next.packet.size();
    if (next.remote != head.remote || next.local != head.local || next.ecn != head.ecn) break;
    if (nextSize == 0 || nextSize > size || bytes + nextSize > kRunBytes) break;
    ++run;
    bytes += nextSize;
    if (nextSize < size) break;
  }
  return run;
}

}  // namespace

WriteOutcome DatagramWriter::write(int descriptor, const Address& bound,
                                   std::deque<Datagram>& queue) {
  WriteOutcome outcome;
  while (!queue.empty() && !outcome.wouldBlock) {
    if (useMmsg_) {
      writeBatch(descriptor, bound, queue, outcome);
    } else {
      writeOne(descriptor, queue, outcome);
    }
  }
  return outcome;
}

void DatagramWriter::writeBatch(int descriptor, const Address& bound, std::deque<Datagram>& queue,
                                WriteOutcome& outcome) {
  Batch batch;
  std::size_t at = 0;
  while (at < queue.size() && batch.pieces() < kBatch) {
    const bool mayRun = useGso_ && at >= unsegmented_;
    const std::size_t run = mayRun ? runLength(queue, at, kBatch - batch.pieces()) : 1;
    batch.add(queue, at, run, bound);
    at += run;
  }
  const int accepted = calls_.sendmmsg(descriptor, batch.messages(), batch.count(), kFlags);
  if (accepted < 0) {
    noteError(errno, batch.run(0), queue, outcome);
    return;
  }
  std::size_t gone = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(accepted); ++i) gone += batch.run(i);
  queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(gone));
  outcome.sent += gone;
  unsegmented_ -= std::min(unsegmented_, gone);
}

void DatagramWriter::writeOne(int descriptor, std::deque<Datagram>& queue, WriteOutcome& outcome) {
  const Bytes bytes = queue.front().packet.bytes();
  const SocketAddress to(queue.front().remote);
  if (calls_.sendto(descriptor, bytes.data(), bytes.size(), kFlags, to.data(), to.size()) < 0) {
    noteError(errno, 1, queue, outcome);
    return;
  }
  queue.pop_front();
  ++outcome.sent;
}

// The error belongs to the first `run` datagrams of the queue.
void DatagramWriter::noteError(int error, std::size_t run, std::deque<Datagram>& queue,
                               WriteOutcome& outcome) {
  switch (error) {
    case EAGAIN:
      outcome.wouldBlock = true;
      return;
    case EINTR:
      return;
    case ECONNREFUSED:  // of an earlier datagram; told once, so trying again is safe
      ++outcome.refused;
      return;
    default:
      break;
  }
  if (run > 1) {
    // Larger than the path takes, or a device without checksum offload: each on its own.
    if (error == EIO || error == EOPNOTSUPP) useGso_ = false;
    unsegmented_ = run;
    return;
  }
  ++outcome.errors;
  queue.pop_front();
  unsegmented_ -= std::min<std::size_t>(unsegmented_, 1);
}

}  // namespace parley::runtime
