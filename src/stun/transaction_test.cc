#include "stun/transaction.h"

#include <gtest/gtest.h>

#include <set>

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
