#include "session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/test_peer.h"

namespace parley::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct SessionTest : testing::Test, test::Couple {};

TEST_F(SessionTest, TwoSessionsConnectAndTalk) {
  ASSERT_TRUE(connect());
  EXPECT_EQ(alice.ice(), IceState::completed);
  EXPECT_EQ(alice.dtls(), DtlsState::connected);
  ASSERT_TRUE(openChannel());
  EXPECT_EQ(bob.allOfChannels<channel::Announced>()[0].parameters.label, "channel 1");
  alice.send(ChannelId{1}, "hello bob");
  bob.send(announced, "hello alice");
  net.runFor(1s);
  EXPECT_THAT(bob.messages(), ElementsAre("hello bob"));
  EXPECT_THAT(alice.messages(), ElementsAre("hello alice"));
}

TEST_F(SessionTest, TellsOfOneConnectionInTheOrderInWhichItCameToBe) {
  ASSERT_TRUE(connect());
  std::vector<std::string> order;
  for (const Event& event : alice.events) {
    if (std::holds_alternative<CandidateFound>(event)) order.push_back("candidate");
    if (std::holds_alternative<GatheringEnded>(event)) order.push_back("gathered");
    if (const auto* ice = std::get_if<IceStateChanged>(&event))
      order.push_back("ice " + std::to_string(static_cast<int>(ice->state)));
    if (const auto* dtls = std::get_if<DtlsStateChanged>(&event))
      order.push_back("dtls " + std::to_string(static_cast<int>(dtls->state)));
    if (std::holds_alternative<SctpStateChanged>(event)) order.push_back("sctp");
  }
  EXPECT_THAT(order, ElementsAre("candidate", "gathered", "ice 1", "ice 2", "dtls 0", "ice 3",
                                 "dtls 1", "sctp"));
  EXPECT_EQ(alice.all<GatheringEnded>()[0].ufrag, alice.credentials.ufrag);
  EXPECT_FALSE(alice.all<DtlsStateChanged>().back().remoteCertificate.empty());
  const auto pairs = alice.all<PairSelected>();
  ASSERT_FALSE(pairs.empty());
  EXPECT_EQ(pairs.back().local.address.ip.toString(), "10.0.0.1");
  EXPECT_EQ(pairs.back().remote.address.ip.toString(), "10.0.0.2");
}

TEST_F(SessionTest, BelievesAPortOnlyAfterTheFingerprintMatched) {
  alice.announces = test::makeIdentity(99);
  signal();
  net.runFor(15s);
  EXPECT_EQ(alice.dtls(), DtlsState::failed);
  EXPECT_TRUE(alice.all<DtlsStateChanged>().back().fingerprintMismatch);
  EXPECT_FALSE(alice.isConnected());
  EXPECT_FALSE(bob.isConnected());
}

TEST_F(SessionTest, ADtlsFailureEndsTheChannelsAndTheirSuccessors) {
  alice.announces = test::makeIdentity(99);
  signal();
  alice.open(1);
  net.runFor(15s);
  ASSERT_EQ(alice.dtls(), DtlsState::failed);
  ASSERT_EQ(alice.allOfChannels<channel::Closed>().size(), 1u);
  EXPECT_TRUE(alice.allOfChannels<channel::Closed>()[0].error.has_value());
  alice.open(2);
  EXPECT_EQ(alice.allOfChannels<channel::Closed>().size(), 2u);
}

TEST_F(SessionTest, CommandsForTransportsThatDoNotExistDoNothing) {
  const TransportId nowhere{77};
  alice.execute(SetRemoteIce{nowhere, bob.credentials, false});
  alice.execute(AddRemoteCandidate{nowhere, {}});
  alice.execute(EndRemoteCandidates{nowhere});
  alice.execute(RestartIce{nowhere, ice::Credentials::generate(net.secrets)});
  alice.execute(StartDtls{nowhere, true, {}});
  alice.execute(StartSctp{nowhere, 5'000, 5'000, 0});
  alice.execute(CloseTransport{nowhere});
  alice.execute(StopSctp{});
  alice.execute(SendMessage{ChannelId{1}, {1}, true});
  alice.execute(CloseChannel{ChannelId{1}});
  alice.execute(Consumed{ChannelId{1}, 100});
  EXPECT_THAT(alice.events, IsEmpty());
  ASSERT_TRUE(connect());
}

TEST_F(SessionTest, AnUnknownRemoteCandidateIsPassedOver) {  // I-8
  alice.create();
  ice::Candidate unresolved;
  unresolved.hostname = "a.local";
  alice.execute(AddRemoteCandidate{test::kTransport, unresolved});
  bob.create();
  exchange();
  alice.startSecure(bob);
  bob.startSecure(alice);
  EXPECT_TRUE(net.runUntil([&] { return alice.isConnected(); }, 5s));
}

