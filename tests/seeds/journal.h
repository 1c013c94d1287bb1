#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/time.h"

namespace parley::seeds {

struct Violation {
  std::string invariant;  // "INV-1", and so on: docs/reliability.md
  std::string detail;
};

// What a run does and shows, as a hash over everything and as text of the last things. The first
// violation stays; the run stops there.
class Journal {
 public:
  explicit Journal(bool isVerbose) : isVerbose_(isVerbose) {}

  void moveTo(Instant now) { now_ = now; }
  void note(int who, std::string_view what);  // an act or an event of one user
  void mix(std::uint64_t number);             // into the hash alone
  void mix(Bytes bytes);
  void violate(std::string invariant, std::string detail);

  const std::optional<Violation>& violation() const { return violation_; }
  std::uint64_t hash() const { return hash_; }
  const std::deque<std::string>& lines() const { return lines_; }
  Instant now() const { return now_; }

 private:
  static constexpr std::size_t kKept = 200;

  bool isVerbose_;  // print as it happens and keep all
  Instant now_{};
  std::uint64_t hash_ = 0xcbf29ce484222325;
  std::deque<std::string> lines_;
  std::optional<Violation> violation_;
};

}  // namespace parley::seeds
