#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/time.h"

namespace parley::loop {

// All the deadlines of one loop. Far ones lie on four wheels of 256 slots at one millisecond, where
// arming, moving and clearing cost the same for ten timers and for a hundred thousand; they fire at
// the next full millisecond. Those due within two milliseconds, which pacing needs exactly, and
// those already due lie in a small heap. Nothing ever fires early.
class TimerWheel {
 public:
  // Embedded in the thing that sleeps, which must not move and must be cleared before it dies.
  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    bool isArmed() const { return place_ != Place::none; }
    Instant due() const { return due_; }

   private:
    friend class TimerWheel;
    enum class Place : std::uint8_t { none, wheel, beyond, heap };

    Entry* next_ = nullptr;
    Entry* previous_ = nullptr;
    Instant due_ = never();
    std::uint64_t tick_ = 0;  // what it was filed under; due_ may be later, never earlier
    std::size_t index_ = 0;   // heap: position; wheel: level * 256 + slot
    Place place_ = Place::none;
  };

  explicit TimerWheel(Instant start = Instant{});
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Lazy: a due time later than the armed one is only noted, and looked at when the slot comes up.
  // `now` decides between wheel and heap; never() clears.
  void arm(Entry& entry, Instant due, Instant now);
  void clear(Entry& entry);

  // When to look next: the due time of the earliest entry, or somewhat before it when that entry
  // is far away or was moved later. Never after it, but for the rounding to full milliseconds.
  Instant next() const;

  // One due entry at a time, oldest first, already disarmed; nullptr when there is none.
  Entry* expire(Instant now);

  std::size_t armed() const { return armed_; }

 private:
  static constexpr std::size_t kLevels = 4;
  static constexpr std::size_t kSlots = 256;
  using Occupied = std::array<std::uint64_t, kSlots / 64>;  // a bit per slot

  struct Upcoming {
    bool found = false;
    std::size_t level = 0;
    std::size_t slot = 0;
    std::uint64_t tick = 0;  // where the slot begins
  };

  void file(Entry& entry, Instant now);
  void takeOut(Entry& entry);
  static void link(Entry*& head, Entry& entry);
  void unlink(Entry*& head, Entry& entry);
  Upcoming upcoming() const;
  std::uint64_t nextEpoch() const;
  void advance(Instant now);
  void refile(Entry* list, Instant now);

  void heapPush(Entry& entry);
  void heapRemove(std::size_t index);
  void siftUp(std::size_t index);
  void siftDown(std::size_t index);
  void heapSet(std::size_t index, Entry* entry);

  std::array<std::array<Entry*, kSlots>, kLevels> slots_{};
  std::array<Occupied, kLevels> occupied_{};
  Entry* beyond_ = nullptr;  // more than 49 days ahead
  std::vector<Entry*> heap_;
  std::uint64_t reached_;  // every slot up to this tick is empty
  std::size_t armed_ = 0;
};

}  // namespace parley::loop
