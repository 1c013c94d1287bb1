#include "stun/transaction.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crypto/secrets.h"
#include "stun/credentials.h"
#include "stun/test_messages.h"

namespace parley::stun {
namespace {

using Outcome = ClientTransaction::Outcome;

TEST(ClientTransaction, ResendsAtTheTimesOfRfc8489AndGivesUpAfter39AndAHalfSeconds) {
  const Instant start{1h};
  ClientTransaction transaction(test::idOf(1));
  transaction.start(start);
  std::vector<Duration> resent;
  Instant now = start;
  while (true) {
    now = transaction.due();
    const Outcome outcome = transaction.onTimer(now);
    if (outcome == Outcome::gaveUp) break;
    if (outcome == Outcome::resend) resent.push_back(now - start);
  }
  EXPECT_EQ(resent, (std::vector<Duration>{500ms, 1'500ms, 3'500ms, 7'500ms, 15'500ms, 31'500ms}));
  EXPECT_EQ(now - start, 39'500ms);
  EXPECT_EQ(transaction.due(), never());
}

TEST(ClientTransaction, WithOneTryOnlyWaits) {
  ClientTransaction transaction(test::idOf(1), 500ms, 1);
  transaction.start(Instant{});
  EXPECT_EQ(transaction.due(), Instant{} + 8s);
  EXPECT_EQ(transaction.onTimer(Instant{} + 7s), Outcome::waiting);
  EXPECT_EQ(transaction.onTimer(Instant{} + 8s), Outcome::gaveUp);
}

TEST(ClientTransaction, StopsResendingButStillWaits) {
  ClientTransaction transaction(test::idOf(1));
  transaction.start(Instant{});
  transaction.stopResending(Instant{} + 100ms);
  EXPECT_EQ(transaction.onTimer(Instant{} + 5s), Outcome::waiting);
  EXPECT_EQ(transaction.onTimer(Instant{} + 9s), Outcome::gaveUp);
}

TEST(ClientTransaction, MeasuresARoundTripOnlyWhenItAskedOnce) {
  ClientTransaction transaction(test::idOf(1));
  transaction.start(Instant{});
  EXPECT_EQ(transaction.roundTrip(Instant{} + 30ms), 30ms);
  ASSERT_EQ(transaction.onTimer(Instant{} + 500ms), Outcome::resend);
  EXPECT_EQ(transaction.roundTrip(Instant{} + 530ms), std::nullopt);
}

TEST(TransactionId, DoesNotRepeat) {
  test::SeededSecrets secrets(5);
  std::set<TransactionId> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(newTransactionId(secrets));
  EXPECT_EQ(seen.size(), 10'000u);
}

// χ² of each byte over 256 bins has a mean of 255 and a standard deviation of 22.6.
TEST(TransactionId, T3AQuarterOfAMillionDoNotRepeatAndEveryByteIsEquallyLikely) {
  constexpr std::size_t kIds = 250'000;
  crypto::SystemSecrets secrets;
  std::vector<TransactionId> ids(kIds);
  std::array<std::array<double, 256>, std::tuple_size_v<TransactionId>> counts{};
  for (TransactionId& id : ids) {
    id = newTransactionId(secrets);
    for (std::size_t at = 0; at < id.size(); ++at) ++counts[at][id[at]];
  }
  std::ranges::sort(ids);
  EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
  constexpr double kExpected = kIds / 256.0;
  for (const auto& byte : counts) {
    double chiSquared = 0;
    for (const double count : byte)
      chiSquared += (count - kExpected) * (count - kExpected) / kExpected;
    EXPECT_GT(chiSquared, 255 - 8 * 22.6);
    EXPECT_LT(chiSquared, 255 + 8 * 22.6);
  }
}

TEST(NonceFeatures, AreReadFromTheCookieAndFromNothingElse) {
  const std::string nonce = nonceWithFeatures({.passwordAlgorithms = true}, "rest");
  ASSERT_TRUE(nonceFeatures(nonce));
  EXPECT_TRUE(nonceFeatures(nonce)->passwordAlgorithms);
  EXPECT_FALSE(nonceFeatures(nonce)->usernameAnonymity);
  EXPECT_TRUE(nonceFeatures(nonceWithFeatures({true, true}, ""))->usernameAnonymity);
  EXPECT_FALSE(nonceFeatures("f//499k954d6OL34oL9FSTvy64sA"));
  EXPECT_FALSE(nonceFeatures("obMatJos2A"));
  EXPECT_FALSE(nonceFeatures("obMatJos2A!AA"));
}

}  // namespace
}  // namespace parley::stun
