// What may be changed of a session that runs: its gather policy, and a restart taken back.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/test_peer.h"

namespace parley::session {
namespace {

using testing::ElementsAre;

struct SessionPolicyTest : testing::Test, test::Couple {};

TEST_F(SessionPolicyTest, TheGatherPolicyHoldsFromTheNextGatheringOn) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  const std::size_t before = alice.count<CandidateFound>();
  ASSERT_GT(before, 0u);
  alice.execute(SetGatherPolicy{true, {}});
  alice.send(ChannelId{1}, "what runs goes on");
  net.runFor(1s);
  EXPECT_THAT(bob.messages(), ElementsAre("what runs goes on"));
  alice.restart();
  EXPECT_EQ(alice.count<CandidateFound>(), before);
  EXPECT_EQ(alice.all<GatheringEnded>().back().ufrag, alice.credentials.ufrag);
  alice.execute(SetGatherPolicy{false, {}});
  alice.restart();
  EXPECT_EQ(alice.count<CandidateFound>(), 2 * before);
}

TEST_F(SessionPolicyTest, ARestartTakenBackLeavesThePathAndItsSockets) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.host.addInterface("10.0.1.1");
  alice.restart();
  EXPECT_EQ(alice.host.sockets.size(), 2u);
  alice.execute(CancelIceRestart{test::kTransport});
  EXPECT_EQ(alice.host.sockets.size(), 1u);  // the one it had opened is closed again
  net.runFor(120s);                          // several times the life of a consent
  EXPECT_EQ(alice.ice(), IceState::completed);
  EXPECT_EQ(bob.ice(), IceState::completed);
  alice.send(ChannelId{1}, "still there");
  bob.send(announced, "so am I");
  net.runFor(1s);
  EXPECT_THAT(bob.messages(), ElementsAre("still there"));
  EXPECT_THAT(alice.messages(), ElementsAre("so am I"));
}

TEST_F(SessionPolicyTest, ADataSectionMayComeBackOnAnotherTransport) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  for (test::Peer* peer : {&alice, &bob}) {
    peer->execute(StopSctp{});
    peer->execute(CloseTransport{test::kTransport});
  }
  net.runFor(1s);
  alice.events.clear();
  bob.events.clear();
  ASSERT_TRUE(connect());
  alice.open(2);
  ASSERT_TRUE(
      net.runUntil([&] { return bob.allOfChannels<channel::Announced>().size() == 1; }, 5s));
  EXPECT_EQ(alice.allOfChannels<channel::Opened>().size(), 1u);
}

}  // namespace
}  // namespace parley::session
