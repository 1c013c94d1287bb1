#include "peer/utf8.h"

#include <gtest/gtest.h>

namespace parley::peer {
namespace {

constexpr const char* kMark = "\xef\xbf\xbd";

TEST(Utf8, LeavesWellFormedTextAlone) {
  for (const char* text : {"", "abc", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                           "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(isUtf8(text)) << text;
    EXPECT_EQ(toUtf8(text), text);
  }
}

TEST(Utf8, ReplacesEachMaximalPartOfAnIllFormedSequenceOnce) {
  const std::string mark = kMark;
  EXPECT_EQ(toUtf8("a\x80z"), "a" + mark + "z");                     // a continuation alone
  EXPECT_EQ(toUtf8("\xc0\xaf"), mark + mark);                        // overlong
  EXPECT_EQ(toUtf8("\xe0\x80\x80"), mark + mark + mark);             // overlong, three bytes
  EXPECT_EQ(toUtf8("\xed\xa0\x80"), mark + mark + mark);             // a surrogate
  EXPECT_EQ(toUtf8("\xf4\x90\x80\x80"), mark + mark + mark + mark);  // beyond U+10FFFF
  EXPECT_EQ(toUtf8("\xf0\x9f\x98"
                   "a"),
            mark + "a");  // cut off
  EXPECT_EQ(toUtf8("\xe2\x82"), mark);
  EXPECT_FALSE(isUtf8("\xff"));
}

TEST(Utf8, EncodesCodePointsAndReplacesSurrogates) {
  std::string text;
  for (const char32_t point : {U'a', U'\u00e9', U'\u20ac', U'\U0001f600'}) appendUtf8(text, point);
  EXPECT_EQ(text, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  text.clear();
  appendUtf8(text, 0xd800);
  appendUtf8(text, 0x110000);
  EXPECT_EQ(text, std::string(kMark) + kMark);
}

}  // namespace
}  // namespace parley::peer
