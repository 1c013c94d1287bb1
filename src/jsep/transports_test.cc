#include "jsep/transports.h"

#include <gtest/gtest.h>

#include "core/limits.h"
#include "jsep/test_peer.h"

namespace parley::jsep {
namespace {

using namespace test;

struct TransportsTest : testing::Test {
  TransportsTest() { id = transports.open({"0", 0}, {"here", "herepassword"}, {}, true, effects); }

  RemoteHalf remote(std::string ufrag) {
    return {.ice = {std::move(ufrag), "password"},
            .role = DtlsRole::client,
            .fingerprints = {fingerprint(1)},
            .tlsId = {}};
  }
  Effects taken() { return std::exchange(effects, {}); }

  Transports transports;
  Effects effects;
  TransportId id;
};

TEST_F(TransportsTest, TellsOnce) {
  taken();
  transports.connect(id, remote("them"), effects);
  EXPECT_EQ(taken().size(), 2u);
  transports.connect(id, remote("them"), effects);
  EXPECT_EQ(taken().size(), 0u);
}

TEST_F(TransportsTest, ANewGenerationForgetsCandidates) {
  transports.connect(id, remote("them"), effects);
  transports.addCandidate(id, "candidate:1", effects);
  transports.endCandidates(id, effects);
  taken();
  transports.addCandidate(id, "candidate:1", effects);
  transports.endCandidates(id, effects);
  EXPECT_EQ(taken().size(), 0u);
  transports.connect(id, remote("then"), effects);
  transports.addCandidate(id, "candidate:1", effects);
  transports.endCandidates(id, effects);
  const Effects again = taken();
  ASSERT_EQ(again.size(), 3u);
  EXPECT_TRUE(std::get<SetRemoteIce>(again[0]).restart);
  EXPECT_EQ(transports.find(id)->pastRemoteUfrags, std::vector<std::string>{"them"});
}

TEST_F(TransportsTest, RememberNoMoreThanAFewGenerations) {
  for (int i = 0; i < 50; ++i) transports.connect(id, remote("u" + std::to_string(i)), effects);
  EXPECT_EQ(transports.find(id)->pastRemoteUfrags.size(), 8u);
  EXPECT_EQ(transports.find(id)->pastRemoteUfrags.back(), "u48");
}

TEST_F(TransportsTest, RollbackClosesTheNewAndRestoresTheOld) {
  transports.commit();
  const TransportId second = transports.open({"1", 1}, {"more", "morepassword"}, {}, true, effects);
  transports.restart(id, {"new1", "newpassword1"}, effects);
  transports.restart(id, {"new2", "newpassword2"}, effects);
  taken();
  transports.rollback(effects);
  const Effects undone = taken();
  ASSERT_EQ(undone.size(), 2u);
  EXPECT_EQ(std::get<CancelIceRestart>(undone[0]).local.ufrag, "here");
  EXPECT_EQ(std::get<CloseTransport>(undone[1]).transport, second);
  EXPECT_EQ(transports.find(second), nullptr);
  EXPECT_EQ(transports.all().size(), 1u);
}

TEST_F(TransportsTest, CandidatesPastTheLimitAreTold) {
  transports.connect(id, remote("them"), effects);
  taken();
  for (int i = 0; i < 150; ++i)
    transports.addCandidate(id, "candidate:" + std::to_string(i), effects);
  EXPECT_EQ(taken().size(), 150u);
  EXPECT_EQ(transports.find(id)->candidates.size(), limits::ice::kRemoteCandidates);
}

}  // namespace
}  // namespace parley::jsep
