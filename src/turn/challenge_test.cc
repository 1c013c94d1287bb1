#include "turn/challenge.h"

#include <gtest/gtest.h>

#include "stun/credentials.h"
#include "stun/test_messages.h"

namespace parley::turn {
namespace {

using stun::Attribute;
using stun::PasswordAlgorithm;
using stun::test::idOf;

struct ChallengeTest : testing::Test {
  stun::MessageBuilder answer() {
    return {pool.take(), stun::Class::error, stun::Method::allocate, idOf(1)};
  }
  bool learn(std::string_view realm, std::string_view nonce,
             std::initializer_list<PasswordAlgorithm> algorithms = {}) {
    stun::MessageBuilder message = answer();
    message.addError(stun::ErrorCode::unauthenticated);
    if (!realm.empty()) message.addText(Attribute::realm, realm);
    if (!nonce.empty()) message.addText(Attribute::nonce, nonce);
    if (algorithms.size() > 0) message.addAlgorithms(Attribute::passwordAlgorithms, algorithms);
    const Packet packet = message.finish();
    return challenge.learn(config, stun::MessageView::parse(packet.bytes()).value());
  }
  Packet sign() {
    stun::MessageBuilder message(pool.take(), stun::Class::request, stun::Method::refresh, idOf(2));
    return challenge.sign(config, message);
  }
  static std::string nonceWith(bool algorithms, bool anonymity) {
    return stun::nonceWithFeatures(
        {.passwordAlgorithms = algorithms, .usernameAnonymity = anonymity}, "rest");
  }

  PacketPool pool{16};
  Config config{.username = "alice", .password = "secret"};
  Challenge challenge;
};

TEST_F(ChallengeTest, SignsNothingBeforeItHasLearned) {
  EXPECT_FALSE(challenge.isKnown());
  EXPECT_FALSE(challenge.signature().isThere());
  const Packet packet = sign();
  const auto view = stun::MessageView::parse(packet.bytes()).value();
  EXPECT_FALSE(view.hasIntegrity() || view.hasIntegritySha256());
  EXPECT_TRUE(view.checkFingerprint());
}

TEST_F(ChallengeTest, SignsWithMd5) {
  ASSERT_TRUE(learn("realm", "nonce"));
  const Packet packet = sign();
  const auto view = stun::MessageView::parse(packet.bytes()).value();
  EXPECT_EQ(view.username(), "alice");
  EXPECT_EQ(view.findText(Attribute::realm), "realm");
  EXPECT_EQ(view.findText(Attribute::nonce), "nonce");
  EXPECT_TRUE(
      view.checkIntegrity(stun::longTermKey(PasswordAlgorithm::md5, "alice", "realm", "secret")));
  EXPECT_FALSE(view.hasIntegritySha256());
  EXPECT_TRUE(challenge.signature().holds(view));
  EXPECT_LE(packet.size(), stun::kHeaderSize + challenge.overhead(config));
}

TEST_F(ChallengeTest, SignsWithTheFirstAlgorithmOfTheServerAndSaysItsListBack) {
  ASSERT_TRUE(
      learn("realm", nonceWith(true, false), {PasswordAlgorithm::sha256, PasswordAlgorithm::md5}));
  const Packet packet = sign();
  const auto view = stun::MessageView::parse(packet.bytes()).value();
  EXPECT_TRUE(view.checkIntegritySha256(
      stun::longTermKey(PasswordAlgorithm::sha256, "alice", "realm", "secret")));
  EXPECT_FALSE(view.hasIntegrity());
  EXPECT_EQ(view.findAlgorithms(Attribute::passwordAlgorithms).count, 2u);
  EXPECT_EQ(view.findAlgorithms(Attribute::passwordAlgorithm).list[0], PasswordAlgorithm::sha256);
  EXPECT_LE(packet.size(), stun::kHeaderSize + challenge.overhead(config));
}

TEST_F(ChallengeTest, HidesTheNameWhereTheNonceSaysSo) {
  ASSERT_TRUE(learn("realm", nonceWith(false, true)));
  const Packet packet = sign();
  const auto view = stun::MessageView::parse(packet.bytes()).value();
  EXPECT_FALSE(view.username());
  EXPECT_TRUE(equal(view.find(Attribute::userhash).value(), stun::userhash("alice", "realm")));
  EXPECT_LE(packet.size(), stun::kHeaderSize + challenge.overhead(config));
}

TEST_F(ChallengeTest, TakesAnAlgorithmsListOnlyWithTheCookie) {
  ASSERT_TRUE(learn("realm", "nonce", {PasswordAlgorithm::sha256}));
  EXPECT_EQ(challenge.signature().kind, stun::Integrity::sha1);
  EXPECT_FALSE(learn("realm", nonceWith(true, false)));  // a bid down
}

TEST_F(ChallengeTest, RefusesAnotherRealmAndWhatIsNoChallenge) {
  EXPECT_FALSE(learn("realm", ""));
  EXPECT_FALSE(learn("", "nonce"));
  EXPECT_FALSE(learn("realm", std::string(764, 'n')));
  EXPECT_FALSE(challenge.isKnown());
  ASSERT_TRUE(learn("realm", "nonce"));
  const auto before = challenge.signature().key;
  EXPECT_FALSE(learn("other", "second"));
  EXPECT_TRUE(learn("", "third"));  // the realm that is known
  EXPECT_EQ(challenge.signature().key, before);
}

TEST_F(ChallengeTest, AnAnswerHoldsOnlyUnderTheSignatureOfItsRequest) {
  ASSERT_TRUE(learn("realm", "nonce"));
  const Signature signature = challenge.signature();
  const auto signedBy = [&](stun::Integrity kind, Bytes key) {
    const Packet packet = answer().finish(kind, key);
    const auto view = stun::MessageView::parse(packet.bytes()).value();
    return signature.isCarriedBy(view) && signature.holds(view);
  };
  EXPECT_TRUE(signedBy(stun::Integrity::sha1, signature.key));
  EXPECT_FALSE(signedBy(stun::Integrity::sha256, signature.key));
  EXPECT_FALSE(signedBy(stun::Integrity::sha1, bytesOf("guess")));
  EXPECT_FALSE(signedBy(stun::Integrity::none, {}));
  // OpenSSL had no memory for the key: nobody may sign with none.
  const Packet keyless = answer().finish(stun::Integrity::sha1, {});
  EXPECT_FALSE((Signature{stun::Integrity::sha1, {}}.holds(
      stun::MessageView::parse(keyless.bytes()).value())));
}

}  // namespace
}  // namespace parley::turn
