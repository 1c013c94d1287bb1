#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "core/address.h"
#include "core/bytes.h"
#include "core/time.h"

namespace parley::runtime {

// One datagram where the kernel put it; the bytes stay put until the reader's next recycle().
struct ReceivedDatagram {
  Address local;
  Address remote;
  std::uint8_t ecn = 0;
  std::int64_t wallMicros = 0;  // when it arrived by the kernel's clock; 0: not told
  MutableBytes bytes;
};

struct ReadOutcome {
  std::size_t datagrams = 0;
  std::size_t truncated = 0;
  std::size_t errors = 0;
  std::size_t refused = 0;  // ICMP errors of earlier sends, told here
  bool isDrained = false;   // false: stopped by a bound, there may be more
  bool hasRuns = false;     // the kernel joined some
};

// Reads batches into one large buffer, whose filled part grows until recycle(): a wake-up that
// brings one small datagram touches one small piece of it, a run joined by the kernel (UDP GRO)
// fills 64 KiB and is cut into its datagrams without a copy.
class DatagramReader {
 public:
  using Take = std::function<bool(const ReceivedDatagram&)>;  // false: the socket was closed

  explicit DatagramReader(bool useMmsg);

  void recycle() { used_ = 0; }  // everything lent has come back
  bool isFull() const { return used_ + kRoom > kCapacity; }

  // Reads until the socket is drained, about `limit` datagrams have come, or the buffer is full.
  ReadOutcome read(int descriptor, const Address& bound, std::size_t limit, const Take& take);

 private:
  static constexpr std::size_t kRoom = 65'536;  // with less, GRO cuts off what it has joined
  static constexpr std::size_t kCapacity = 64 * kRoom;
  static constexpr std::size_t kMessages = 16;  // per call

  bool readBatch(int descriptor, const Address& bound, ReadOutcome& outcome, const Take& take);
  bool readOne(int descriptor, const Address& bound, ReadOutcome& outcome, const Take& take);
  bool noteError(int error, ReadOutcome& outcome);

  const bool useMmsg_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t used_ = 0;
};

}  // namespace parley::runtime
