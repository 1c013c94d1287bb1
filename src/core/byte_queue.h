#pragma once

#include <cstddef>

#include "core/bytes.h"

namespace parley {

// Bytes that come at one end and leave at the other, in one piece. It has no bound of its own.
class ByteQueue {
 public:
  void push(Bytes bytes) {
    if (begin_ > bytes_.size() / 2) compact();
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  Bytes bytes() const { return Bytes(bytes_).subspan(begin_); }
  MutableBytes mutableBytes() { return MutableBytes(bytes_).subspan(begin_); }
  void drop(std::size_t count) {  // no more than there are
    begin_ += count;
    if (begin_ == bytes_.size()) clear();
  }
  void clear() {
    bytes_.clear();
    begin_ = 0;
  }
  std::size_t size() const { return bytes_.size() - begin_; }
  bool empty() const { return size() == 0; }

 private:
  void compact() {
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }

  ByteVector bytes_;
  std::size_t begin_ = 0;
};

}  // namespace parley
