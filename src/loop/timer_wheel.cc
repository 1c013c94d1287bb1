#include "loop/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

namespace parley::loop {

namespace {

constexpr Duration kTick = 1ms;
constexpr Duration kPrecise = 2ms;
constexpr unsigned kSlotBits = 8;
constexpr unsigned kEpochBits = 32;  // of the four wheels together

std::uint64_t micros(Instant instant) {
  return static_cast<std::uint64_t>(std::max<Duration::rep>(instant.time_since_epoch().count(), 0));
}

std::uint64_t tickBefore(Instant instant) { return micros(instant) / kTick.count(); }

std::uint64_t tickAfter(Instant instant) {
  return micros(instant) / kTick.count() + (micros(instant) % kTick.count() != 0 ? 1 : 0);
}

Instant instantOf(std::uint64_t tick) { return Instant{kTick * static_cast<Duration::rep>(tick)}; }

// The first set bit after `slot`.
std::optional<std::size_t> nextSet(const std::array<std::uint64_t, 4>& bits, std::size_t slot) {
  for (std::size_t at = slot + 1; at < 64 * bits.size(); at = (at / 64 + 1) * 64) {
    const std::uint64_t rest = bits[at / 64] >> at % 64;
    if (rest != 0) return at + static_cast<std::size_t>(std::countr_zero(rest));
  }
  return std::nullopt;
}

}  // namespace

TimerWheel::TimerWheel(Instant start) : reached_(tickBefore(start)) {}

void TimerWheel::arm(Entry& entry, Instant due, Instant now) {
  if (due == never()) return clear(entry);
  due = std::max(due, Instant{});
  const bool onWheel = entry.place_ == Entry::Place::wheel || entry.place_ == Entry::Place::beyond;
  if (onWheel && tickAfter(due) >= entry.tick_) {
    entry.due_ = due;
    return;
  }
  if (entry.isArmed()) {
    takeOut(entry);
  } else {
    ++armed_;
  }
  entry.due_ = due;
  file(entry, now);
}

void TimerWheel::clear(Entry& entry) {
  if (!entry.isArmed()) return;
  takeOut(entry);
  entry.due_ = never();
  --armed_;
}

Instant TimerWheel::next() const {
  const Instant precise = heap_.empty() ? never() : heap_.front()->due_;
  if (const Upcoming slot = upcoming(); slot.found) return earliest(precise, instantOf(slot.tick));
  return beyond_ ? earliest(precise, instantOf(nextEpoch())) : precise;
}

TimerWheel::Entry* TimerWheel::expire(Instant now) {
  advance(now);
  if (heap_.empty() || heap_.front()->due_ > now) return nullptr;
  Entry* entry = heap_.front();
  heapRemove(0);
  entry->place_ = Entry::Place::none;
  entry->due_ = never();
  --armed_;
  return entry;
}

// The level is that of the highest group of eight bits in which the tick differs from the reached
// one, so a slot that is ahead on its level holds entries of one turn only.
void TimerWheel::file(Entry& entry, Instant now) {
  entry.tick_ = tickAfter(entry.due_);
  if (entry.due_ - kPrecise < now || entry.tick_ <= reached_) return heapPush(entry);
  const std::uint64_t difference = entry.tick_ ^ reached_;
  if (difference >> kEpochBits != 0) {
    entry.place_ = Entry::Place::beyond;
    return link(beyond_, entry);
  }
  const auto level = static_cast<std::size_t>(63 - std::countl_zero(difference)) / kSlotBits;
  const std::size_t slot = entry.tick_ >> (level * kSlotBits) & (kSlots - 1);
  entry.place_ = Entry::Place::wheel;
  entry.index_ = level * kSlots + slot;
  link(slots_[level][slot], entry);
  occupied_[level][slot / 64] |= std::uint64_t{1} << slot % 64;
}

void TimerWheel::takeOut(Entry& entry) {
  switch (entry.place_) {
    case Entry::Place::none:
      return;
    case Entry::Place::heap:
      heapRemove(entry.index_);
      break;
    case Entry::Place::beyond:
      unlink(beyond_, entry);
      break;
    case Entry::Place::wheel: {
      const std::size_t level = entry.index_ / kSlots;
      const std::size_t slot = entry.index_ % kSlots;
      unlink(slots_[level][slot], entry);
      if (!slots_[level][slot]) occupied_[level][slot / 64] &= ~(std::uint64_t{1} << slot % 64);
      break;
    }
  }
  entry.place_ = Entry::Place::none;
}

void TimerWheel::link(Entry*& head, Entry& entry) {
  entry.previous_ = nullptr;
  entry.next_ = head;
  if (head) head->previous_ = &entry;
  head = &entry;
}

void TimerWheel::unlink(Entry*& head, Entry& entry) {
  (entry.previous_ ? entry.previous_->next_ : head) = entry.next_;
  if (entry.next_) entry.next_->previous_ = entry.previous_;
  entry.next_ = entry.previous_ = nullptr;
}

// Whatever lies on a lower level comes before everything on a higher one.
TimerWheel::Upcoming TimerWheel::upcoming() const {
  for (std::size_t level = 0; level < kLevels; ++level) {
    const std::size_t shift = level * kSlotBits;
    const std::size_t current = reached_ >> shift & (kSlots - 1);
    if (const auto slot = nextSet(occupied_[level], current)) {
      const std::uint64_t turn = reached_ >> (shift + kSlotBits) << kSlotBits;
      return {true, level, *slot, (turn | *slot) << shift};
    }
  }
  return {};
}

std::uint64_t TimerWheel::nextEpoch() const { return ((reached_ >> kEpochBits) + 1) << kEpochBits; }

void TimerWheel::advance(Instant now) {
  const std::uint64_t target = tickBefore(now);
  for (;;) {
    const Upcoming slot = upcoming();
    if (slot.found && slot.tick <= target) {
      reached_ = slot.tick;
      occupied_[slot.level][slot.slot / 64] &= ~(std::uint64_t{1} << slot.slot % 64);
      refile(std::exchange(slots_[slot.level][slot.slot], nullptr), now);
    } else if (!slot.found && beyond_ && nextEpoch() <= target) {
      reached_ = nextEpoch();
      refile(std::exchange(beyond_, nullptr), now);
    } else {
      break;
    }
  }
  reached_ = std::max(reached_, target);
}

void TimerWheel::refile(Entry* list, Instant now) {
  while (list) {
    Entry& entry = *list;
    list = std::exchange(entry.next_, nullptr);
    entry.previous_ = nullptr;
    file(entry, now);
  }
}

void TimerWheel::heapPush(Entry& entry) {
  entry.place_ = Entry::Place::heap;
  heap_.push_back(nullptr);
  heapSet(heap_.size() - 1, &entry);
  siftUp(heap_.size() - 1);
}

void TimerWheel::heapRemove(std::size_t index) {
  Entry* last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  heapSet(index, last);
  siftUp(index);
  siftDown(last->index_);
}

void TimerWheel::heapSet(std::size_t index, Entry* entry) {
  heap_[index] = entry;
  entry->index_ = index;
}

void TimerWheel::siftUp(std::size_t index) {
  Entry* entry = heap_[index];
  while (index > 0 && entry->due_ < heap_[(index - 1) / 2]->due_) {
    heapSet(index, heap_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  heapSet(index, entry);
}

void TimerWheel::siftDown(std::size_t index) {
  Entry* entry = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
    if (heap_[child]->due_ >= entry->due_) break;
    heapSet(index, heap_[child]);
    index = child;
  }
  heapSet(index, entry);
}

}  // namespace parley::loop
