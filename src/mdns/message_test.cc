#include "mdns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"

namespace parley::mdns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IpAddress ip(std::string_view text) { return *IpAddress::parse(text); }

// Bytes written as text: everything is itself but "\xNN" of the compiler.
Bytes raw(std::string_view text) { return bytesOf(text); }
#define RAW(text) raw(std::string_view(text, sizeof(text) - 1))

const std::string kName = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";

TEST(MdnsMessage, AQueryAsksForBothKindsOfAddress) {
  const std::vector<Question> questions = {{"a.local", true}, {"b.local", false}};
  const ByteVector bytes = writeQuery(questions);
  EXPECT_TRUE(equal(bytes, RAW("\0\0\0\0\0\4\0\0\0\0\0\0"
                               "\1a\5local\0\0\1\x80\1"
                               "\xc0\x0c\0\x1c\x80\1"
                               "\1b\5local\0\0\1\0\1"
                               "\xc0\x1f\0\x1c\0\1")));
  const auto read = parse(bytes);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->isResponse);
  EXPECT_THAT(read->questions, ElementsAre(questions[0], questions[0], questions[1], questions[1]));
}

TEST(MdnsMessage, AnAddressComesWithTheWordThatThereIsNoOther) {
  const std::vector<Record> records = {{"a.local", ip("192.0.2.7"), 120s}};
  const ByteVector bytes = writeResponse(records);
  EXPECT_TRUE(equal(bytes, RAW("\0\0\x84\0\0\0\0\1\0\0\0\1"
                               "\1a\5local\0\0\1\x80\1\0\0\0\x78\0\4\xc0\0\2\7"
                               "\xc0\x0c\0\x2f\x80\1\0\0\0\x78\0\5\xc0\x0c\0\1\x40")));
  const auto read = parse(bytes);
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->isResponse);
  EXPECT_THAT(read->records, ElementsAre(records[0]));
}

TEST(MdnsMessage, ALegacyAnswerRepeatsIdAndQuestion) {
  const std::vector<Record> records = {{kName, ip("fd00::7"), 10s, false}};
  const std::vector<Question> questions = {{kName}};
  const auto read = parse(writeResponse(records, 0xabcd, questions));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->id, 0xabcd);
  EXPECT_THAT(read->questions, ElementsAre(questions[0]));
  EXPECT_THAT(read->records, ElementsAre(records[0]));
}

TEST(MdnsMessage, AsManyNamesAsCanBeFitAPacket) {
  std::vector<Question> questions;
  std::vector<Record> records;
  for (char c = 'a'; records.size() < kNamesPerPacket; ++c) {
    const std::string name = std::string(63, c) + ".local";
    questions.push_back({name});
    records.push_back({name, ip("fd00::7"), 120s});
  }
  EXPECT_EQ(parse(writeQuery(questions))->questions.size(), 2 * kNamesPerPacket);
  EXPECT_EQ(parse(writeResponse(records))->records, records);
  EXPECT_EQ(parse(writeResponse(records, 1, questions))->records, records);
}

TEST(MdnsMessage, NamesAreReadWithoutCaseAndThroughPointers) {
  const auto read =
      parse(RAW("\0\0\x84\0\0\0\0\2\0\0\0\0"
                "\1A\5LOCAL\0\0\1\0\1\0\0\0\x78\0\4\x0a\0\0\1"
                "\2bc\xc0\x0e\0\x1c\0\1\0\0\0\x78\0\x10"
                "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\5"));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->records.size(), 2u);
  EXPECT_EQ(read->records[0].name, "a.local");
  EXPECT_FALSE(read->records[0].flushesCache);
  EXPECT_EQ(read->records[1].name, "bc.local");
  EXPECT_EQ(read->records[1].address, ip("fe80::5"));
}

TEST(MdnsMessage, WhatIsAboutOtherNamesTypesAndClassesIsLeftOut) {
  const auto read =
      parse(RAW("\0\0\x84\0\0\2\0\4\0\0\0\1"
                "\1a\5local\0\0\x0c\0\1"                         // PTR
                "\1a\7example\0\0\1\0\1"                         // not local
                "\1a\5local\0\0\x10\0\1\0\0\0\1\0\2\1x"          // TXT
                "\1a\5local\0\0\1\0\3\0\0\0\1\0\4\x0a\0\0\1"     // CHAOS
                "\1a\1b\5local\0\0\1\0\1\0\0\0\1\0\4\x0a\0\0\1"  // two labels
                "\3a.b\5local\0\0\1\0\1\0\0\0\1\0\4\x0a\0\0\1"   // a dot in one
                "\0\0\x29\5\xa0\0\0\0\0\0\0"));                  // OPT
  ASSERT_TRUE(read);
  EXPECT_THAT(read->questions, IsEmpty());
  EXPECT_THAT(read->records, IsEmpty());
}

