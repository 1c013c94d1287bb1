#include <gmock/gmock.h>

#include "turn/bench.h"

namespace parley::turn {
namespace {

using stun::ErrorCode;
using stun::Method;

struct Releasing : test::Bench {
  // The challenge has come, and the Allocate that takes it up waits to be carried.
  void allocateUntilSigned() {
    client->allocate(host.step());
    host.deliver(serverAt, self, up.front());
    up.pop_front();
    give(std::exchange(host.sent, {}).at(0).bytes);
  }
  void expectClean() {
    EXPECT_TRUE(isReleased(true));
    EXPECT_EQ(serverHolds(), 0u);
    EXPECT_EQ(client->held(), Held{});
    EXPECT_EQ(client->deadline(), never());
  }
};

TEST_F(Releasing, OfNothingIsAtOnce) {
  release();
  expectClean();
  EXPECT_EQ(sentUp, 0u);
  allocate();
  EXPECT_EQ(sentUp, 0u);
}

TEST_F(Releasing, LeavesInTheCall) {
  allocate();
  client->release(host.step());
  EXPECT_EQ(up.size(), 1u);
  settle();
  expectClean();
  release();
  EXPECT_TRUE(isReleased(true));  // and not twice
}

TEST_F(Releasing, BeforeTheFirstAnswerHasNothingToGiveBack) {
  client->allocate(host.step());
  client->release(host.step());
  settle();
  expectClean();
}

TEST_F(Releasing, WaitsForTheAnswerOfASignedAllocate) {
  allocateUntilSigned();
  loseDown = 1;
  settle();
  EXPECT_EQ(serverHolds(), 1u);
  EXPECT_EQ(client->held().allocations, 1u);
  release();
  EXPECT_TRUE(all<Allocated>().empty());
  pass(8s);
  expectClean();
}

TEST_F(Releasing, TakesANewNonceUp) {
  allocate();
  server->rotateNonces();
  release();
  expectClean();
}

TEST_F(Releasing, TakesANewNonceUpMoreOftenThanOtherRequestsDo) {
  allocate();
  force(ErrorCode::staleNonce, Method::refresh, limits::turn::kChallenges + 2);
  release();
  expectClean();
}

TEST_F(Releasing, TakesEachNonceUpWhileAnswersAreLost) {
  for (int lost = 0; lost < 5; ++lost) {
    useServer(serverConfig());
    useClient(config());
    server::Faults made;
    made.oneNoncePerRequest = true;
    server->setFaults(made);
    allocate();
    ASSERT_TRUE(client->isAllocated());
    loseDown = lost;
    release();
    pass(8s);
    expectClean();
  }
}

TEST_F(Releasing, WhileARefreshIsUnderWay) {
  allocate();
  loseUp = 1;
  pass(540s);
  EXPECT_EQ(client->held().transactions, 1u);
  release();
  expectClean();
}

TEST_F(Releasing, WhilePermissionsAreUnderWay) {
  allocate();
  loseDown = 2;
  send(peer, "hello");
  client->bindChannel(host.step(), other);
  EXPECT_GT(client->held().transactions, 0u);
  release();
  pass(8s);
  expectClean();
}

TEST_F(Releasing, AfterItWasLostForWantOfAnAnswer) {
  allocate();
  lossUp = 1;
  pass(590s);
  ASSERT_EQ(all<Lost>().size(), 1u);
  EXPECT_EQ(serverHolds(), 1u);
  lossUp = 0;
  release();
  expectClean();
}

TEST_F(Releasing, AfterAnAllocateThatNobodyAnswered) {
  allocateUntilSigned();
  lossDown = 1;
  pass(40s);
  ASSERT_EQ(all<Failed>().size(), 1u);
  EXPECT_EQ(serverHolds(), 1u);
  EXPECT_EQ(client->held().allocations, 1u);
  lossDown = 0;
  release();
  expectClean();
}

// The first copy allocates and its answer is lost, the second one meets a stale nonce, and what
// follows another allocation of ours.
TEST_F(Releasing, AfterAnAllocateThatOvertookItsOwnNonce) {
  server::Faults made;
  made.oneNoncePerRequest = true;
  server->setFaults(made);
  allocateUntilSigned();
  loseDown = 1;
  pass(10s);
  ASSERT_EQ(all<Failed>().size(), 1u);
  EXPECT_EQ(all<Failed>()[0].code, 437);
  EXPECT_EQ(serverHolds(), 1u);
  release();
  expectClean();
}

TEST_F(Releasing, GivesUpOnASilentServer) {
  allocate();
  lossUp = 1;
  release();
  pass(8s);
  EXPECT_TRUE(isReleased(false));
  EXPECT_EQ(client->held(), (Held{.allocations = 1}));
  EXPECT_EQ(client->deadline(), never());
  EXPECT_LE(client->stats().requestsSent, 2u + limits::turn::kReleaseTries);
}

TEST_F(Releasing, SurvivesHeavyLoss) {
  int left = 0;
  for (int i = 0; i < 100; ++i) {
    lossUp = lossDown = 0;
    useServer(serverConfig());
    useClient(config());
    allocate();
    lossUp = lossDown = 0.16;  // thirty in a hundred exchanges
    release();
    pass(8s);
    EXPECT_EQ(all<Released>().size(), 1u);
    left += static_cast<int>(serverHolds());
    EXPECT_TRUE(isReleased(true));
  }
  EXPECT_EQ(left, 0);
}

TEST_F(Releasing, AtAnyMomentOfTheLifeOfAnAllocation) {
  for (int moment = 0; moment < 60; ++moment) {
    lossUp = lossDown = moment % 3 == 0 ? 0.25 : 0;
    useServer(serverConfig());
    useClient(config());
    server::Faults made;
    made.lifetimeMax = 4s;
    made.oneNoncePerRequest = moment % 2 == 0;
    server->setFaults(made);
    allocate();
    if (moment % 5 == 0) client->permit(host.step(), peer);
    pass(moment * 70ms);
    if (moment % 7 == 0) client->bindChannel(host.step(), other);
    lossUp = lossDown = 0;
    release();
    pass(8s);
    EXPECT_TRUE(isReleased(true)) << moment;
    EXPECT_EQ(serverHolds(), 0u) << moment;
  }
}

TEST_F(Releasing, HandsNothingOutAnyMore) {
  allocate();
  send(peer, "hello");
  lossUp = 1;
  client->release(host.step());
  fromPeer(peer, "late");
  EXPECT_TRUE(got.empty());
  EXPECT_FALSE(send(peer, "later"));
  client->permit(host.step(), other);
  client->bindChannel(host.step(), other);
  EXPECT_EQ(client->held().transactions, 1u);
  settle();
}

TEST_F(Releasing, OfAnErrorThatStaysIsGivenUp) {
  allocate();
  force(ErrorCode::serverError, Method::refresh, 100);
  release();
  EXPECT_TRUE(isReleased(false));
}

}  // namespace
}  // namespace parley::turn
