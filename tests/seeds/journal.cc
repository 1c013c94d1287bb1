#include "journal.h"

#include <array>
#include <cstdio>
#include <cstring>

namespace parley::seeds {

void Journal::note(int who, std::string_view what) {
  mix(static_cast<std::uint64_t>(who));
  mix(bytesOf(what));
  std::array<char, 40> head{};
  std::snprintf(head.data(), head.size(), "%11.6f  %d  ",
                static_cast<double>(now_.time_since_epoch().count()) / 1e6, who);
  std::string line(head.data());
  line += what;
  if (isVerbose_) std::printf("%s\n", line.c_str());
  lines_.push_back(std::move(line));
  if (lines_.size() > kKept && !isVerbose_) lines_.pop_front();
}

void Journal::mix(std::uint64_t number) {
  hash_ = (hash_ ^ number) * 0x9e3779b97f4a7c15;
  hash_ ^= hash_ >> 29;
}

void Journal::mix(Bytes bytes) {
  mix(bytes.size());
  mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    mix(word);
  }
  std::uint64_t rest = 0;
  for (; at < bytes.size(); ++at) rest = rest << 8 | bytes[at];
  mix(rest);
}

void Journal::violate(std::string invariant, std::string detail) {
  if (violation_) return;
  note(9, invariant + ": " + detail);
  violation_ = Violation{std::move(invariant), std::move(detail)};
}

}  // namespace parley::seeds
