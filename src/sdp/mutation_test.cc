#include <gtest/gtest.h>

#include "core/random.h"
#include "sdp/session_description.h"
#include "sdp/test_vectors.h"

// Broken copies of real descriptions. Whatever is accepted must survive being written and read.

namespace parley::sdp {
namespace {

void expectStable(const std::string& text) {
  const Result<SessionDescription, Error> first = SessionDescription::parse(text);
  if (!first) {
    EXPECT_GT(first.error().line, 0u);
    return;
  }
  const std::string written = first->serialize();
  const Result<SessionDescription, Error> second = SessionDescription::parse(written);
  ASSERT_TRUE(second) << second.error().what << " in line " << second.error().line << " of\n"
                      << written << "\nmade from\n"
                      << text;
  EXPECT_EQ(*second, *first) << text;
  EXPECT_EQ(second->serialize(), written);
}

TEST(Mutation, FlippedBytesNeverBreakTheRoundTrip) {
  Random random(1);
  for (const auto& [name, text] : test::allVectors()) {
    SCOPED_TRACE(name);
    for (int round = 0; round < 150; ++round) {
      std::string broken = text;
      for (std::uint64_t flips = 1 + random.below(4); flips > 0; --flips)
        broken[random.below(broken.size())] = static_cast<char>(random.below(256));
      expectStable(broken);
    }
  }
}

TEST(Mutation, CutTextsNeverBreakTheRoundTrip) {
  Random random(2);
  for (const auto& [name, text] : test::allVectors()) {
    SCOPED_TRACE(name);
    for (int round = 0; round < 50; ++round) {
      std::string broken = text.substr(0, random.below(text.size()));
      if (random.below(2) == 0) broken += text.substr(random.below(text.size()));
      expectStable(broken);
    }
  }
}

// J-6: lines and words that are each valid, in places where nobody expected them.
TEST(Mutation, ShuffledLinesAndWordsNeverBreakTheRoundTrip) {
  std::vector<std::string> lines;
  for (const auto& [name, text] : test::allVectors())
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find("\r\n", at);
      lines.push_back(text.substr(at, end - at));
      at = end + 2;
    }
  Random random(3);
  int accepted = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string text = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\n";
    for (std::uint64_t count = random.below(12); count > 0; --count) {
      std::string line = lines[random.below(lines.size())];
      if (random.below(8) == 0) {
        const std::string& donor = lines[random.below(lines.size())];
        line =
            line.substr(0, line.rfind(' ')) + donor.substr(std::min(donor.size(), donor.find(' ')));
      }
      if (line[0] != 'v' && line[0] != 'o' && line[0] != 's') text += line + "\n";
    }
    accepted += SessionDescription::parse(text).has_value();
    expectStable(text);
  }
  EXPECT_GT(accepted, 500);
}

}  // namespace
}  // namespace parley::sdp
