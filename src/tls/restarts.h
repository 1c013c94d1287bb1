#pragma once

#include <array>
#include <cstddef>

#include "core/limits.h"
#include "core/time.h"

namespace parley::dtls {

// How often a handshake that was spoilt by bad input may begin again: so many a second, so many in
// all (limits::dtls). An attacker who can forge our peer's address buys no more of our work.
class Restarts {
 public:
  bool isUsedUp() const { return count_ >= limits::dtls::kRestarts; }
  bool isAllowed(Instant now) const { return !isUsedUp() && now >= nextAllowed(); }
  Instant nextAllowed() const { return isUsedUp() ? never() : recent_[slot()]; }

  void note(Instant now) {
    recent_[slot()] = now + Duration(1s);
    ++count_;
  }
  int count() const { return count_; }

 private:
  std::size_t slot() const { return static_cast<std::size_t>(count_) % recent_.size(); }

  // The instant from which the restart kRestartsPerSecond ago no longer counts.
  std::array<Instant, limits::dtls::kRestartsPerSecond> recent_ = filled();
  int count_ = 0;

  static constexpr std::array<Instant, limits::dtls::kRestartsPerSecond> filled() {
    std::array<Instant, limits::dtls::kRestartsPerSecond> all{};
    all.fill(Instant::min());
    return all;
  }
};

}  // namespace parley::dtls
