#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/limits.h"

namespace parley::dtls {

// Copies of a few datagrams that came too early, in order. What does not fit is refused: the first
// ones are worth more than the last, because every flight is sent again.
class HeldDatagrams {
 public:
  bool hold(Bytes datagram) {
    if (datagrams_.size() >= limits::dtls::kHeldDatagrams) return false;
    if (bytes_ + datagram.size() > limits::dtls::kHeldBytes) return false;
    bytes_ += datagram.size();
    datagrams_.push_back(toVector(datagram));
    return true;
  }

  std::vector<ByteVector> take() {
    bytes_ = 0;
    return std::exchange(datagrams_, {});
  }

  std::size_t count() const { return datagrams_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::vector<ByteVector> datagrams_;
  std::size_t bytes_ = 0;
};

}  // namespace parley::dtls
