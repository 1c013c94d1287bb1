#include "server/authenticator.h"

#include <gtest/gtest.h>

#include "server/test_bench.h"

namespace parley::server {
namespace {

using stun::Attribute;
using stun::ErrorCode;
using stun::Method;

struct AuthenticatorTest : testing::Test {
  AuthenticatorTest() { make({}); }
  void make(AuthenticatorConfig config) {
    config.realm = "example.org";
    config.users = {{"alice", "secret"}, {"bob", "hidden"}};
    authenticator = std::make_unique<Authenticator>(config, secrets);
    challenge();
  }
  void challenge() {
    stun::MessageBuilder answer(pool.take(), stun::Class::error, Method::refresh, {});
    answer.addError(ErrorCode::unauthenticated);
    authenticator->addChallenge(answer, now, client);
    ASSERT_TRUE(script.learn(test::Reply(answer.finish().bytes())));
  }
  // 0: proved.
  int check(const test::Fill& fill = {}) {
    const Packet packet = script.write(pool, Method::refresh, {}, fill);
    return check(packet.bytes());
  }
  int check(Bytes bytes) {
    const auto message = stun::MessageView::parse(bytes).value();
    const Verdict verdict = authenticator->check(now, message, client);
    if (const auto* code = std::get_if<ErrorCode>(&verdict)) return static_cast<int>(*code);
    proved = std::get<Authenticated>(verdict);
    return 0;
  }

  PacketPool pool{16};
  test::SeededSecrets secrets;
  Instant now{5'000s};
  Address client = test::at("198.51.100.1:4000");
  std::unique_ptr<Authenticator> authenticator;
  test::Script script;
  Authenticated proved;
};

TEST_F(AuthenticatorTest, AcceptsTheUserAndNamesTheKeyOfTheAnswer) {
  EXPECT_EQ(script.realm, "example.org");
  EXPECT_EQ(check(), 0);
  EXPECT_EQ(proved.user, "alice");
  EXPECT_EQ(proved.key, script.key());
  EXPECT_EQ(proved.integrity, stun::Integrity::sha1);
  script.integrity = stun::Integrity::both;
  EXPECT_EQ(check(), 0);
  EXPECT_EQ(proved.integrity, stun::Integrity::sha256) << "the stronger one decides";
}

TEST_F(AuthenticatorTest, AcceptsTheHashOfTheUserName) {
  script.hidesName = true;
  EXPECT_EQ(check(), 0);
  EXPECT_EQ(proved.user, "alice");
}

TEST_F(AuthenticatorTest, T2RefusesWrongOrMissingCredentials) {
  script.password = "guess";
  EXPECT_EQ(check(), 401);
  script.password = "hidden";
  EXPECT_EQ(check(), 401) << "that is bob's";
  script = {.user = "mallory", .realm = script.realm, .nonce = script.nonce};
  EXPECT_EQ(check(), 401);
  script = {.realm = "elsewhere", .nonce = script.nonce};
  EXPECT_EQ(check(), 401);
  script.nonce.clear();
  EXPECT_EQ(check(), 401) << "no integrity at all";
}

TEST_F(AuthenticatorTest, T2AWrongStrongIntegrityIsNotSavedByARightWeakOne) {
  script.integrity = stun::Integrity::both;
  ByteVector bytes = toVector(script.write(pool, Method::refresh, {}).bytes());
  bytes[bytes.size() - 8 - 1] ^= 1;  // the last byte before FINGERPRINT
  EXPECT_EQ(check(bytes), 401);
}

TEST_F(AuthenticatorTest, AskForWhatIsMissingFromASignedRequest) {
  for (const Attribute left : {Attribute::username, Attribute::realm, Attribute::nonce}) {
    stun::MessageBuilder message(pool.take(), stun::Class::request, Method::refresh, {});
    if (left != Attribute::username) message.addText(Attribute::username, script.user);
    if (left != Attribute::realm) message.addText(Attribute::realm, script.realm);
    if (left != Attribute::nonce) message.addText(Attribute::nonce, script.nonce);
    EXPECT_EQ(check(message.finish(stun::Integrity::sha1, script.key()).bytes()), 400);
  }
}

TEST_F(AuthenticatorTest, ANonceEndsAndIsOfOneClient) {
  now += limits::server::kNonceLifetime - 1s;
  EXPECT_EQ(check(), 0);
  now += 1s;
  EXPECT_EQ(check(), 438);
  challenge();
  EXPECT_EQ(check(), 0);
  client.port += 1;
  EXPECT_EQ(check(), 438) << "another client's";
}

TEST_F(AuthenticatorTest, ANonceNobodyGaveIsStale) {
  const std::string good = script.nonce;
  for (std::size_t i = 0; i < good.size(); ++i) {
    script.nonce = good;
    script.nonce[i] = good[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(check(), 438) << i;
  }
  for (const std::string& nonce : {good + "A", "A" + good, std::string("?"), good.substr(1)}) {
    script.nonce = nonce;
    EXPECT_EQ(check(), 438) << nonce;
  }
}

TEST_F(AuthenticatorTest, RotatedAndForgottenNoncesAreStale) {
  authenticator->rotateNonces();
  EXPECT_EQ(check(), 438);
  challenge();
  EXPECT_EQ(check(), 0);
  authenticator->forgetNonces(secrets);
  EXPECT_EQ(check(), 438);
}

TEST_F(AuthenticatorTest, OffersSha256ByTheNonceCookie) {
  make({.offersSha256 = true});
  const auto features = stun::nonceFeatures(script.nonce);
  ASSERT_TRUE(features);
  EXPECT_TRUE(features->passwordAlgorithms);
  EXPECT_EQ(check(), 0) << "who says nothing of it uses MD5";
  script.algorithm = stun::PasswordAlgorithm::sha256;
  script.integrity = stun::Integrity::sha256;
  EXPECT_EQ(check(), 0);
  EXPECT_EQ(proved.key.size(), 32u);
  script.algorithm = stun::PasswordAlgorithm::md5;
  EXPECT_EQ(check(), 0);
}

TEST_F(AuthenticatorTest, ABiddenDownListIsABadRequest) {
  make({.offersSha256 = true});
  const auto add = [](stun::MessageBuilder& message) {
    message.addAlgorithms(Attribute::passwordAlgorithms, {stun::PasswordAlgorithm::md5})
        .addAlgorithms(Attribute::passwordAlgorithm, {stun::PasswordAlgorithm::md5});
  };
  EXPECT_EQ(check(add), 400) << "not the list that was offered";
  EXPECT_EQ(check([](stun::MessageBuilder& message) {
              message.addAlgorithms(Attribute::passwordAlgorithm,
                                    {stun::PasswordAlgorithm::sha256});
            }),
            400)
      << "one without the other";
}

}  // namespace
}  // namespace parley::server
