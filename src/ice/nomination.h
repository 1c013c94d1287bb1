#pragma once

#include <span>

#include "core/time.h"
#include "ice/config.h"
#include "ice/pair.h"

// Which pair to nominate, and when (RFC 8445 8.1.1). Pure: it looks at pairs and decides.

namespace parley::ice {

// What the controlling side does now. `pair` is set when one is to be nominated at once;
// `lookAgain` tells when waiting for better pairs ends.
struct NominationAdvice {
  PairId pair{};
  Instant lookAgain = never();
};

// The best usable pair, as soon as no better one can still succeed; at the latest a short grace
// after the first pair became valid, longer when the best goes through a relay. `except` is the
// selected pair that fell silent, or none.
NominationAdvice adviseNomination(std::span<const Pair> bestFirst, Instant firstValid,
                                  bool bestIsRelayed, PairId except, Instant now,
                                  const Config& config);

// The best pair that data may be sent on, or nullptr.
const Pair* bestUsable(std::span<const Pair> bestFirst, PairId except, Instant now,
                       const Config& config);

// Something better than the selected pair has been valid for so long that it is worth a move: a
// direct pair instead of a relayed one, an interface that has come since. Each move makes the next
// one wait longer, so that pairs that come and go do not drag the call along. `selected` is in the
// list and healthy.
NominationAdvice adviseMove(std::span<const Pair> bestFirst, const Pair& selected, int moves,
                            Instant now, const Config& config);

// The controlled side: does this freshly nominated pair take the place of the selected one? Old
// agents nominate every pair and mean the best; others nominate again and mean the last, and where
// they number their nominations (draft-thatcher-ice-renomination) the highest.
bool replacesSelected(const Pair& nominated, const Pair& selected, Instant now);

}  // namespace parley::ice
