#include "ice/nomination.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::ice {

const Pair* bestUsable(std::span<const Pair> bestFirst, PairId except, Instant now,
                       const Config& config) {
  for (const Pair& pair : bestFirst) {
    if (pair.id != except && pair.isUsable(now, config.consentExpires)) return &pair;
  }
  return nullptr;
}

NominationAdvice adviseNomination(std::span<const Pair> bestFirst, Instant firstValid,
                                  bool bestIsRelayed, PairId except, Instant now,
                                  const Config& config) {
  const Pair* best = bestUsable(bestFirst, except, now, config);
  if (!best) return {};
  const bool betterMayCome = std::any_of(bestFirst.data(), best, [except](const Pair& pair) {
    return pair.id != except && pair.state != PairState::failed;
  });
  const Duration grace =
      bestIsRelayed ? limits::ice::kRelayNominationGrace : limits::ice::kNominationGrace;
  // A better pair's check may have left together with this one's, over a longer way.
  const Duration roundTrip = best->counters.currentRoundTrip.value_or(Duration::zero());
  const Instant until = firstValid + std::max(grace, 2 * roundTrip);
  if ((betterMayCome || bestIsRelayed) && now < until) return {.lookAgain = until};
  return {.pair = best->id};
}

NominationAdvice adviseMove(std::span<const Pair> bestFirst, const Pair& selected, int moves,
                            Instant now, const Config& config) {
  constexpr int kMovesCounted = 6;
  const Pair* best = bestUsable(bestFirst, PairId{}, now, config);
  if (!best || best->priority <= selected.priority) return {};
  const Instant due =
      best->validFrom + limits::ice::kBetterFor * (1 << std::min(moves, kMovesCounted));
  return now < due ? NominationAdvice{.lookAgain = due} : NominationAdvice{.pair = best->id};
}

bool replacesSelected(const Pair& nominated, const Pair& selected, Instant now) {
  if (nominated.nomination != 0 && nominated.nomination != selected.nomination)
    return nominated.nomination > selected.nomination;
  if (nominated.priority > selected.priority) return true;
  return now - selected.lastNominated >= limits::ice::kRenominationHold;
}

}  // namespace parley::ice