TEST_F(SessionTest, CandidatesMayComeOneByOneAndLate) {
  alice.create();
  bob.create();
  alice.execute(SetRemoteIce{test::kTransport, bob.credentials, false});
  bob.execute(SetRemoteIce{test::kTransport, alice.credentials, false});
  alice.startSecure(bob);
  bob.startSecure(alice);
  net.runFor(2s);
  EXPECT_FALSE(alice.isConnected());
  // One side is enough: the other learns the address from the check.
  alice.execute(AddRemoteCandidate{test::kTransport, bob.all<CandidateFound>()[0].candidate});
  EXPECT_TRUE(net.runUntil([&] { return alice.isConnected() && bob.isConnected(); }, 5s));
}

TEST_F(SessionTest, ChannelsOpenedBeforeAnythingIsConnectedOpenAfterwards) {
  alice.open(1);
  alice.open(2);
  signal();
  ASSERT_TRUE(
      net.runUntil([&] { return bob.allOfChannels<channel::Announced>().size() == 2; }, 5s));
  EXPECT_EQ(alice.allOfChannels<channel::Opened>().size(), 2u);
}

TEST_F(SessionTest, DatagramsOfStrangersReachNothing) {  // D-16, I-1
  ASSERT_TRUE(connect());
  const auto seen = net.sent;
  const std::size_t events = alice.events.size();
  const std::size_t sent = net.sent.size();
  const Address stranger = *Address::parse("192.0.2.66:6666");
  for (const test::Flight& flight : seen)
    if (flight.isDtls() && flight.to.ip == alice.host.interfaceList[0].address)
      net.inject({.from = stranger, .to = flight.to, .bytes = flight.bytes, .sent = net.now});
  for (const int first : {4, 19, 64, 128, 191, 255})
    net.inject({.from = stranger,
                .to = seen[0].from,
                .bytes = ByteVector(50, static_cast<std::uint8_t>(first)),
                .sent = {}});
  net.inject({.from = stranger, .to = seen[0].from, .bytes = {}, .sent = {}});
  net.runFor(100ms);
  EXPECT_EQ(alice.events.size(), events);
  for (std::size_t i = sent; i < net.sent.size(); ++i) EXPECT_NE(net.sent[i].to, stranger);
}

TEST_F(SessionTest, AllPacketsAreGivenBackWhenNothingIsUnderWay) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  for (int i = 0; i < 100; ++i) alice.send(ChannelId{1}, std::string(2'000, 'x'));
  net.runFor(5s);
  EXPECT_EQ(bob.messages().size(), 100u);
  EXPECT_EQ(net.pool.inUse(), 0u);
}

// --- the receive window

TEST_F(SessionTest, UnconsumedMessagesStopTheSenderAndConsumingStartsItAgain) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  const std::string block(64u << 10, 'b');
  for (int i = 0; i < 40; ++i) alice.send(ChannelId{1}, block);  // 2.5 MiB for a window of 1 MiB
  net.runFor(5s);
  const std::size_t stopped = bob.messages().size();
  EXPECT_LT(stopped, 20u);
  for (std::size_t i = 0; i < stopped; ++i) bob.execute(Consumed{announced, block.size()});
  net.runFor(5s);
  EXPECT_GT(bob.messages().size(), stopped);
}

TEST_F(SessionTest, ConsumingReopensTheWindowEvenWhenTheChannelIsGone) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.open(2);
  const std::string block(64u << 10, 'b');
  for (int i = 0; i < 40; ++i) alice.send(ChannelId{1}, block);
  net.runFor(5s);
  const std::size_t taken = bob.messages().size();
  ASSERT_LT(taken, 20u) << "the window must be full";
  bob.execute(CloseChannel{announced});
  net.runFor(1s);
  for (std::size_t i = 0; i < taken; ++i) bob.execute(Consumed{announced, block.size()});
  net.runFor(5s);
  alice.send(ChannelId{2}, "through");
  net.runFor(5s);
  EXPECT_EQ(bob.messages().back(), "through");
}

// --- transports and descriptions that change

TEST_F(SessionTest, StoppingTheDataSectionClosesChannelsWithoutAnError) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.execute(StopSctp{});
  ASSERT_EQ(alice.allOfChannels<channel::Closed>().size(), 1u);
  EXPECT_EQ(alice.allOfChannels<channel::Closed>()[0].error->why,
            channel::CloseError::Why::associationClosed);
  net.runFor(1s);
  ASSERT_EQ(bob.allOfChannels<channel::Closed>().size(), 1u);  // an ABORT came
  EXPECT_EQ(bob.all<SctpStateChanged>().back().state, SctpState::closed);
  EXPECT_TRUE(bob.all<SctpStateChanged>().back().closedByPeer);
}

