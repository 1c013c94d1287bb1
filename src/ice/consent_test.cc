#include "ice/consent.h"

#include <gtest/gtest.h>

#include "stun/test_messages.h"

namespace parley::ice {
namespace {

using stun::test::idOf;

class ConsentTest : public ::testing::Test {
 protected:
  Config config_;
  Random random_{4};
  Instant now_{1h};
  Consent consent_{config_};
};

TEST_F(ConsentTest, NotRunningAsksNothingAndExpiresNever) {
  EXPECT_FALSE(consent_.isRunning());
  EXPECT_FALSE(consent_.isExpired(now_ + 24h));
  EXPECT_EQ(consent_.due(now_, {}), never());
}

TEST_F(ConsentTest, IntervalsAreBetweenFourAndSixSecondsAndDiffer) {
  consent_.begin(now_, now_, random_);
  std::vector<Duration> intervals;
  for (int i = 0; i < 50; ++i) {
    const Instant due = consent_.due(now_, {});
    intervals.push_back(due - now_);
    now_ = due;
    ASSERT_TRUE(consent_.takeDue(now_, random_));
    consent_.answered(now_);
  }
  EXPECT_GE(std::ranges::min(intervals), 4s);
  EXPECT_LE(std::ranges::max(intervals), 6s);
  EXPECT_GT(std::ranges::max(intervals) - std::ranges::min(intervals), 1s);
}

TEST_F(ConsentTest, SilenceIsOverdueThenDisconnectedThenExpired) {
  consent_.begin(now_, now_, random_);
  const Instant asked = now_ + 5s;
  consent_.sent(asked, idOf(1));
  EXPECT_FALSE(consent_.isOverdue(asked + 499ms, 20ms));
  EXPECT_TRUE(consent_.isOverdue(asked + 500ms, 20ms));
  EXPECT_FALSE(consent_.isOverdue(asked + 500ms, 400ms));  // a long way takes longer
  EXPECT_FALSE(consent_.isDisconnected(asked + 4'999ms));
  EXPECT_TRUE(consent_.isDisconnected(asked + 5s));
  EXPECT_FALSE(consent_.isExpired(now_ + 29'999ms));
  EXPECT_TRUE(consent_.isExpired(now_ + 30s));
}

TEST_F(ConsentTest, RequestsOfThePeerCountAsLifeButNotAsConsent) {
  consent_.begin(now_, now_, random_);
  consent_.sent(now_ + 5s, idOf(1));
  consent_.heard(now_ + 9s);
  EXPECT_FALSE(consent_.isDisconnected(now_ + 13s));
  EXPECT_TRUE(consent_.isDisconnected(now_ + 14s));
  EXPECT_TRUE(consent_.isExpired(now_ + 30s));
}

TEST_F(ConsentTest, AnAnswerToAnyOutstandingRequestRefreshes) {
  consent_.begin(now_, now_, random_);
  for (std::uint8_t i = 1; i <= 20; ++i) consent_.sent(now_ + i * 1s, idOf(i));
  EXPECT_FALSE(consent_.find(idOf(12)));  // bounded: the oldest are forgotten
  EXPECT_EQ(consent_.find(idOf(13)), now_ + 13s);
  consent_.answered(now_ + 21s);
  EXPECT_FALSE(consent_.find(idOf(20)));
  EXPECT_FALSE(consent_.isDisconnected(now_ + 40s));
  EXPECT_TRUE(consent_.isExpired(now_ + 51s));
}

}  // namespace
}  // namespace parley::ice
