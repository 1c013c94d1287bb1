#pragma once

#include <cstddef>
#include <optional>

#include "core/byte_queue.h"
#include "core/bytes.h"
#include "core/limits.h"

namespace parley::stun {

// Cuts the byte stream of a STUN or TURN connection (RFC 8489 6.2.2, RFC 8656 12.5) into STUN
// messages and ChannelData, whose padding it takes away. It holds one unfinished message and what
// came behind it. A stream has no place to start anew, so the first byte that fits nothing ends it.
class StreamFramer {
 public:
  explicit StreamFramer(std::size_t largest = limits::turn::kMessage) : largest_(largest) {}

  void push(Bytes bytes);  // then next() until there is none
  // The next whole message; its bytes stay put until the next call of either.
  std::optional<MutableBytes> next();

  bool failed() const { return failed_; }
  std::size_t held() const { return queue_.size() - taken_; }

 private:
  struct Frame {
    std::size_t message = 0;
    std::size_t padding = 0;
  };
  std::optional<Frame> frameAtFront();  // none: not enough of it yet, or it failed

  const std::size_t largest_;
  ByteQueue queue_;
  std::size_t taken_ = 0;  // of the front: what next() gave last
  bool failed_ = false;
};

}  // namespace parley::stun
