#include "core/local_name.h"

#include <gtest/gtest.h>

#include <set>

namespace parley {
namespace {

class Dice final : public Secrets {
 public:
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
  }

 private:
  Random random_{5};
};

TEST(LocalName, IsWhatEndsInLocal) {
  for (const char* name : {"a.local", "A.LOCAL", "printer.office.local"})
    EXPECT_TRUE(isLocalName(name)) << name;
  for (const char* name : {"", ".local", "local", "a.local.", "a.localhost", "a.example"})
    EXPECT_FALSE(isLocalName(name)) << name;
}

TEST(LocalName, OfACandidateHasOneLabel) {
  EXPECT_TRUE(isCandidateName("1f4712db-ea17-4bcf-a596-105139dfd8bf.local"));
  EXPECT_TRUE(isCandidateName("printer.Local"));
  EXPECT_TRUE(isCandidateName(std::string(63, 'a') + ".local"));
  EXPECT_FALSE(isCandidateName(std::string(64, 'a') + ".local"));
  EXPECT_FALSE(isCandidateName("printer.office.local"));
  EXPECT_FALSE(isCandidateName("my printer.local"));
  EXPECT_FALSE(isCandidateName("b\xc3\xbcro.local"));
  EXPECT_FALSE(isCandidateName("turn.example"));
}

TEST(LocalName, OfOurOwnIsAFreshVersion4Uuid) {
  Dice dice;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string name = makeCandidateName(dice);
    ASSERT_TRUE(isCandidateName(name)) << name;
    ASSERT_EQ(name.size(), 42u);
    for (const std::size_t dash : {8u, 13u, 18u, 23u}) EXPECT_EQ(name[dash], '-');
    EXPECT_EQ(name[14], '4');
    EXPECT_NE(std::string("89ab").find(name[19]), std::string::npos);
    EXPECT_TRUE(seen.insert(name).second);
  }
}

}  // namespace
}  // namespace parley