TEST(MdnsMessage, WhatAProbeClaimsIsNoAnswer) {
  const auto read =
      parse(RAW("\0\0\0\0\0\1\0\0\0\1\0\0"
                "\1a\5local\0\0\xff\0\1"
                "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x0a\0\0\1"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->questions.size(), 1u);
  EXPECT_THAT(read->records, IsEmpty());
}

TEST(MdnsMessage, BrokenBytesAreRefused) {
  const auto why = [](Bytes bytes) { return parse(bytes).error(); };
  EXPECT_EQ(why({}), ParseError::truncated);
  EXPECT_EQ(why(RAW("\0\0\0\0\0\0\0\0\0\0\0")), ParseError::truncated);
  EXPECT_EQ(why(RAW("\0\0\x08\0\0\0\0\0\0\0\0\0")), ParseError::unsupported) << "an opcode";
  EXPECT_EQ(why(RAW("\0\0\x80\3\0\0\0\0\0\0\0\0")), ParseError::unsupported) << "an error";
  EXPECT_EQ(why(RAW("\0\0\0\0\0\0\0\0\0\0\0\0!")), ParseError::malformed) << "more than it says";
  EXPECT_EQ(why(RAW("\0\0\0\0\xff\xff\0\0\0\0\0\0")), ParseError::tooMany);
  const auto asking = [&](std::string_view name) {
    ByteVector bytes = toVector(RAW("\0\0\0\0\0\1\0\0\0\0\0\0"));
    bytes.insert(bytes.end(), name.begin(), name.end());
    return why(bytes);
  };
  EXPECT_EQ(asking({"\xc0\x0c\0\1\0\1", 6}), ParseError::malformed) << "points to itself";
  EXPECT_EQ(asking({"\1a\xc0\x0c\0\1\0\1", 8}), ParseError::malformed) << "goes round";
  EXPECT_EQ(asking({"\xc0\x40\0\1\0\1", 6}), ParseError::malformed) << "points ahead";
  EXPECT_EQ(asking({"\x41xx\0\0\1\0\1", 9}), ParseError::malformed) << "a kind of label to come";
  EXPECT_EQ(asking({"\x3fxx", 3}), ParseError::malformed);
  EXPECT_EQ(asking({"\1a\0\0\1", 5}), ParseError::truncated);
  std::string deep;
  for (int i = 0; i < 8; ++i) deep += std::string("\x3f") + std::string(63, 'a');
  EXPECT_EQ(asking(deep + std::string("\0\0\1\0\1", 5)), ParseError::malformed) << "too long";
  EXPECT_EQ(why(RAW("\0\0\x84\0\0\0\0\1\0\0\0\0\1a\5local\0\0\1\0\1\0\0\0\1\0\3\x0a\0\0")),
            ParseError::malformed)
      << "an address of three bytes";
  EXPECT_EQ(why(ByteVector(limits::mdns::kMessage + 1)), ParseError::tooLarge);
}

TEST(MdnsMessage, EveryBeginningOfAMessageIsRefused) {
  const std::vector<Record> records = {{kName, ip("fd00::7"), 120s}};
  const ByteVector bytes = writeResponse(records);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(parse(Bytes(bytes).first(size))) << size;
}

// Each name jumps to the one before it.
TEST(MdnsMessage, ALadderOfPointersEndsAtABound) {
  ByteVector bytes = toVector(RAW("\0\0\0\0\0\x28\0\0\0\0\0\0\0\0\1\0\1"));
  std::size_t last = 12;
  for (int i = 1; i < 40; ++i) {
    const std::size_t at = bytes.size();
    for (const std::size_t byte : {0xc0 | last >> 8, last & 255, std::size_t{0}, std::size_t{1},
                                   std::size_t{0}, std::size_t{1}})
      bytes.push_back(static_cast<std::uint8_t>(byte));
    last = at;
  }
  EXPECT_EQ(parse(bytes).error(), ParseError::malformed);
}

}  // namespace
}  // namespace parley::mdns
