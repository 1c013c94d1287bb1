#include "ice/check_list.h"

#include "ice/priority.h"

namespace parley::ice {
namespace {

bool isActive(const Pair& pair) {
  return pair.state == PairState::waiting || pair.state == PairState::inProgress;
}

bool isBetter(const Pair& a, const Pair& b) {
  return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
}

}  // namespace

Pair* CheckList::add(Pair pair, std::size_t pairsMax) {
  // RFC 8445 6.1.2.4: pairs come from bases only, so equal paths are what is redundant.
  if (Pair* same = find(pair.path)) return same;
  if (!makeRoom(pair.priority, pairsMax)) return nullptr;
  const auto at = std::upper_bound(pairs_.begin(), pairs_.end(), pair, isBetter);
  return &*pairs_.insert(at, pair);
}

bool CheckList::makeRoom(std::uint64_t priority, std::size_t pairsMax) {
  if (pairs_.size() < pairsMax) return true;
  for (auto worst = pairs_.rbegin(); worst != pairs_.rend(); ++worst) {
    if (worst->known || worst->valid || worst->state == PairState::inProgress) continue;
    if (worst->priority >= priority && worst->state != PairState::failed) continue;
    std::erase(triggered_, worst->id);
    pairs_.erase(std::next(worst).base());
    return true;
  }
  return false;
}

Pair* CheckList::find(PairId id) {
  const auto found = std::ranges::find(pairs_, id, &Pair::id);
  return found == pairs_.end() ? nullptr : &*found;
}

Pair* CheckList::find(const Path& path) {
  const auto found = std::ranges::find(pairs_, path, &Pair::path);
  return found == pairs_.end() ? nullptr : &*found;
}

void CheckList::trigger(Pair& pair) {
  pair.state = PairState::waiting;
  if (std::ranges::find(triggered_, pair.id) == triggered_.end()) triggered_.push_back(pair.id);
}

Pair* CheckList::takeTriggered() {
  while (!triggered_.empty()) {
    const PairId id = triggered_.front();
    triggered_.erase(triggered_.begin());
    if (Pair* pair = find(id)) return pair;
  }
  return nullptr;
}

void CheckList::collectFoundations(std::vector<std::uint64_t>& active,
                                   std::vector<std::uint64_t>& succeeded) const {
  for (const Pair& pair : pairs_) {
    if (isActive(pair)) active.push_back(pair.foundation);
    if (pair.state == PairState::succeeded) succeeded.push_back(pair.foundation);
  }
}

std::size_t CheckList::activeCount() const {
  return static_cast<std::size_t>(std::ranges::count_if(pairs_, isActive));
}

bool CheckList::isExhausted() const {
  return std::ranges::all_of(pairs_, [](const Pair& pair) {
    // Checks of a peer that never answers ours would bring a pair back to life for ever.
    const bool isHopeless =
        !pair.valid && pair.counters.requestsSent > std::uint64_t{limits::ice::kCheckTries};
    return pair.state == PairState::failed || pair.state == PairState::succeeded || isHopeless;
  });
}

void CheckList::reorder(Role role) {
  for (Pair& pair : pairs_) {
    pair.priority = pairPriority(role, pair.localPriority, pair.remotePriority);
  }
  std::ranges::sort(pairs_, isBetter);
}

void CheckList::shrink() {
  pairs_.shrink_to_fit();
  triggered_.shrink_to_fit();
}

std::size_t CheckList::memoryUsed() const {
  return pairs_.capacity() * sizeof(Pair) + triggered_.capacity() * sizeof(PairId);
}

}  // namespace parley::ice
