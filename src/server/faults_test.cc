#include "server/faults.h"

#include <gtest/gtest.h>

namespace parley::server {
namespace {

using stun::ErrorCode;
using stun::Method;

TEST(Faults, AreNoneByDefault) {
  Random random(1);
  Faults faults;
  EXPECT_EQ(faults.takeError(random, Method::allocate, true), std::nullopt);
  EXPECT_EQ(faults.takeError(random, Method::allocate, false), std::nullopt);
  EXPECT_FALSE(faults.losesAnswer(random));
}

TEST(Faults, ForceTheNextSoManyOfOneMethod) {
  Random random(1);
  Faults faults{.errors = {{.code = ErrorCode::staleNonce, .method = Method::refresh, .next = 2}}};
  EXPECT_EQ(faults.takeError(random, Method::allocate, false), std::nullopt);
  EXPECT_EQ(faults.takeError(random, Method::refresh, true), std::nullopt) << "the other moment";
  EXPECT_EQ(faults.takeError(random, Method::refresh, false), ErrorCode::staleNonce);
  EXPECT_EQ(faults.takeError(random, Method::refresh, false), ErrorCode::staleNonce);
  EXPECT_EQ(faults.takeError(random, Method::refresh, false), std::nullopt);
}

TEST(Faults, FollowTheDiceOfTheStep) {
  Random random(1);
  Faults faults{.errors = {{.code = ErrorCode::forbidden, .probability = 0.25}}, .loseAnswer = 0.5};
  int errors = 0, lost = 0;
  for (int i = 0; i < 4'000; ++i) {
    errors += faults.takeError(random, Method::allocate, false).has_value();
    lost += faults.losesAnswer(random);
  }
  EXPECT_NEAR(errors, 1'000, 120);
  EXPECT_NEAR(lost, 2'000, 150);
}

}  // namespace
}  // namespace parley::server
