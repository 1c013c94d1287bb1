#include "peer/json.h"

#include <gtest/gtest.h>

#include "parley/ice_candidate.h"
#include "parley/session_description.h"
#include "peer/fake_realm.h"

namespace parley::peer {
namespace {

using testing::nameThrownBy;

TEST(Json, ReadsAFlatObject) {
  const auto object =
      parseJson(" { \"a\" : \"x\\n\\u00e9\\ud83d\\ude00\", \"b\":-1.5e2, \"c\":null,\"d\":true } ");
  ASSERT_TRUE(object);
  EXPECT_EQ(std::get<std::string>(object->at("a")), "x\n\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(std::get<double>(object->at("b")), -150);
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(object->at("c")));
  EXPECT_TRUE(std::get<bool>(object->at("d")));
  EXPECT_TRUE(parseJson("{}"));
}

TEST(Json, RefusesWhatTheGrammarDoesNotAllow) {
  for (const char* text : {"",
                           "{",
                           "}",
                           "[]",
                           "null",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":.5}",
                           "{\"a\":1e}",
                           "{\"a\":+1}",
                           "{\"a\":tru}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"\\ud800\\u00\"}",
                           "{\"a\":\"",
                           "{} x",
                           "{\"a\":{}}",
                           "{\"a\":[1]}",
                           "{\"a\":1e999}"})
    EXPECT_FALSE(parseJson(text)) << text;
}

TEST(Json, ReplacesALoneSurrogate) {
  EXPECT_EQ(std::get<std::string>(parseJson(R"({"a":"\ud800x"})")->at("a")), "\xef\xbf\xbdx");
  EXPECT_EQ(std::get<std::string>(parseJson(R"({"a":"\ud800\u0041"})")->at("a")),
            "\xef\xbf\xbd"
            "A");
}

TEST(Json, WritesWhatItReads) {
  const std::string text = JsonWriter()
                               .add("a", std::string_view("\"\\\r\n\x01/"))
                               .add("b", std::optional<std::string>())
                               .add("c", std::optional<unsigned>(7))
                               .finish();
  EXPECT_EQ(text, R"({"a":"\"\\\r\n\u0001/","b":null,"c":7})");
  EXPECT_EQ(std::get<std::string>(parseJson(text)->at("a")), "\"\\\r\n\x01/");
}

TEST(SessionDescription, SurvivesJson) {
  const RTCSessionDescription description{RTCSdpType::pranswer, "v=0\r\ns=\"x\"\r\n"};
  EXPECT_EQ(description.toJSON(), R"({"type":"pranswer","sdp":"v=0\r\ns=\"x\"\r\n"})");
  const auto read = RTCSessionDescription::fromJSON(description.toJSON());
  EXPECT_EQ(read.type, description.type);
  EXPECT_EQ(read.sdp, description.sdp);
}

TEST(SessionDescription, NeedsATypeButNoSdp) {
  EXPECT_EQ(RTCSessionDescription::fromJSON(R"({"type":"rollback"})").sdp, "");
  for (const char* text : {"", "{}", R"({"sdp":""})", R"({"type":"Offer"})", R"({"type":1})",
                           R"({"type":"offer","sdp":5})"})
    EXPECT_EQ(nameThrownBy([&] { RTCSessionDescription::fromJSON(text); }), "TypeError") << text;
}

TEST(IceCandidateInit, ReadsWhatABrowserWrites) {
  const auto init = RTCIceCandidateInit::fromJSON(
      R"({"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":3,"usernameFragment":null})");
  EXPECT_EQ(init.candidate, "candidate:1");
  EXPECT_EQ(init.sdpMid, "0");
  EXPECT_EQ(init.sdpMLineIndex, 3);
  EXPECT_FALSE(init.usernameFragment);
  EXPECT_EQ(RTCIceCandidateInit::fromJSON("{}").candidate, "");
}

TEST(IceCandidateInit, RefusesOtherTypes) {
  for (const char* text :
       {"[]", R"({"candidate":1})", R"({"sdpMid":true})", R"({"sdpMLineIndex":-1})",
        R"({"sdpMLineIndex":65536})", R"({"sdpMLineIndex":1.5})", R"({"sdpMLineIndex":"1"})"})
    EXPECT_EQ(nameThrownBy([&] { RTCIceCandidateInit::fromJSON(text); }), "TypeError") << text;
}

}  // namespace
}  // namespace parley::peer
