#include "peer/data_channels.h"

#include <gmock/gmock.h>

#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Log;
using testing::nameThrownBy;
using testing::negotiate;
using testing::TestPeer;

RTCDataChannelInit negotiated(std::uint16_t id) {
  RTCDataChannelInit init;
  init.negotiated = true;
  init.id = id;
  return init;
}

// `a` offers, so `b` answers "active" and is the DTLS client (RFC 8842 5.3).
struct DataChannelsTest : ::testing::Test {
  std::string throws(const std::string& label, RTCDataChannelInit init) {
    return nameThrownBy([&] { a.pc->createDataChannel(label, std::move(init)); });
  }
  void connect(std::uint16_t channelsMax) {
    negotiate(a, b);
    a.sctpConnected(channelsMax);
    a.realm->run();
    a.takeLog();
  }
  std::vector<std::uint16_t> streams(TestPeer& peer) {
    std::vector<std::uint16_t> found;
    for (const auto& asked : peer.engine().all<session::OpenChannel>())
      found.push_back(asked.parameters.stream->value);
    return found;
  }
  TestPeer a{1}, b{2};
};

// --- createDataChannel, errors

TEST_F(DataChannelsTest, ContradictionsAreTypeErrors) {
  const std::string longest(65'535, 'x');
  EXPECT_EQ(throws(longest, {}), "");
  EXPECT_EQ(throws(longest + 'x', {}), "TypeError");
  RTCDataChannelInit init;
  init.protocol = longest;
  EXPECT_EQ(throws("x", init), "");
  init.protocol += 'x';
  EXPECT_EQ(throws("x", init), "TypeError");
  init = {};
  init.maxRetransmits = 0;
  EXPECT_EQ(throws("x", init), "");
  init.maxPacketLifeTime = 0;
  EXPECT_EQ(throws("x", init), "TypeError");
  init = {};
  init.negotiated = true;
  EXPECT_EQ(throws("x", init), "TypeError");
  EXPECT_EQ(throws("x", negotiated(65'535)), "TypeError");
  EXPECT_EQ(throws("x", negotiated(65'534)), "");
}

TEST_F(DataChannelsTest, AnIdInUseOrBeyondTheAssociationIsAnOperationError) {
  EXPECT_EQ(throws("x", negotiated(7)), "");
  EXPECT_EQ(throws("y", negotiated(7)), "OperationError");
  connect(10);
  EXPECT_EQ(throws("y", negotiated(7)), "OperationError");
  EXPECT_EQ(throws("y", negotiated(9)), "");
  EXPECT_EQ(throws("y", negotiated(10)), "OperationError");
  a.announce("theirs", 4);
  a.realm->run();
  EXPECT_EQ(throws("y", negotiated(4)), "OperationError");
}

TEST_F(DataChannelsTest, AFailedCallLeavesNothingBehind) {
  EXPECT_EQ(throws("x", negotiated(65'535)), "TypeError");
  a.realm->run();
  EXPECT_THAT(a.log, IsEmpty());  // no negotiation is needed for it
  a.makeChannel("x");
  a.realm->run();
  EXPECT_THAT(a.log, ElementsAre("negotiationneeded"));
}

// --- numbers

TEST_F(DataChannelsTest, TheDtlsClientHasEvenIdsAndTheServerOddOnes) {
  const auto x = a.makeChannel("x"), y = a.makeChannel("y");
  const auto z = b.makeChannel("z");
  EXPECT_EQ(x->id(), std::nullopt);
  negotiate(a, b);
  EXPECT_TRUE(b.engine().last<session::StartDtls>().client);
  EXPECT_EQ(x->id(), 1);
  EXPECT_EQ(y->id(), 3);
  EXPECT_EQ(z->id(), 0);
  EXPECT_EQ(a.makeChannel("later")->id(), 5);
  EXPECT_THAT(streams(a), ElementsAre(1, 3, 5));
  EXPECT_THAT(streams(b), ElementsAre(0));
}

TEST_F(DataChannelsTest, TheIdOfAChannelThatIsNotNegotiatedIsIgnored) {
  RTCDataChannelInit init;
  init.id = 65'535;
  const auto x = a.makeChannel("x", init);
  EXPECT_EQ(x->id(), std::nullopt);
  negotiate(a, b);
  EXPECT_EQ(x->id(), 1);
}

TEST_F(DataChannelsTest, NumbersGoAroundThoseThatAreTaken) {
  a.makeChannel("n1", negotiated(1));
  a.makeChannel("n4", negotiated(4));
  const auto x = a.makeChannel("x"), y = a.makeChannel("y");
  negotiate(a, b);
  EXPECT_EQ(x->id(), 3);
  EXPECT_EQ(y->id(), 5);
}

TEST_F(DataChannelsTest, WhenNoIdIsLeftCreatingFailsAndAnotherClosedChannelMakesRoom) {
  const auto first = a.makeChannel("first");
  connect(4);  // 1 and 3 are ours
  a.makeChannel("second");
  EXPECT_EQ(throws("third", {}), "OperationError");
  a.channelEvent(channel::Closed{a.engine().all<session::OpenChannel>()[0].id, {}});
  a.realm->run();
  EXPECT_EQ(a.makeChannel("third")->id(), 1);
}

TEST_F(DataChannelsTest, AnIdRestsBeforeItIsGivenAgain) {
  a.makeChannel("first");
  connect(6);
  a.channelEvent(channel::Closed{a.engine().last<session::OpenChannel>().id, {}});
  a.realm->run();
  EXPECT_EQ(a.makeChannel("x")->id(), 3);
  EXPECT_EQ(a.makeChannel("y")->id(), 5);
  EXPECT_EQ(a.makeChannel("z")->id(), 1);
}

TEST_F(DataChannelsTest, OnceTheNumberOfIdsIsKnownOneChannelMoreThrows) {
  TestPeer tiny(3);
  tiny.makeChannel("x");
  negotiate(tiny, b);
  tiny.sctpConnected(2);  // one id is ours
  tiny.realm->run();
  EXPECT_EQ(nameThrownBy([&] { tiny.pc->createDataChannel("y"); }), "OperationError");
}

// C-3: 65,535 ids, of which the DTLS server has the 32,767 odd ones. W3C, "set the description":
// the others are closed and told by an error event alone.
TEST_F(DataChannelsTest, ChannelsForWhichNoIdIsLeftWhenTheRoleIsKnownFailAndGo) {
  std::vector<std::shared_ptr<RTCDataChannel>> channels;
  channels.reserve(32'767);
  for (int i = 0; i < 32'767; ++i) channels.push_back(a.pc->createDataChannel("x"));
  auto late = a.makeChannel("late");
  a.makeChannel("later");
  const auto unread = late->receive();
  negotiate(a, b);
  EXPECT_EQ(channels.front()->id(), 1);
  EXPECT_EQ(channels.back()->id(), 65'533);
  EXPECT_EQ(late->id(), std::nullopt);
  EXPECT_EQ(late->readyState(), RTCDataChannelState::closed);
  EXPECT_EQ(a.settle(unread).value(), std::nullopt);
  Log log = a.takeLog();
  std::erase_if(log, [](const std::string& line) { return !line.starts_with("late"); });
  EXPECT_THAT(log,
              ElementsAre("late error data-channel-failure", "later error data-channel-failure"));
  EXPECT_EQ(a.engine().all<session::OpenChannel>().size(), channels.size());
  EXPECT_EQ(nameThrownBy([&] { late->send("x"); }), "InvalidStateError");
  EXPECT_EQ(throws("latest", {}), "OperationError");
  EXPECT_EQ(late.use_count(), 1) << "the connection has let go of it";
}

TEST_F(DataChannelsTest, IdsBeyondWhatWasNegotiatedFailOnceThatIsKnown) {
  const auto low = a.makeChannel("low", negotiated(3));
  const auto high = a.makeChannel("high", negotiated(4));
  negotiate(a, b);
  a.takeLog();
  a.sctpConnected(4);
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("high error data-channel-failure", "high close closed"));
  EXPECT_EQ(low->readyState(), RTCDataChannelState::connecting);
  EXPECT_EQ(a.engine().last<session::CloseChannel>().id,
            a.engine().all<session::OpenChannel>()[1].id);
}

// --- what the engine is told and tells

TEST_F(DataChannelsTest, TheEngineLearnsEveryParameter) {
  RTCDataChannelInit init = negotiated(8);
  init.ordered = false;
  init.maxPacketLifeTime = 500;
  init.protocol = "chat";
  init.priority = RTCPriorityType::high;
  a.makeChannel("x", init);
  EXPECT_EQ(a.realm->sessionsOpened, 0);  // there is no association to open it in
  negotiate(a, b);
  const channel::Parameters asked = a.engine().last<session::OpenChannel>().parameters;
  EXPECT_EQ(asked.label, "x");
  EXPECT_EQ(asked.protocol, "chat");
  EXPECT_FALSE(asked.ordered);
  EXPECT_EQ(asked.maxPacketLifeTime, 500);
  EXPECT_EQ(asked.maxRetransmits, std::nullopt);
  EXPECT_EQ(asked.priority, 1'024);
  EXPECT_TRUE(asked.negotiated);
  EXPECT_EQ(asked.stream->value, 8);
}

TEST_F(DataChannelsTest, AnAnnouncedChannelIsOpenInItsEventAndFiresOpenRightAfter) {  // C-8
  a.makeChannel("x");
  connect(100);
  channel::Parameters parameters;
  parameters.ordered = false;
  parameters.maxRetransmits = 3;
  parameters.protocol = "chat";
  parameters.priority = 512;
  const auto id = a.announce("theirs", 4, parameters);
  a.message(id, "hello");
  a.realm->run();
  EXPECT_THAT(a.takeLog(),
              ElementsAre("datachannel theirs open", "theirs open", "theirs message hello"));
  const auto theirs = a.announced.at(0);
  EXPECT_EQ(theirs->id(), 4);
  EXPECT_FALSE(theirs->ordered());
  EXPECT_FALSE(theirs->negotiated());
  EXPECT_EQ(theirs->maxRetransmits(), 3);
  EXPECT_EQ(theirs->protocol(), "chat");
  EXPECT_EQ(theirs->priority(), RTCPriorityType::medium);
  theirs->close();
  EXPECT_EQ(a.engine().last<session::CloseChannel>().id, id);
}

TEST_F(DataChannelsTest, AChannelClosedBeforeItWasAskedForNeverIs) {
  const auto x = a.makeChannel("x");
  x->close();
  EXPECT_EQ(x->readyState(), RTCDataChannelState::closing);
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("negotiationneeded", "x close closed"));
  negotiate(a, b);
  EXPECT_EQ(a.engine().count<session::OpenChannel>(), 0u);
}

TEST_F(DataChannelsTest, AMessageForNobodyLeavesTheReceiveWindow) {
  a.makeChannel("x");
  connect(100);
  a.message(channel::ChannelId{77}, "lost");
  a.realm->run();
  EXPECT_EQ(a.engine().last<session::Consumed>().payload, 4u);
  EXPECT_THAT(a.log, IsEmpty());
}

TEST_F(DataChannelsTest, AnAssociationThatFailsClosesAllWithItsCause) {
  a.makeChannel("x");
  a.makeChannel("y");
  connect(100);
  session::SctpStateChanged failed{};
  failed.state = session::SctpState::closed;
  failed.causeCode = 13;
  a.engine().tell(failed);
  a.realm->run();
  EXPECT_THAT(a.takeLog(), ElementsAre("x error sctp-failure 13", "x close closed",
                                       "y error sctp-failure 13", "y close closed"));
}

}  // namespace
}  // namespace parley::peer
