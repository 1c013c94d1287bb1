#include "ice/candidate_book.h"

#include <gtest/gtest.h>

namespace parley::ice {
namespace {

Candidate remoteAt(std::uint16_t port, std::uint32_t priority,
                   CandidateType type = CandidateType::host) {
  Candidate candidate;
  candidate.foundation = "f";
  candidate.address = {IpAddress::v4({192, 0, 2, 1}), port};
  candidate.priority = priority;
  candidate.type = type;
  return candidate;
}

constexpr auto kAny = [](const RemoteCandidate&) { return true; };
constexpr auto kNone = [](const RemoteCandidate&) { return false; };

TEST(CandidateBook, AnAddressIsHeldOnce) {
  CandidateBook book;
  const auto first = book.addRemote(remoteAt(1, 5), {1}, {}, kAny);
  const auto second = book.addRemote(remoteAt(1, 9), {2}, {}, kAny);
  EXPECT_TRUE(first->isNew);
  EXPECT_FALSE(second->isNew);
  EXPECT_EQ(second->id, CandidateId{1});
  EXPECT_EQ(book.remotes()[0].candidate.priority, 5u);
}

TEST(CandidateBook, SignallingTakesOverAPeerReflexiveEntryAndNeverTheOtherWay) {
  CandidateBook book;
  (void)book.addRemote(remoteAt(1, 5, CandidateType::peerReflexive), {1}, {}, kAny);
  const auto named = book.addRemote(remoteAt(1, 9), {2}, {}, kAny);
  EXPECT_TRUE(named->changed);
  EXPECT_EQ(book.remote({1})->candidate.type, CandidateType::host);
  const Candidate shown = remoteAt(1, 7, CandidateType::peerReflexive);
  EXPECT_FALSE(book.addRemote(shown, {3}, {}, kAny)->changed);
  EXPECT_EQ(book.remote({1})->candidate.priority, 9u);
}

TEST(CandidateBook, WhenFullBetterSignalledCandidatesReplaceTheWorst) {
  CandidateBook book;
  for (std::uint16_t i = 1; i <= limits::ice::kRemoteCandidates; ++i) {
    ASSERT_TRUE(book.addRemote(remoteAt(i, i), {i}, {}, kAny));
  }
  EXPECT_EQ(book.addRemote(remoteAt(500, 1), {500}, {}, kAny).error(), AddError::tooMany);
  const auto better = book.addRemote(remoteAt(501, 1'000), {501}, {}, kAny);
  EXPECT_EQ(better->evicted, CandidateId{1});
  EXPECT_EQ(book.addRemote(remoteAt(502, 1'000), {502}, {}, kNone).error(), AddError::tooMany);
  EXPECT_EQ(book.remotes().size(), limits::ice::kRemoteCandidates);
}

TEST(CandidateBook, PeerReflexiveOnesHaveABoundOfTheirOwnAndTheOldestGoes) {
  CandidateBook book;
  for (std::uint16_t i = 1; i <= limits::ice::kPeerReflexive; ++i) {
    const Instant added{std::chrono::seconds(100 - i)};
    ASSERT_TRUE(book.addRemote(remoteAt(i, 7, CandidateType::peerReflexive), {i}, added, kAny));
  }
  ASSERT_TRUE(book.addRemote(remoteAt(900, 1), {900}, {}, kNone));
  const auto next =
      book.addRemote(remoteAt(901, 1, CandidateType::peerReflexive), {901}, Instant{1h}, kAny);
  EXPECT_EQ(next->evicted, CandidateId{limits::ice::kPeerReflexive});
}

TEST(CandidateBook, RemovingABaseRemovesWhatRestsOnIt) {
  CandidateBook book;
  book.addLocal({{1}, {1}, remoteAt(1, 1)});
  book.addLocal({{2}, {1}, remoteAt(2, 1, CandidateType::serverReflexive)});
  book.addLocal({{3}, {3}, remoteAt(3, 1)});
  EXPECT_EQ(book.base({2}), nullptr);
  EXPECT_NE(book.local({2}), nullptr);
  book.removeLocal({1});
  ASSERT_EQ(book.locals().size(), 1u);
  EXPECT_EQ(book.locals()[0].id, CandidateId{3});
}

}  // namespace
}  // namespace parley::ice
