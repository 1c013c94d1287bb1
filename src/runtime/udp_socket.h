#pragma once

#include <cstddef>
#include <utility>

#include "core/address.h"
#include "core/host.h"
#include "core/random.h"
#include "core/result.h"

namespace parley::runtime {

struct SocketTuning {
  std::size_t bufferBytes = 1u << 20;  // asked for; the system may give less
  bool useMmsg = true;
  bool useGso = true;
};

// A bound, non-blocking UDP descriptor with what the kernel offers switched on: the local address,
// ECN and arrival time of each datagram. It neither reads nor writes.
class UdpSocket {
 public:
  // A port range is tried in random order, each port once.
  static Result<UdpSocket, OpenError> open(const UdpOptions& options, const SocketTuning& tuning,
                                           Random& random);

  UdpSocket(UdpSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        local_(other.local_),
        canSegment_(other.canSegment_) {}
  UdpSocket& operator=(UdpSocket&&) = delete;
  ~UdpSocket();

  // Receive offload (UDP GRO). It is for sockets that prove to be busy: a kernel patches its own
  // code, on all processors, for the first socket that has it and again after the last.
  static void joinRuns(int descriptor);

  int descriptor() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }  // who takes it closes it
  const Address& local() const { return local_; }
  bool canSegment() const { return canSegment_; }

 private:
  explicit UdpSocket(int descriptor) : descriptor_(descriptor) {}
  void tune(bool isV6, const SocketTuning& tuning);

  int descriptor_ = -1;
  Address local_;
  bool canSegment_ = false;
};

}  // namespace parley::runtime