TEST_F(SessionTest, ADataSectionThatComesBackGetsAnAssociationOfItsOwn) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  const auto first = bob.allOfChannels<channel::Announced>().at(0).channel;
  alice.execute(StopSctp{});
  bob.execute(StopSctp{});
  net.runFor(1s);
  EXPECT_EQ(bob.all<SctpStateChanged>().back().association, 0u);
  alice.events.clear();
  bob.events.clear();
  alice.execute(StartSctp{test::kTransport, 5'000, 5'000, 262'144, 1});
  bob.execute(StartSctp{test::kTransport, 5'000, 5'000, 262'144, 1});
  alice.open(2);
  net.runFor(2s);
  EXPECT_TRUE(alice.isConnected());
  EXPECT_EQ(bob.all<SctpStateChanged>().back().association, 1u);
  ASSERT_EQ(bob.allOfChannels<channel::Announced>().size(), 1u);
  EXPECT_NE(bob.allOfChannels<channel::Announced>()[0].channel, first);
}

TEST_F(SessionTest, ClosingATransportClosesItsSocketsAndWhatRodeOnIt) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.execute(CloseTransport{test::kTransport});
  EXPECT_TRUE(alice.host.sockets.empty());
  EXPECT_EQ(alice.allOfChannels<channel::Closed>().size(), 1u);
  EXPECT_EQ(alice.host.guests(), 1u);
  net.runFor(1s);
  EXPECT_EQ(bob.dtls(), DtlsState::closed);
  alice.create();  // the same number again is a new transport
  EXPECT_EQ(alice.host.sockets.size(), 1u);
}

// --- ICE restart

TEST_F(SessionTest, ARestartGathersAgainOnTheSameSocketsAndDataGoesOn) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  for (int round = 1; round <= 3; ++round) {
    alice.restart();
    bob.restart();
    EXPECT_EQ(alice.all<GatheringEnded>().size(), static_cast<std::size_t>(round) + 1);
    EXPECT_EQ(alice.all<GatheringEnded>().back().ufrag, alice.credentials.ufrag);
    EXPECT_EQ(alice.all<CandidateFound>().back().candidate.usernameFragment,
              alice.credentials.ufrag);
    alice.send(ChannelId{1}, "while restarting " + std::to_string(round));
    net.runFor(100ms);
    exchange();
    net.runFor(5s);
    EXPECT_EQ(alice.host.sockets.size(), 1u);
    EXPECT_EQ(alice.ice(), IceState::completed) << round;
  }
  EXPECT_EQ(bob.messages().size(), 3u);
}

TEST_F(SessionTest, ASecondRestartBeforeTheFirstIsAnsweredKeepsThePath) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  alice.restart();
  alice.restart();
  alice.send(ChannelId{1}, "still there");
  net.runFor(1s);
  EXPECT_THAT(bob.messages(), ElementsAre("still there"));
  bob.restart();
  exchange();
  net.runFor(5s);
  EXPECT_EQ(alice.ice(), IceState::completed);
}

TEST_F(SessionTest, ARestartMovesToAnInterfaceThatCameSinceAndClosesTheLostOnesSocket) {
  ASSERT_TRUE(connect());
  ASSERT_TRUE(openChannel());
  const SocketId old = alice.host.sockets.begin()->first;
  alice.host.interfaceList.clear();
  alice.host.addInterface("10.0.1.1", InterfaceKind::cellular);
  net.passes = [&](const test::Flight& flight) {
    return flight.from.ip.toString() != "10.0.0.1" && flight.to.ip.toString() != "10.0.0.1";
  };
  alice.restart();
  EXPECT_EQ(alice.all<CandidateFound>().back().candidate.address.ip.toString(), "10.0.1.1");
  EXPECT_EQ(alice.host.sockets.size(), 2u) << "the old one is kept until ICE retires it";
  bob.restart();
  exchange();
  alice.send(ChannelId{1}, "from elsewhere");
  net.runFor(15s);
  EXPECT_THAT(bob.messages(), ElementsAre("from elsewhere"));
  EXPECT_EQ(alice.host.sockets.size(), 1u);
  EXPECT_FALSE(alice.host.sockets.contains(old));
  EXPECT_EQ(alice.all<PairSelected>().back().local.address.ip.toString(), "10.0.1.1");
}

TEST_F(SessionTest, AnnouncesTheMappedAddressAndBindsTheLocalOne) {
  test::Peer mapped(net, "10.0.0.9", true, {}, [](Config& config) {
    config.gather.addressMappings = {
        {*IpAddress::parse("10.0.0.9"), *IpAddress::parse("203.0.113.9")}};
  });
  mapped.create();
  EXPECT_EQ(mapped.all<CandidateFound>()[0].candidate.address.ip.toString(), "203.0.113.9");
  EXPECT_EQ(mapped.host.sockets.begin()->second.local.ip.toString(), "10.0.0.9");
}

}  // namespace
}  // namespace parley::session
