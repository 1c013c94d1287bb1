#include <gmock/gmock.h>

#include "turn/bench.h"

namespace parley::turn {
namespace {

using stun::ErrorCode;
using stun::Method;

struct Allocating : test::Bench {
  void expectFailed(std::uint16_t code) {
    ASSERT_EQ(all<Failed>().size(), 1u);
    EXPECT_EQ(all<Failed>()[0].code, code);
    EXPECT_FALSE(client->isAllocated());
    EXPECT_EQ(client->held().transactions, 0u);
    EXPECT_EQ(client->deadline(), never());
  }
};

TEST_F(Allocating, LearnsTheChallengeAndSaysBothAddresses) {
  allocate();
  ASSERT_EQ(all<Allocated>().size(), 1u);
  EXPECT_EQ(all<Allocated>()[0].mapped, self);
  EXPECT_EQ(relayed().ip, serverAt.ip);
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(client->stats().requestsSent, 2u);
  EXPECT_EQ(client->stats().responsesReceived, 2u);
  EXPECT_EQ(client->held(), (Held{.allocations = 1}));
  EXPECT_TRUE(client->roundTrip());
}

TEST_F(Allocating, SignsWithSha256WhereTheNonceSaysSo) {
  auto made = serverConfig();
  made.authentication.offersSha256 = true;
  useServer(made);
  allocate();
  EXPECT_TRUE(client->isAllocated());
  release();
  EXPECT_TRUE(isReleased(true));
  EXPECT_EQ(serverHolds(), 0u);
}

TEST_F(Allocating, FailsAtOnceWithAWrongPassword) {
  auto wrong = config();
  wrong.password = "guess";
  useClient(wrong);
  allocate();
  expectFailed(401);
  EXPECT_EQ(client->stats().requestsSent, 2u);
  release();
  EXPECT_TRUE(isReleased(true));
  EXPECT_EQ(client->stats().requestsSent, 2u);
}

TEST_F(Allocating, AsksForTheFamily) {
  auto six = config();
  six.family = stun::AddressFamily::v6;
  useClient(six);
  allocate();
  expectFailed(440);
}

TEST_F(Allocating, SaysWhyTheServerRefuses) {
  for (const auto code : {ErrorCode::badRequest, ErrorCode::forbidden, ErrorCode::unknownAttribute,
                          ErrorCode::allocationMismatch, ErrorCode::wrongCredentials,
                          ErrorCode::unsupportedTransport, ErrorCode::allocationQuotaReached,
                          ErrorCode::serverError, ErrorCode::insufficientCapacity}) {
    for (const bool before : {false, true}) {
      useClient(config());
      server::Faults made;
      made.errors = {{.code = code, .next = 1, .isBeforeCredentials = before}};
      server->setFaults(made);
      allocate();
      expectFailed(static_cast<std::uint16_t>(code));
      EXPECT_FALSE(all<Failed>()[0].reason.empty());
    }
  }
}

TEST_F(Allocating, TakesAStaleNonceUpAtOnce) {
  force(ErrorCode::staleNonce, Method::allocate, 2);
  allocate();
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(client->stats().requestsSent, 4u);
}

TEST_F(Allocating, T7TakesNoMoreChallengesThanItsBound) {
  force(ErrorCode::staleNonce, Method::allocate, 100);
  allocate();
  expectFailed(438);
  EXPECT_EQ(client->stats().requestsSent, 1u + limits::turn::kChallenges);
}

TEST_F(Allocating, IsRedirected) {
  for (const bool before : {false, true}) {
    useClient(config());
    server::Faults made;
    made.alternate = test::at("192.0.2.77:3479");
    made.errors = {{.code = ErrorCode::tryAlternate, .next = 1, .isBeforeCredentials = before}};
    server->setFaults(made);
    allocate();
    ASSERT_EQ(all<Redirected>().size(), 1u);
    EXPECT_EQ(all<Redirected>()[0].server, made.alternate);
    EXPECT_EQ(client->held(), Held{});
  }
}

TEST_F(Allocating, FailsWhereItIsRedirectedNowhere) {
  force(ErrorCode::tryAlternate);
  allocate();
  expectFailed(300);
}

TEST_F(Allocating, FailsWhenNothingAnswers) {
  lossDown = 1;
  allocate();
  pass(39'400ms);
  EXPECT_TRUE(events.empty());
  pass(200ms);
  expectFailed(701);
  EXPECT_EQ(client->stats().requestsSent, 7u);
  EXPECT_EQ(client->held(), Held{});
}

TEST_F(Allocating, SurvivesLossInBothDirections) {
  lossUp = lossDown = 0.3;
  for (int i = 0; i < 20; ++i) {
    useServer(serverConfig());
    useClient(config());
    allocate();
    pass(60s);
    EXPECT_TRUE(client->isAllocated());
  }
}

TEST_F(Allocating, IsKeptForAnHour) {
  allocate();
  pass(3'600s);
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(serverHolds(), 1u);
  EXPECT_EQ(server->stats().allocationsMade, 1u);
  EXPECT_LT(client->stats().requestsSent, 12u);
}

TEST_F(Allocating, IsKeptWhereTheServerGrantsLess) {
  for (const Duration most : {Duration(3s), Duration(20s), Duration(119s)}) {
    useServer(serverConfig());
    useClient(config());
    server::Faults made;
    made.lifetimeMax = most;
    server->setFaults(made);
    allocate();
    pass(3'600s);
    EXPECT_TRUE(client->isAllocated());
    EXPECT_EQ(server->stats().allocationsMade, 1u);
  }
}

TEST_F(Allocating, RefreshesWithEachNewNonce) {
  server::Faults made;
  made.oneNoncePerRequest = true;
  server->setFaults(made);
  allocate();
  pass(3'600s);
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(server->stats().allocationsMade, 1u);
}

TEST_F(Allocating, OutlivesAnErrorThatPasses) {
  allocate();
  force(ErrorCode::serverError, Method::refresh, 2);
  pass(1'200s);
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(server->stats().allocationsExpired, 0u);
}

TEST_F(Allocating, IsLostWhenTheServerHasForgottenIt) {
  allocate();
  server->restart();
  pass(600s);
  EXPECT_EQ(all<Lost>().size(), 1u);
  EXPECT_EQ(client->held(), Held{});
  EXPECT_FALSE(send(peer, "late"));
  release();
  EXPECT_TRUE(isReleased(true));
}

TEST_F(Allocating, IsLostAtOnceWhenTheServerIsAskedAndHasForgottenIt) {
  allocate();
  server->restart();
  client->prove(host.step());
  EXPECT_TRUE(client->isProving());
  pass(1s);
  ASSERT_EQ(all<Lost>().size(), 1u);
  EXPECT_TRUE(all<Lost>()[0].isGone);
  EXPECT_FALSE(client->isProving());
}

TEST_F(Allocating, IsKeptWhereTheServerSaysThatItStands) {
  allocate();
  client->prove(host.step());
  client->prove(host.step());
  pass(1'200s);
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(server->stats().allocationsExpired, 0u);
}

TEST_F(Allocating, IsLostWhenNoRefreshIsAnswered) {
  allocate();
  lossUp = 1;
  pass(600s);
  EXPECT_EQ(all<Lost>().size(), 1u);
  EXPECT_EQ(client->held(), (Held{.allocations = 1}));  // for all it knows
}

TEST_F(Allocating, AsksOnceOverAStream) {
  auto stream = config();
  stream.overStream = true;
  useClient(stream);
  lossUp = 1;
  allocate();
  pass(39'400ms);
  EXPECT_EQ(client->stats().requestsSent, 1u);
  EXPECT_TRUE(events.empty());
  pass(200ms);
  expectFailed(701);
}

}  // namespace
}  // namespace parley::turn
