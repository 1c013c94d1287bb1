#include "ice/nomination.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace parley::ice {
namespace {

constexpr Instant kNow{1h};

Pair pairOf(std::uint32_t id, PairState state) {
  Pair pair;
  pair.id = {id};
  pair.priority = 1'000 - id;
  pair.state = state;
  pair.valid = state == PairState::succeeded;
  pair.lastAnswer = pair.valid ? kNow : Instant::min();
  return pair;
}

NominationAdvice advise(const std::vector<Pair>& pairs, Instant now, bool relayed = false,
                        PairId except = {}) {
  return adviseNomination(pairs, kNow, relayed, except, now, Config{});
}

TEST(Nomination, TakesTheBestAtOnceWhenNothingBetterIsLeft) {
  EXPECT_EQ(advise({pairOf(1, PairState::succeeded), pairOf(2, PairState::waiting)}, kNow).pair,
            PairId{1});
  EXPECT_EQ(advise({pairOf(1, PairState::failed), pairOf(2, PairState::succeeded)}, kNow).pair,
            PairId{2});
}

TEST(Nomination, WaitsAShortGraceForBetterPairs) {
  const std::vector<Pair> pairs{pairOf(1, PairState::inProgress), pairOf(2, PairState::succeeded)};
  const NominationAdvice early = advise(pairs, kNow);
  EXPECT_EQ(early.pair, PairId{});
  EXPECT_EQ(early.lookAgain, kNow + limits::ice::kNominationGrace);
  EXPECT_EQ(advise(pairs, early.lookAgain).pair, PairId{2});
}

TEST(Nomination, WaitsTwoRoundTripsOnALongPath) {
  std::vector<Pair> pairs{pairOf(1, PairState::waiting), pairOf(2, PairState::succeeded)};
  pairs[1].counters.currentRoundTrip = 300ms;
  EXPECT_EQ(advise(pairs, kNow).lookAgain, kNow + 600ms);
}

TEST(Nomination, WaitsLongerBeforeItSettlesForARelay) {
  const std::vector<Pair> pairs{pairOf(1, PairState::succeeded)};
  EXPECT_EQ(advise(pairs, kNow, true).lookAgain, kNow + limits::ice::kRelayNominationGrace);
  EXPECT_EQ(advise(pairs, kNow + 1s, true).pair, PairId{1});
}

TEST(Nomination, PassesOverTheSilentPairAndOverStaleAnswers) {
  std::vector<Pair> pairs{pairOf(1, PairState::succeeded), pairOf(2, PairState::succeeded)};
  EXPECT_EQ(advise(pairs, kNow, false, PairId{1}).pair, PairId{2});
  EXPECT_EQ(advise(pairs, kNow + 31s).pair, PairId{});
  EXPECT_EQ(bestUsable(pairs, {}, kNow + 31s, Config{}), nullptr);
}

TEST(Nomination, ByThePeerABetterPairReplacesAtOnceAndAWorseOneAfterAWhile) {
  const Pair better = pairOf(1, PairState::succeeded);
  Pair worse = pairOf(2, PairState::succeeded);
  worse.lastNominated = kNow;
  EXPECT_TRUE(replacesSelected(better, worse, kNow));
  Pair selected = better;
  selected.lastNominated = kNow;
  EXPECT_FALSE(replacesSelected(worse, selected, kNow + 1s));
  EXPECT_TRUE(replacesSelected(worse, selected, kNow + limits::ice::kRenominationHold));
}

TEST(Nomination, OfNumberedNominationsTheHighestHolds) {
  Pair better = pairOf(1, PairState::succeeded);
  Pair worse = pairOf(2, PairState::succeeded);
  better.lastNominated = worse.lastNominated = kNow;
  better.nomination = 1;
  worse.nomination = 2;
  EXPECT_TRUE(replacesSelected(worse, better, kNow));
  EXPECT_FALSE(replacesSelected(better, worse, kNow + 1h));
}

TEST(Nomination, MovesToWhatHasBeenBetterForAWhileAndEachTimeLater) {
  std::vector<Pair> pairs{pairOf(1, PairState::succeeded), pairOf(2, PairState::succeeded)};
  for (Pair& pair : pairs) pair.validFrom = kNow;
  const Duration wait = limits::ice::kBetterFor;
  EXPECT_EQ(adviseMove(pairs, pairs[1], 0, kNow, Config{}).lookAgain, kNow + wait);
  EXPECT_EQ(adviseMove(pairs, pairs[1], 0, kNow + wait, Config{}).pair, PairId{1});
  EXPECT_EQ(adviseMove(pairs, pairs[1], 2, kNow + wait, Config{}).lookAgain, kNow + 4 * wait);
  EXPECT_EQ(adviseMove(pairs, pairs[0], 0, kNow + wait, Config{}).pair, PairId{});
}

}  // namespace
}  // namespace parley::ice
