#include "sctp/receive/reassembly.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "core/random.h"

namespace parley::sctp {
namespace {

using Outcome = Reassembly::Outcome;
constexpr std::uint8_t kB = DataChunk::kBegin, kE = DataChunk::kEnd, kU = DataChunk::kUnordered;

DataChunk chunkOf(std::uint16_t stream, std::uint16_t ssn, std::uint8_t flags, Bytes payload) {
  DataChunk chunk;
  chunk.stream = {stream};
  chunk.ssn = {ssn};
  chunk.protocol = {51};
  chunk.flags = flags;
  chunk.payload = payload;
  return chunk;
}

struct Fixture : ::testing::Test {
  Outcome add(std::int64_t at, std::uint16_t stream, std::uint16_t ssn, std::uint8_t flags,
              std::string_view text, bool next = false) {
    return reassembly.add(at, next, chunkOf(stream, ssn, flags, bytesOf(text)), out);
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const Complete& one : out) all.emplace_back(textOf(one.message.payload));
    return all;
  }
  Reassembly reassembly{1'000};
  std::vector<Complete> out;
};
using ReassemblyTest = Fixture;

TEST_F(ReassemblyTest, PutsFragmentsTogetherInAnyOrder) {
  std::vector<int> order{1, 2, 3, 4};
  std::uint16_t ssn = 0;
  std::int64_t base = 0;
  const std::string_view parts[] = {"", "ab", "cd", "ef", "gh"};
  do {
    for (const int part : order) {
      const auto flags = static_cast<std::uint8_t>((part == 1 ? kB : 0) | (part == 4 ? kE : 0));
      ASSERT_EQ(add(base + part, 0, ssn, flags, parts[part]), Outcome::taken);
    }
    ++ssn;
    base += 4;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(texts(), std::vector<std::string>(24, "abcdefgh"));
  EXPECT_EQ(reassembly.held(), 0u);
}

TEST_F(ReassemblyTest, DeliversOrderedMessagesInOrderAndUnorderedOnesAtOnce) {
  add(3, 1, 2, kB | kE, "third");
  add(2, 1, 1, kB | kE, "second");
  EXPECT_TRUE(out.empty());
  EXPECT_GT(reassembly.held(), 11u);
  add(4, 1, 0, kB | kE | kU, "unordered");
  add(5, 2, 0, kB | kE, "other stream");
  add(1, 1, 0, kB | kE, "first");
  EXPECT_EQ(texts(),
            (std::vector<std::string>{"unordered", "other stream", "first", "second", "third"}));
  EXPECT_EQ(reassembly.held(), 0u);
}

TEST_F(ReassemblyTest, RefusesFragmentsThatContradictEachOther) {
  ASSERT_EQ(add(10, 0, 0, kB, "a"), Outcome::taken);
  EXPECT_EQ(add(11, 0, 0, kB, "a second beginning"), Outcome::violation);
  EXPECT_EQ(add(11, 0, 0, kB | kE, "a whole one inside"), Outcome::violation);
  EXPECT_EQ(add(11, 1, 0, 0, "of another stream"), Outcome::violation);
  EXPECT_EQ(add(11, 0, 1, 0, "of another number"), Outcome::violation);
  EXPECT_EQ(add(11, 0, 0, kU, "of another kind"), Outcome::violation);
  ASSERT_EQ(add(20, 0, 3, kE, "an end"), Outcome::taken);
  EXPECT_EQ(add(19, 0, 3, kE, "another end before it"), Outcome::violation);
  EXPECT_EQ(add(21, 0, 3, 0, "a middle after the end"), Outcome::violation);
  EXPECT_EQ(add(19, 0, 3, kB | kE, "a whole one before it"), Outcome::violation);
  EXPECT_EQ(add(10, 0, 0, 0, "the same place"), Outcome::violation);
}

TEST_F(ReassemblyTest, BoundsTheNumberOfIncompleteMessages) {  // S-9
  std::int64_t at = 2;
  std::size_t taken = 0;
  while (add(at, 0, 0, kB, "x") == Outcome::taken) {
    ++taken;
    at += 2;
    ASSERT_LE(taken, limits::sctp::kIncompleteMessages);
  }
  EXPECT_EQ(taken, limits::sctp::kIncompleteMessages);
  EXPECT_GE(reassembly.held(), taken * limits::sctp::kFragmentOverhead);
  EXPECT_EQ(add(1, 1, 0, kB, "the lowest one missing", true), Outcome::violation);  // touches 2
  EXPECT_EQ(add(3, 0, 0, kE, "x"), Outcome::taken);  // completes one: always welcome
}

TEST_F(ReassemblyTest, FollowsAnOversizedMessageWithoutKeepingIt) {
  const std::string part(400, 'x');
  add(1, 0, 0, kB, part);
  add(2, 0, 0, 0, part);
  EXPECT_GE(reassembly.held(), 800u);
  add(3, 0, 0, 0, part);
  EXPECT_EQ(reassembly.held(), 0u);
  for (std::int64_t at = 4; at < 100; ++at) add(at, 0, 0, 0, part);
  EXPECT_EQ(reassembly.held(), 0u);
  add(100, 0, 0, kE, part);
  add(101, 0, 1, kB | kE, "next");
  ASSERT_EQ(out.size(), 2u);
  EXPECT_TRUE(out[0].oversized);
  EXPECT_TRUE(out[0].message.payload.empty());
  EXPECT_FALSE(out[1].oversized);
}

TEST_F(ReassemblyTest, SkipsTheFirstMessageOfAFreshStream) {  // S-13
  reassembly.forwardTo(1, {{{5}, {0}}}, out);
  add(2, 5, 1, kB | kE, "second");
  EXPECT_EQ(texts(), std::vector<std::string>{"second"});
}

TEST_F(ReassemblyTest, ForwardsOverIncompleteMessagesAndDeliversWhatIsWhole) {
  add(1, 0, 0, kB, "half");
  add(3, 0, 1, kB | kE, "whole");
  add(5, 0, 3, kB | kE, "later");
  add(6, 0, 4, kB, "beyond");
  reassembly.forwardTo(4, {{{0}, {2}}}, out);
  EXPECT_EQ(texts(), (std::vector<std::string>{"whole", "later"}));
  EXPECT_EQ(reassembly.incomplete(), 1u);
  reassembly.forwardTo(6, {{{0}, {4}}}, out);
  EXPECT_EQ(reassembly.held(), 0u);
  reassembly.forwardTo(6, {{{0}, {2}}}, out);  // an older one takes nothing back
  add(7, 0, 5, kB | kE, "five");
  EXPECT_EQ(texts().back(), "five");
}

TEST_F(ReassemblyTest, SkipsAcrossTheWrapOfStreamSequenceNumbers) {  // S-11
  reassembly.forwardTo(1, {{{0}, {0x7fff}}}, out);
  reassembly.forwardTo(2, {{{0}, {0xfffd}}}, out);
  add(5, 0, 0, kB | kE, "zero");
  add(4, 0, 0xffff, kB | kE, "last");
  EXPECT_TRUE(out.empty());
  reassembly.forwardTo(3, {{{0}, {0xfffe}}}, out);
  EXPECT_EQ(texts(), (std::vector<std::string>{"last", "zero"}));
}

TEST_F(ReassemblyTest, StartsOverAfterAResetAndFreesTheStream) {
  add(1, 9, 0, kB | kE, "old");
  add(3, 9, 2, kB | kE, "never wanted");
  EXPECT_EQ(reassembly.streamsAllocated(), 1u);
  reassembly.reset({9});
  reassembly.reset({900});
  EXPECT_EQ(reassembly.held(), 0u);
  EXPECT_EQ(reassembly.streamsAllocated(), 0u);
  add(4, 9, 0, kB | kE, "new");
  EXPECT_EQ(texts().back(), "new");
}

}  // namespace
}  // namespace parley::sctp
