#pragma once

#include <cstdint>

namespace parley::dtls {

// Which of the last 64 sequence numbers were seen (RFC 6347 4.1.2.6). Asking and noting are two
// verbs, because only a record whose tag was verified may move the window.
class ReplayWindow {
 public:
  static constexpr std::uint64_t kSize = 64;

  bool isFresh(std::uint64_t sequence) const {
    if (sequence >= next_) return true;
    const std::uint64_t age = next_ - 1 - sequence;
    return age < kSize && (seen_ >> age & 1) == 0;
  }

  void note(std::uint64_t sequence) {
    if (sequence >= next_) {
      const std::uint64_t shift = sequence - next_ + 1;
      seen_ = shift < kSize ? seen_ << shift : 0;
      seen_ |= 1;
      next_ = sequence + 1;
    } else if (const std::uint64_t age = next_ - 1 - sequence; age < kSize) {
      seen_ |= std::uint64_t{1} << age;
    }
  }

 private:
  std::uint64_t next_ = 0;  // one past the highest seen; sequence numbers have 48 bits
  std::uint64_t seen_ = 0;  // bit n: next_ - 1 - n was seen
};

}  // namespace parley::dtls
