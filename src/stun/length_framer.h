#pragma once

#include <cstddef>
#include <optional>

#include "core/byte_queue.h"
#include "core/bytes.h"
#include "core/limits.h"
#include "core/packet.h"

namespace parley::stun {

// RFC 4571 2, as ICE-TCP frames STUN and DTLS alike (RFC 6544): two bytes of length before each
// packet. Reads one direction of a connection; a packet larger than the bound ends it for good.
class LengthFramer {
 public:
  static constexpr std::size_t kHeader = 2;

  explicit LengthFramer(std::size_t largest = limits::turn::kMessage) : largest_(largest) {}

  void push(Bytes bytes);  // then next() until there is none
  // The next whole packet; its bytes stay put until the next call of either. Empty ones are
  // skipped: they say nothing (RFC 4571 2).
  std::optional<MutableBytes> next();

  void putBack() { taken_ = 0; }  // what next() gave last comes again

  bool failed() const { return failed_; }
  std::size_t held() const { return queue_.size() - taken_; }

  // Puts the length in front, in the packet's headroom.
  static void wrap(Packet& packet);

 private:
  const std::size_t largest_;
  ByteQueue queue_;
  std::size_t taken_ = 0;  // of the front: what next() gave last
  bool failed_ = false;
};

}  // namespace parley::stun
