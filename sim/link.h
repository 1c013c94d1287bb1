#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "core/random.h"
#include "core/time.h"
#include "sim/schedule.h"
#include "sim/station.h"

namespace parley::sim {

// Probabilities are per datagram, from 0 to 1.
struct LinkOptions {
  Duration latency = 20ms;
  Duration jitter{};  // up to this much more; order is kept
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;  // delayed by another `reorderDelay`, so that others overtake
  Duration reorderDelay = 30ms;
  double corrupt = 0;               // one bit flips
  std::uint64_t bitsPerSecond = 0;  // 0: no limit
  std::size_t queueBytes = 64'000;  // waiting for the rate; the rest is dropped
  std::size_t mtu = 1'500;          // with 28 or 48 bytes of headers; larger ones vanish
};

struct PipeStats {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;  // duplicates included
  std::uint64_t lost = 0;
  std::uint64_t overflowed = 0;
  std::uint64_t tooLarge = 0;
  std::uint64_t blocked = 0;  // the way was cut
};

// One direction of a link.
class Pipe {
 public:
  Pipe(Schedule& schedule, Random& random, Station& to, const LinkOptions& options)
      : schedule_(schedule), random_(random), to_(to), options_(options) {}

  void carry(WireDatagram datagram);

  LinkOptions& options() { return options_; }  // may be changed at any time
  void cut() { isCut_ = true; }                // what is under way still arrives
  void mend() { isCut_ = false; }
  // Drops what it returns true for: for tests that lose one certain datagram.
  void dropIf(std::function<bool(const WireDatagram&)> filter) { filter_ = std::move(filter); }
  const PipeStats& stats() const { return stats_; }

 private:
  Instant leaves(std::size_t bytes);
  void arriveAt(Instant when, WireDatagram datagram);
  bool happens(double probability) { return probability > 0 && random_.unit() < probability; }

  Schedule& schedule_;
  Random& random_;
  Station& to_;
  LinkOptions options_;
  std::function<bool(const WireDatagram&)> filter_;
  Instant idleFrom_{};  // when what was accepted so far has left
  Instant lastInOrder_{};
  bool isCut_ = false;
  PipeStats stats_;
};

// Two stations joined, one pipe each way.
class Link {
 public:
  Link(Schedule& schedule, Random& random, Station& a, Station& b, const LinkOptions& options)
      : a_(a), aToB_(schedule, random, b, options), bToA_(schedule, random, a, options) {}

  Pipe& from(const Station& station) { return &station == &a_ ? aToB_ : bToA_; }
  void setOptions(const LinkOptions& options) { aToB_.options() = bToA_.options() = options; }
  void cut() { aToB_.cut(), bToA_.cut(); }
  void mend() { aToB_.mend(), bToA_.mend(); }

 private:
  Station& a_;
  Pipe aToB_;
  Pipe bToA_;
};

}  // namespace parley::sim
