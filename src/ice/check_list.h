#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "ice/pair.h"

namespace parley::ice {

// The pairs of one generation, best first, and the queue of triggered checks (RFC 8445 6.1.2 and
// 6.1.4.1). It orders, prunes and bounds; it sends nothing and knows no credentials. Pointers
// into it hold until the next add(), reorder() or removal: keep PairIds.
class CheckList {
 public:
  // The pair, where a better one to the same address from the same base is not yet here and the
  // list either has room or can push out a worse pair that nothing was heard on.
  Pair* add(Pair pair, std::size_t pairsMax);

  Pair* find(PairId id);
  Pair* find(const Path& path);
  const Pair* find(PairId id) const { return const_cast<CheckList*>(this)->find(id); }
  const Pair* find(const Path& path) const { return const_cast<CheckList*>(this)->find(path); }
  std::span<Pair> pairs() { return pairs_; }
  std::span<const Pair> pairs() const { return pairs_; }

  void trigger(Pair& pair);  // at most once in the queue; makes it Waiting
  bool hasTriggered() const { return !triggered_.empty(); }
  Pair* takeTriggered();

  bool has(PairState state) const {
    return std::ranges::find(pairs_, state, &Pair::state) != pairs_.end();
  }
  // Appends the foundations of pairs that are Waiting or In-Progress, and of those that Succeeded.
  void collectFoundations(std::vector<std::uint64_t>& active,
                          std::vector<std::uint64_t>& succeeded) const;
  std::size_t activeCount() const;  // Waiting or In-Progress
  // Nothing is frozen, waiting or in progress, but for pairs whose checks outnumber what one
  // transaction sends (RFC 8489 6.2.1).
  bool isExhausted() const;

  void reorder(Role role);  // after the role or a candidate's priority has changed
  template <class Predicate>
  void removeIf(Predicate predicate) {
    std::erase_if(pairs_, predicate);
    std::erase_if(triggered_, [this](PairId id) { return !find(id); });
  }
  void shrink();  // gives back what the removals freed
  std::size_t memoryUsed() const;

 private:
  bool makeRoom(std::uint64_t priority, std::size_t pairsMax);

  std::vector<Pair> pairs_;
  std::vector<PairId> triggered_;
};

}  // namespace parley::ice
