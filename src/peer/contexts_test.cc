#include "peer/contexts.h"

#include <gtest/gtest.h>

#include "crypto/secrets.h"

namespace parley::peer {
namespace {

crypto::Identity::Shared makeIdentity() {
  crypto::SystemSecrets secrets;
  return crypto::Identity::generate(secrets, 1'795'000'000'000'000).value();
}

TEST(Contexts, OneIdentityHasOneContextWhileItIsInUse) {
  Contexts contexts;
  const auto identity = makeIdentity();
  const auto first = contexts.of(identity);
  ASSERT_TRUE(first);
  EXPECT_EQ(contexts.of(identity), first);
  EXPECT_EQ(&first->identity(), identity.get());
}

TEST(Contexts, TheLastOneIsKeptForTheNextConnection) {
  Contexts contexts;
  const auto identity = makeIdentity();
  const std::weak_ptr<const dtls::Context> made = contexts.of(identity);
  EXPECT_FALSE(made.expired());
  EXPECT_EQ(contexts.of(identity), made.lock());
}

TEST(Contexts, DifferentIdentitiesHaveDifferentContexts) {
  Contexts contexts;
  const auto one = makeIdentity(), two = makeIdentity();
  const auto first = contexts.of(one);
  const auto second = contexts.of(two);
  EXPECT_NE(first, second);
  EXPECT_EQ(contexts.of(one), first) << "in use, so it is still known";
}

TEST(Contexts, OneThatNobodyUsesIsForgottenWhenAnotherIsMade) {
  Contexts contexts;
  const std::weak_ptr<const dtls::Context> old = contexts.of(makeIdentity());
  EXPECT_FALSE(old.expired());
  contexts.of(makeIdentity());
  EXPECT_TRUE(old.expired());
}

// A new identity may be given the address of one that is gone.
TEST(Contexts, AnIdentityNeverGetsTheContextOfAnother) {
  Contexts contexts;
  for (int i = 0; i < 20; ++i) {
    const auto identity = makeIdentity();
    const auto context = contexts.of(identity);
    ASSERT_EQ(&context->identity(), identity.get());
  }
}

}  // namespace
}  // namespace parley::peer
