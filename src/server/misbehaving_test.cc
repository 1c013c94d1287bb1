#include "server/server.h"
#include "server/test_bench.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::ErrorCode;
using stun::Method;
using test::at;
using test::Reply;

struct MisbehavingTest : test::ServerTest {
  void force(ErrorCode code, unsigned next, bool isBeforeCredentials = false) {
    server->setFaults(
        {.errors = {{.code = code, .next = next, .isBeforeCredentials = isBeforeCredentials}},
         .alternate = at("203.0.113.77:3478")});
  }
};

TEST_F(MisbehavingTest, AnswersWithAnErrorSoManyTimes) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  for (const ErrorCode code :
       {ErrorCode::forbidden, ErrorCode::allocationMismatch, ErrorCode::allocationQuotaReached,
        ErrorCode::insufficientCapacity, ErrorCode::tryAlternate}) {
    force(code, 2);
    for (int i = 0; i < 2; ++i) {
      const Reply reply = alice.ask(Method::refresh);
      EXPECT_EQ(reply.error(), static_cast<int>(code));
      EXPECT_TRUE(reply.view()->checkIntegrity(alice.script.key()));
    }
    EXPECT_TRUE(alice.ask(Method::refresh).isSuccess());
  }
}

TEST_F(MisbehavingTest, ChallengesThoseWhoHaveProvedWhoTheyAre) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  for (const ErrorCode code : {ErrorCode::unauthenticated, ErrorCode::staleNonce}) {
    force(code, 100);
    for (int i = 0; i < 100; ++i) {
      const Reply reply = alice.ask(Method::refresh);
      EXPECT_EQ(reply.error(), static_cast<int>(code));
      EXPECT_FALSE(reply.view()->hasIntegrity());
      EXPECT_TRUE(alice.script.learn(reply));
    }
    EXPECT_TRUE(alice.ask(Method::refresh).isSuccess());
  }
}

TEST_F(MisbehavingTest, SendsStrangersElsewhere) {
  force(ErrorCode::tryAlternate, 1, true);
  const Reply reply = alice.ask(Method::allocate, test::askForUdp);
  EXPECT_EQ(reply.error(), 300);
  EXPECT_EQ(reply.view()->findAddress(Attribute::alternateServer), at("203.0.113.77:3478"));
  EXPECT_EQ(alice.ask(Method::allocate, test::askForUdp).error(), 401);
  force(ErrorCode::tryAlternate, 1);
  EXPECT_EQ(alice.ask(Method::binding).error(), 300);
}

TEST_F(MisbehavingTest, LosesAnswersAndStillActs) {
  ASSERT_EQ(alice.allocate().lifetime(), 600);
  ASSERT_TRUE(alice.call(Method::refresh, test::withLifetime(0)).isSuccess());
  server->setFaults({.loseAnswer = 1});
  EXPECT_EQ(alice.allocate().size(), 0u);
  EXPECT_EQ(server->held().allocations, 1u);
  server->setFaults({});
  EXPECT_TRUE(alice.askAgain(Method::allocate, test::askForUdp).isSuccess());
  EXPECT_EQ(server->stats().allocationsMade, 2u);
  EXPECT_EQ(server->stats().answersLost, 1u);
}

TEST_F(MisbehavingTest, GrantsLessThanWasAskedFor) {
  server->setFaults({.lifetimeMax = 20s, .permissionLifetime = 5s, .channelLifetime = 10s});
  EXPECT_EQ(alice.allocate().lifetime(), 20);
  ASSERT_TRUE(alice.bind(0x4000, peer).isSuccess());
  host.pass(5s);
  EXPECT_EQ(server->held(), (Held{.allocations = 1, .channels = 1, .sockets = 2}));
  host.pass(5s);
  EXPECT_EQ(server->held(), (Held{.allocations = 1, .sockets = 2}));
  EXPECT_EQ(alice.call(Method::refresh, test::withLifetime(3'600)).lifetime(), 20);
  host.pass(20s);
  EXPECT_EQ(server->held(), (Held{.sockets = 1}));
}

TEST_F(MisbehavingTest, TakesANewNonceForEachRequest) {
  server->setFaults({.oneNoncePerRequest = true});
  ASSERT_TRUE(alice.allocate().isSuccess());
  for (int i = 0; i < 5; ++i) {
    const Reply stale = alice.ask(Method::refresh);
    EXPECT_EQ(stale.error(), 438);
    ASSERT_TRUE(alice.script.learn(stale));
    EXPECT_TRUE(alice.ask(Method::refresh).isSuccess());
    host.pass(1s);
  }
}

TEST_F(MisbehavingTest, RotatesNoncesOnDemand) {
  ASSERT_TRUE(alice.allocate().isSuccess());
  server->rotateNonces();
  EXPECT_EQ(alice.ask(Method::refresh).error(), 438);
  EXPECT_TRUE(alice.call(Method::refresh).isSuccess());
}

}  // namespace
}  // namespace parley::server
