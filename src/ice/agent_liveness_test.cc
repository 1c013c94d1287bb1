// Consent, disconnection, recovery, failure and restart.

#include <gtest/gtest.h>

#include "ice/test_net.h"
#include "stun/message.h"

namespace parley::ice {
namespace {

using test::at;
using test::kTransport;
using test::Net;
using test::Peer;

class Liveness : public ::testing::Test {
 protected:
  void start() {
    left_.open(at("192.0.2.1:1000"));
    right_.open(at("192.0.2.2:2000"));
    exchange();
    ASSERT_TRUE(connect());
    net_.runFor(1s);
  }
  void exchange() {
    left_.signalTo(right_);
    right_.signalTo(left_);
  }
  bool connect(Duration limit = 5s) {
    return net_.runUntil([this] { return left_.isSelected() && right_.isSelected(); }, limit);
  }
  void cut() {
    net_.passes = [](const Address&, const Address&) { return false; };
  }
  void mend() { net_.passes = nullptr; }
  Instant when(const std::function<bool()>& done, Duration limit) {
    EXPECT_TRUE(net_.runUntil(done, limit));
    return net_.now;
  }

  Net net_{7};
  Peer left_{net_, Role::controlling};
  Peer right_{net_, Role::controlled};
};

TEST_F(Liveness, ConsentIsAskedEveryFourToSixSeconds) {
  start();
  std::vector<Instant> asked;
  net_.tap = [&](const Address& from, const Address&, Bytes bytes) {
    const auto view = stun::MessageView::parse(bytes);
    if (from == at("192.0.2.1:1000") && view->messageClass() == stun::Class::request) {
      asked.push_back(net_.now);
    }
  };
  net_.runFor(300s);
  ASSERT_GT(asked.size(), 50u);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    EXPECT_GE(asked[i] - asked[i - 1], 4s);
    EXPECT_LE(asked[i] - asked[i - 1], 6s);
  }
  EXPECT_EQ(left_.agent.pairs(kTransport)[0].counters.consentRequestsSent, asked.size());
}

TEST_F(Liveness, SilenceMeansDisconnectedThenFailedAndTrafficEndsAtThirtySeconds) {  // I-3
  start();
  const Instant cutAt = net_.now;
  cut();
  const Instant disconnected = when([&] { return left_.state() == State::disconnected; }, 20s);
  EXPECT_GE(disconnected - cutAt, 5s);
  EXPECT_LE(disconnected - cutAt, 11s);
  EXPECT_TRUE(left_.sendData());  // consent lasts
  const Instant failed = when([&] { return left_.state() == State::failed; }, 40s);
  EXPECT_LE(failed - cutAt, 31s);
  EXPECT_FALSE(left_.sendData());
  net_.runFor(10s);
  EXPECT_EQ(right_.state(), State::failed);
  EXPECT_EQ(left_.agent.deadline(), never());
  const std::size_t sent = net_.sent;
  net_.runFor(600s);
  EXPECT_EQ(net_.sent, sent);
  mend();
  net_.runFor(60s);
  EXPECT_EQ(left_.state(), State::failed);  // RFC 7675 5.1: only a restart helps
}

TEST_F(Liveness, ALinkThatComesBackAfterTwentySecondsRecoversWithinASecondOrTwo) {
  start();
  cut();
  net_.runFor(20s);
  EXPECT_EQ(left_.state(), State::disconnected);
  EXPECT_EQ(right_.state(), State::disconnected);
  mend();
  net_.runFor(2s);
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_EQ(right_.state(), State::completed);
  EXPECT_EQ(left_.selections.size(), 1u);
  net_.runFor(30s);
  EXPECT_EQ(left_.state(), State::completed);
}

TEST_F(Liveness, AnHourOfFortyPercentLossDoesNotEndConsent) {  // I-3
  start();
  net_.loss = 0.4;
  net_.runFor(3'600s);
  EXPECT_NE(left_.state(), State::failed);
  EXPECT_NE(right_.state(), State::failed);
}

TEST_F(Liveness, ACutInOneDirectionStopsBothBecauseNoAnswerComes) {
  start();
  net_.passes = [](const Address& from, const Address&) { return from == at("192.0.2.1:1000"); };
  net_.runFor(40s);
  EXPECT_EQ(left_.state(), State::failed);
  EXPECT_EQ(right_.state(), State::failed);
}

TEST_F(Liveness, AnotherPathTakesOverWhenTheSelectedOneDies) {
  left_.open(at("192.0.2.1:1000"), 0);
  left_.open(at("198.51.100.1:1001"), 1);
  right_.open(at("192.0.2.2:2000"), 0);
  exchange();
  ASSERT_TRUE(connect());
  net_.runFor(5s);
  EXPECT_EQ(right_.selectedRemote(), at("192.0.2.1:1000"));
  const auto dead = [](const Address& a) { return a == at("192.0.2.1:1000"); };
  net_.passes = [dead](const Address& from, const Address& to) { return !dead(from) && !dead(to); };
  net_.runFor(25s);
  EXPECT_EQ(right_.selectedRemote(), at("198.51.100.1:1001"));
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_EQ(right_.state(), State::completed);
}

TEST_F(Liveness, ANatThatForgetsItsMappingIsFollowed) {
  net_.addNat(at("192.0.2.1:1000"), at("203.0.113.9:4000"));
  start();
  net_.moveNat(at("192.0.2.1:1000"), at("203.0.113.9:4001"));
  net_.runFor(25s);
  EXPECT_EQ(right_.selectedRemote(), at("203.0.113.9:4001"));
  EXPECT_EQ(right_.state(), State::completed);
  EXPECT_EQ(left_.state(), State::completed);
}

TEST_F(Liveness, ALostInterfaceIsReplacedByWhatIsLeft) {
  const CandidateId first = left_.open(at("192.0.2.1:1000"), 0);
  left_.open(at("198.51.100.1:1001"), 1);
  right_.open(at("192.0.2.2:2000"), 0);
  exchange();
  ASSERT_TRUE(connect());
  Step step = net_.step();
  left_.agent.removeLocal(step, first);
  left_.flush();
  EXPECT_EQ(left_.state(), State::disconnected);
  EXPECT_FALSE(left_.sendData());
  net_.runFor(15s);
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_EQ(right_.selectedRemote(), at("198.51.100.1:1001"));
}

TEST_F(Liveness, WithNothingLeftALostInterfaceFailsAfterThirtySeconds) {
  start();
  Step step = net_.step();
  left_.agent.removeLocal(step, left_.sockets.begin()->first);
  left_.flush();
  net_.runFor(29s);
  EXPECT_EQ(left_.state(), State::disconnected);
  net_.runFor(2s);
  EXPECT_EQ(left_.state(), State::failed);
}

// RFC 8863.
TEST_F(Liveness, WithoutACandidateNothingFailsBeforeThePatienceEnds) {
  left_.open(at("192.0.2.1:1000"));
  right_.signalTo(left_, true);  // none, and the end of them
  net_.runFor(39s);
  EXPECT_EQ(left_.state(), State::idle);
  net_.runFor(1s);
  EXPECT_EQ(left_.state(), State::failed);
}

TEST_F(Liveness, APeerThatIsOnlyFoundByItsOwnCheckStillConnectsLate) {
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  right_.signalTo(left_, false);
  Step step = net_.step();
  left_.agent.endOfRemotes(step, kTransport);
  net_.runFor(35s);
  left_.signalTo(right_);
  EXPECT_TRUE(connect());
}

TEST_F(Liveness, UnreachableCandidatesFailOnceEveryCheckHasEnded) {
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  cut();
  exchange();
  net_.runFor(39s);
  EXPECT_EQ(left_.state(), State::checking);
  net_.runFor(2s);
  EXPECT_EQ(left_.state(), State::failed);
  EXPECT_EQ(left_.agent.deadline(), never());
}

TEST_F(Liveness, ARestartKeepsTheOldPathUntilTheNewOneIsSelected) {
  start();
  const CandidateId socket = left_.sockets.begin()->first;
  left_.restart();
  right_.restart();
  EXPECT_EQ(left_.state(), State::connected);
  EXPECT_TRUE(left_.sendData());
  EXPECT_TRUE(right_.sendData());
  net_.runFor(60s);  // consent of the old one is kept while signalling takes its time
  EXPECT_EQ(left_.state(), State::connected);
  EXPECT_TRUE(left_.sendData());

  EXPECT_EQ(left_.open(at("192.0.2.1:1000")), socket);  // the same socket, the same id
  right_.open(at("192.0.2.2:2999"));
  exchange();
  std::size_t lost = 0;
  while (right_.retired.empty()) {
    if (!left_.sendData()) ++lost;
    if (!right_.sendData()) ++lost;
    net_.runFor(5ms);
  }
  net_.runFor(50ms);
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(left_.dataRefused + right_.dataRefused, 0u);
  EXPECT_EQ(left_.selectedRemote(), at("192.0.2.2:2999"));
  ASSERT_EQ(right_.retired[0].bases.size(), 1u);
  EXPECT_EQ(right_.sockets[right_.retired[0].bases[0]], at("192.0.2.2:2000"));
  EXPECT_TRUE(left_.retired.empty());  // its base is in use again
  net_.runFor(60s);
  EXPECT_EQ(left_.state(), State::completed);
}

// An offer that was taken back while it was answered leaves such a pair of peers.
TEST_F(Liveness, APeerThatChecksUsAndNeverAnswersDoesNotKeepUsCheckingForEver) {
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  left_.signalTo(right_);
  right_.credentials = Credentials::generate(net_.secrets);  // not what it will go by
  right_.signalTo(left_);
  when([&] { return left_.state() == State::failed; }, 60s);
}

TEST_F(Liveness, AFailedTransportComesBackByARestart) {
  start();
  cut();
  net_.runFor(60s);
  ASSERT_EQ(left_.state(), State::failed);
  mend();
  left_.restart();
  right_.restart();
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  exchange();
  EXPECT_TRUE(connect());
  net_.runFor(10s);
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_TRUE(left_.sendData());
}

TEST_F(Liveness, TwoRestartsInARowLoseNothing) {
  start();
  left_.restart();
  right_.restart();
  left_.open(at("192.0.2.1:1001"));
  left_.restart();
  EXPECT_EQ(left_.retired.size(), 0u);
  left_.flush();
  ASSERT_EQ(left_.retired.size(), 1u);  // of the generation that never led anywhere
  EXPECT_TRUE(left_.sendData());
  left_.open(at("192.0.2.1:1002"));
  right_.open(at("192.0.2.2:2002"));
  exchange();
  ASSERT_TRUE(net_.runUntil([&] { return left_.selectedRemote() == at("192.0.2.2:2002"); }, 5s));
  EXPECT_EQ(left_.agent.pairs(kTransport).size(), 1u);
}

TEST_F(Liveness, RestartWhileChecksAreInFlightIgnoresTheirAnswers) {  // I-7
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  exchange();
  left_.restart();
  right_.restart();
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  net_.runFor(5s);
  exchange();
  EXPECT_TRUE(connect());
}

TEST_F(Liveness, ACancelledRestartLeavesEverythingAsItWas) {
  start();
  const Credentials before = left_.credentials;
  left_.restart();
  left_.open(at("192.0.2.1:1000"));
  const CandidateId extra = left_.open(at("192.0.2.1:1001"));
  left_.flush();
  net_.runFor(20s);
  left_.cancelRestart();
  EXPECT_EQ(left_.credentials, before);
  ASSERT_EQ(left_.retired.size(), 1u);
  EXPECT_EQ(left_.retired[0].bases, std::vector{extra});
  net_.runFor(120s);  // consent goes on both ways
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_EQ(right_.state(), State::completed);
  EXPECT_TRUE(left_.sendData());
  EXPECT_TRUE(right_.sendData());
  net_.runFor(1s);
  EXPECT_EQ(left_.dataReceived + right_.dataReceived, 2u);
}

TEST_F(Liveness, APathLostDuringARestartIsFoundAgainWhenThatIsCancelled) {
  start();
  left_.restart();
  cut();
  net_.runFor(10s);
  left_.restart();  // an offer written anew: still unanswered
  left_.cancelRestart();
  EXPECT_EQ(left_.state(), State::disconnected);
  mend();
  EXPECT_TRUE(connect());
  net_.runFor(10s);
  EXPECT_EQ(left_.state(), State::completed);
  EXPECT_EQ(right_.state(), State::completed);
}

TEST_F(Liveness, ARestartCancelledBeforeAPathWasFoundGoesOnSearching) {
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  cut();
  exchange();
  left_.restart();
  left_.cancelRestart();
  mend();
  EXPECT_TRUE(connect());
}

TEST_F(Liveness, ARestartThatWasAnsweredCannotBeCancelled) {
  start();
  left_.restart();
  right_.restart();
  left_.open(at("192.0.2.1:1000"));
  right_.open(at("192.0.2.2:2000"));
  const Credentials fresh = left_.credentials;
  exchange();
  left_.cancelRestart();
  EXPECT_EQ(left_.credentials, fresh);
  left_.cancelRestart();
  net_.runFor(10s);
  EXPECT_EQ(left_.state(), State::completed);
}

TEST_F(Liveness, ChecksDoNotStormOnceConnected) {  // I-4
  start();
  net_.sent = 0;
  net_.runFor(600s);
  EXPECT_LE(net_.sent, 2 * 2 * 151u);
}

}  // namespace
}  // namespace parley::ice
