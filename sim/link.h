#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>

#include "core/random.h"
#include "core/time.h"
#include "sim/link_options.h"
#include "sim/loss_model.h"
#include "sim/schedule.h"
#include "sim/shaper.h"
#include "sim/station.h"

namespace parley::sim {

// sent + injected + duplicated == delivered + lost + overflowed + tooLarge + blocked + under way.
struct PipeStats {
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;  // duplicates included
  std::uint64_t lost = 0;
  std::uint64_t overflowed = 0;
  std::uint64_t tooLarge = 0;
  std::uint64_t blocked = 0;     // the way was cut, or who sits on it took the datagram
  std::uint64_t duplicated = 0;  // copies made
  std::uint64_t mangled = 0;
  std::uint64_t reordered = 0;
  std::uint64_t injected = 0;
};

// One direction of a link.
class Pipe {
 public:
  // Sees each datagram before the link has its way with it, may change it, and keeps it from
  // going on by returning false.
  using Tap = std::function<bool(WireDatagram&)>;

  Pipe(Schedule& schedule, Random& random, Station& to, const LinkOptions& options)
      : schedule_(schedule), random_(random), to_(to), options_(options) {}

  void carry(WireDatagram datagram);
  // Put on the wire by somebody in the middle: arrives as it is, whatever the link does to others.
  void inject(WireDatagram datagram, Duration delay = {});

  LinkOptions& options() { return options_; }  // may be changed at any time
  void cut() { isCut_ = true; }                // what is under way still arrives
  void mend() { isCut_ = false; }
  // Drops what it returns true for: for tests that lose one certain datagram.
  void dropIf(std::function<bool(const WireDatagram&)> filter) { filter_ = std::move(filter); }
  void setTap(Tap tap) { tap_ = std::move(tap); }
  const PipeStats& stats() const { return stats_; }
  std::size_t underWay() const { return underWay_; }

 private:
  struct Held {
    WireDatagram datagram;
    std::size_t toPass;  // by so many more
    std::uint64_t id;
  };

  bool fits(std::size_t size) const;
  void duplicate(Instant arrival, const WireDatagram& datagram);
  void hold(Instant latest, WireDatagram datagram);
  void letPass(Instant arrival);
  void arriveAt(Instant when, WireDatagram datagram);
  void arrive(WireDatagram datagram);

  Schedule& schedule_;
  Random& random_;
  Station& to_;
  LinkOptions options_;
  std::function<bool(const WireDatagram&)> filter_;
  Tap tap_;
  LossModel losses_;
  Shaper shaper_;
  std::deque<Held> held_;  // until enough have overtaken them
  std::uint64_t nextHeld_ = 0;
  std::size_t underWay_ = 0;
  Instant lastInOrder_{};
  bool isCut_ = false;
  PipeStats stats_;
};

// Two stations joined, one pipe each way.
class Link {
 public:
  Link(Schedule& schedule, Random& random, Station& a, Station& b, const LinkOptions& options)
      : a_(a), aToB_(schedule, random, b, options), bToA_(schedule, random, a, options) {}

  Pipe& from(const Station& station) { return &station.machine() == &a_.machine() ? aToB_ : bToA_; }
  std::array<Pipe*, 2> pipes() { return {&aToB_, &bToA_}; }
  void setOptions(const LinkOptions& options) { setOptions(options, options); }
  // Of the way from the station that connect() named first, and of the way back.
  void setOptions(const LinkOptions& there, const LinkOptions& back);
  void setMtu(std::size_t bytes) { aToB_.options().mtu = bToA_.options().mtu = bytes; }
  void cut() { aToB_.cut(), bToA_.cut(); }
  void mend() { aToB_.mend(), bToA_.mend(); }

 private:
  Station& a_;
  Pipe aToB_;
  Pipe bToA_;
};

}  // namespace parley::sim
