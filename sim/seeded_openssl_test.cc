#include "sim/seeded_openssl.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <string>

#include "sim/world.h"

namespace parley::sim {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;

std::string freshKey() {
  const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  std::array<unsigned char, 32> bytes{};
  std::size_t size = bytes.size();
  EXPECT_EQ(EVP_PKEY_get_raw_private_key(key.get(), bytes.data(), &size), 1);
  return {bytes.begin(), bytes.end()};
}

TEST(SeededOpenssl, TheSameSeedMakesTheSameKeysAndAnotherSeedOthers) {
  const auto keyOf = [](std::uint64_t seed) {
    const SeededOpenssl seeded(seed, [] { return std::int64_t{0}; });
    return freshKey();
  };
  EXPECT_EQ(keyOf(1), keyOf(1));
  EXPECT_NE(keyOf(1), keyOf(2));
}

TEST(SeededOpenssl, OutsideOfWorldsTheGeneratorIsOpenssls) {
  {
    const World world(1);
    EXPECT_NE(SeededOpenssl::current(), nullptr);
  }
  EXPECT_EQ(SeededOpenssl::current(), nullptr);
  EXPECT_NE(freshKey(), freshKey());
}

TEST(SeededOpenssl, TheWorldBeforeHoldsAgainAfterAWorldInside) {
  const World outer(1);
  const SeededOpenssl* before = SeededOpenssl::current();
  {
    const World inner(2);
    EXPECT_NE(SeededOpenssl::current(), before);
  }
  EXPECT_EQ(SeededOpenssl::current(), before);
}

// The time at which libssl itself makes a session is the world's, whatever the machine's is.
TEST(SeededOpenssl, LibsslLivesInTheWorldsTime) {
  World world(1);
  world.runFor(90min);
  SSL_SESSION* session = SSL_SESSION_new();
  EXPECT_EQ(SSL_SESSION_get_time(session), world.wallMicros() / 1'000'000);
  SSL_SESSION_free(session);
}

}  // namespace
}  // namespace parley::sim
