#include "ice/credentials.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "stun/test_messages.h"

namespace parley::ice {
namespace {

TEST(Credentials, AreValidAndNeverTheSame) {
  stun::test::SeededSecrets secrets(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const Credentials made = Credentials::generate(secrets);
    ASSERT_TRUE(made.isValid());
    ASSERT_EQ(made.ufrag.size(), 8u);
    ASSERT_EQ(made.password.size(), 24u);
    seen.insert(made.ufrag);
    seen.insert(made.password);
  }
  EXPECT_EQ(seen.size(), 2'000u);
}

TEST(Credentials, UseEveryIceCharAboutEquallyOften) {
  stun::test::SeededSecrets secrets(2);
  std::array<int, 128> counts{};
  for (int i = 0; i < 4'000; ++i) {
    const std::string password = Credentials::generate(secrets).password;
    for (const char c : password) ++counts[static_cast<std::size_t>(c)];
  }
  int used = 0;
  for (const int count : counts) {
    if (count == 0) continue;
    ++used;
    EXPECT_NEAR(count, 4'000 * 24 / 64, 250);
  }
  EXPECT_EQ(used, 64);
}

TEST(Credentials, HaveTheLengthsAndTheAlphabetOfRfc8839) {  // I-10
  const std::string password(22, 'p');
  EXPECT_TRUE((Credentials{"abcd", password}).isValid());
  EXPECT_TRUE((Credentials{"a+/9", std::string(256, 'p')}).isValid());
  EXPECT_FALSE((Credentials{"abc", password}).isValid());
  EXPECT_FALSE((Credentials{"abcd", std::string(21, 'p')}).isValid());
  EXPECT_FALSE((Credentials{std::string(257, 'a'), password}).isValid());
  EXPECT_FALSE((Credentials{"abcd", std::string(257, 'p')}).isValid());
  for (const char bad : {':', ' ', '\r', '\n', '\0', '-', '=', '"'}) {
    EXPECT_FALSE((Credentials{std::string("abc") + bad + "d", password}).isValid());
  }
}

}  // namespace
}  // namespace parley::ice
