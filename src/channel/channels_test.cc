#include "channel/channels.h"

#include "channel/dcep.h"
#include "channel/test_duo.h"

namespace parley::channel {
namespace {

using sctp::StreamId;

TEST(Dcep, OpensSurviveWritingAndReading) {  // C-1
  Parameters parameters = labelled("label");
  parameters.protocol = "protocol";
  parameters.ordered = false;
  parameters.maxPacketLifeTime = 1'234;
  parameters.priority = 512;
  const ByteVector bytes = dcep::writeOpen(parameters);
  const auto again = dcep::parseOpen(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->label, "label");
  EXPECT_EQ(again->protocol, "protocol");
  EXPECT_FALSE(again->ordered);
  EXPECT_EQ(again->maxPacketLifeTime, 1'234);
  EXPECT_EQ(again->priority, 512);
  for (std::size_t size = 0; size < bytes.size(); ++size) {  // C-1
    EXPECT_FALSE(dcep::parseOpen(Bytes(bytes).first(size)));
  }
  ByteVector longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(dcep::parseOpen(longer));
  ByteVector unknown = bytes;
  unknown[1] = 3;
  EXPECT_EQ(dcep::parseOpen(unknown).error(), ParseError::unsupported);
}

TEST(Channels, OpenBeforeTheRoleIsKnownAreNumberedByIt) {
  Duo duo;
  ASSERT_TRUE(duo.open(duo.a, 1, labelled("one")));
  ASSERT_TRUE(duo.open(duo.a, 2, labelled("two")));
  ASSERT_TRUE(duo.open(duo.b, 1, labelled("three")));
  duo.connect();
  const auto opened = Duo::all<Opened>(duo.aEvents);
  ASSERT_EQ(opened.size(), 2u);
  EXPECT_EQ(opened[0].stream, StreamId{0});
  EXPECT_EQ(opened[1].stream, StreamId{2});
  EXPECT_EQ(Duo::all<Opened>(duo.bEvents).at(0).stream, StreamId{1});
  const auto announced = Duo::all<Announced>(duo.bEvents);
  ASSERT_EQ(announced.size(), 2u);
  EXPECT_EQ(announced[0].parameters.label, "one");
  EXPECT_TRUE(announced[0].channel.value & kAnnouncedBit);
  EXPECT_EQ(duo.b.state(announced[0].channel), State::open);
  EXPECT_EQ(duo.a.stats().opened, 3u);
}

TEST(Channels, CarryTextBinaryAndEmptyMessagesBothWays) {  // C-5
  Duo duo;
  ASSERT_TRUE(duo.open(duo.a, 1));
  duo.connect();
  const ChannelId theirs = Duo::all<Announced>(duo.bEvents).at(0).channel;
  for (const bool binary : {false, true}) {
    duo.send(duo.a, {1}, "hello", binary);
    duo.send(duo.a, {1}, "", binary);
    duo.send(duo.b, theirs, std::string(65'536, 'x'), binary);
  }
  duo.run();
  const auto toB = Duo::all<MessageArrived>(duo.bEvents);
  ASSERT_EQ(toB.size(), 4u);
  EXPECT_EQ(textOf(toB[0].data), "hello");
  EXPECT_FALSE(toB[0].binary || toB[1].binary);
  EXPECT_TRUE(toB[1].data.empty() && toB[3].data.empty());
  EXPECT_TRUE(toB[2].binary && toB[3].binary);
  EXPECT_EQ(Duo::all<MessageArrived>(duo.aEvents).at(1).data.size(), 65'536u);
  EXPECT_EQ(duo.pair.a.association.stats().bytesUnread, 0u);
  EXPECT_EQ(duo.pair.b.association.stats().bytesUnread, 0u);
  Step step = duo.pair.bench.step();
  EXPECT_EQ(duo.a.send(step, {1}, ByteVector(65'537), true).error(), SendError::tooLarge);
  EXPECT_EQ(duo.a.send(step, {9}, ByteVector(1), true).error(), SendError::notOpen);
}

TEST(Channels, CountBufferedBytesUntilTheyAreFirstSent) {  // C-6
  Duo duo;
  ASSERT_TRUE(duo.open(duo.a, 1));
  duo.connect();
  for (int i = 0; i < 10; ++i) duo.send(duo.a, {1}, std::string(50'000, 'x'));
  duo.send(duo.a, {1}, "");
  EXPECT_EQ(duo.a.bufferedAmount({1}), 500'000u);
  std::size_t told = 0, seen = 0;
  for (int i = 0; i < 400; ++i) {
    duo.run(5ms);
    for (; seen < duo.aEvents.size(); ++seen) {
      if (const auto* sent = std::get_if<BytesSent>(&duo.aEvents[seen])) told += sent->count;
    }
    ASSERT_EQ(duo.a.bufferedAmount({1}) + told, 500'000u);
  }
  EXPECT_EQ(told, 500'000u);
  Step step = duo.pair.bench.step();
  std::size_t accepted = 0;
  while (duo.a.send(step, {1}, ByteVector(60'000), true)) accepted += 60'000;
  EXPECT_LE(accepted, limits::channel::kSendBufferPerChannel);
  EXPECT_EQ(duo.a.bufferedAmount({1}), accepted);
}

TEST(Channels, CloseDeliversWhatWasSentAndIsToldOnceOnBothSides) {  // C-7
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Duo duo(seed);
    ASSERT_TRUE(duo.open(duo.a, 1));
    duo.connect();
    duo.pair.quality = {0.1, 0.1, 0.2, 10ms};
    for (int i = 0; i < 30; ++i) duo.send(duo.a, {1}, std::string(3'000, 'x'));
    duo.close(duo.a, {1});
    if (seed % 2) duo.close(duo.b, Duo::all<Announced>(duo.bEvents).at(0).channel);  // glare
    EXPECT_EQ(duo.a.state({1}), State::closing);
    duo.run(29s);
    const auto closedA = Duo::all<Closed>(duo.aEvents), closedB = Duo::all<Closed>(duo.bEvents);
    ASSERT_EQ(closedA.size(), 1u) << seed;
    ASSERT_EQ(closedB.size(), 1u) << seed;
    EXPECT_FALSE(closedA[0].error || closedB[0].error);
    EXPECT_EQ(Duo::all<Closing>(duo.aEvents).size(), 0u);
    if (seed % 2 == 0) {
      EXPECT_EQ(textsOf(duo.bEvents).size(), 30u);
      EXPECT_EQ(Duo::all<Closing>(duo.bEvents).size(), 1u);
    }
    EXPECT_EQ(duo.a.count() + duo.b.count(), 0u);
    EXPECT_EQ(duo.pair.b.association.stats().bytesUnread, 0u);
  }
}

TEST(Channels, ReuseAStreamOnlyAfterBothResetsAndNeverMixGenerations) {  // C-2
  sctp::Config config;
  config.streamsIn = config.streamsOut = 2;  // one stream for each side
  Duo duo(3, config);
  duo.connect();
  duo.pair.quality = {0.1, 0.1, 0.2, 5ms};
  for (std::uint32_t round = 1; round <= 150; ++round) {
    ASSERT_TRUE(duo.pair.runUntil([&] { return duo.a.count() == 0; }, 40s)) << round;
    ASSERT_TRUE(duo.open(duo.a, round, labelled(std::to_string(round)))) << round;
    EXPECT_EQ(duo.open(duo.a, 10'000 + round).error(), OpenError::exhausted);
    duo.send(duo.a, {round}, std::to_string(round));
    duo.pair.settle();
    if (round % 3 == 0) duo.pair.runFor(Duration(round * 100));
    duo.close(duo.a, {round});
    duo.pair.settle();
  }
  duo.run(40s);
  const auto announced = Duo::all<Announced>(duo.bEvents);
  ASSERT_EQ(announced.size(), 150u);
  std::map<ChannelId, std::string> labels;
  for (const auto& one : announced) labels[one.channel] = one.parameters.label;
  const auto arrived = Duo::all<MessageArrived>(duo.bEvents);
  ASSERT_EQ(arrived.size(), 150u);
  for (const auto& one : arrived) EXPECT_EQ(textOf(one.data), labels[one.channel]);
  EXPECT_EQ(Duo::all<Closed>(duo.aEvents).size(), 150u);
  EXPECT_EQ(Duo::all<Closed>(duo.bEvents).size(), 150u);
}

TEST(Channels, NegotiatedOnesOpenWithoutAWordAndCloseLikeOthers) {
  Duo duo;
  Parameters parameters;
  parameters.negotiated = true;
  EXPECT_EQ(duo.open(duo.a, 1, parameters).error(), OpenError::streamInvalid);
  parameters.stream = StreamId{7};
  ASSERT_TRUE(duo.open(duo.a, 1, parameters));
  EXPECT_EQ(duo.open(duo.a, 2, parameters).error(), OpenError::streamInUse);
  duo.connect();
  duo.send(duo.a, {1}, "early");
  duo.run(100ms);
  EXPECT_TRUE(duo.bEvents.empty());
  ASSERT_TRUE(duo.open(duo.b, 1, parameters));  // late: what came early waited
  duo.run(100ms);
  EXPECT_EQ(textsOf(duo.bEvents), std::vector<std::string>{"early"});
  EXPECT_TRUE(Duo::all<Announced>(duo.bEvents).empty());
  duo.close(duo.b, {1});
  duo.run();
  EXPECT_EQ(Duo::all<Closed>(duo.aEvents).size(), 1u);
  EXPECT_EQ(Duo::all<Closed>(duo.bEvents).size(), 1u);
}

TEST(Channels, DataWithoutAnOpenIsHeldBrieflyAndThenRefused) {  // C-8
  Duo duo;
  duo.connect();
  Step step = duo.pair.bench.step();
  ASSERT_TRUE(duo.pair.a.association.send(step, {{4}, dcep::kString, {1, 2, 3}}));
  duo.run(1s);
  EXPECT_GT(duo.pair.b.association.stats().bytesUnread, 0u);
  duo.run(3s);
  EXPECT_EQ(duo.pair.b.association.stats().bytesUnread, 0u);
  EXPECT_EQ(duo.b.stats().earlyDropped, 1u);
  EXPECT_GE(duo.pair.a.association.stats().resetsReceived, 1u);
  Step later = duo.pair.bench.step();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(duo.pair.a.association.send(later, {{6}, dcep::kString, ByteVector(3'000)}));
  }
  duo.run(100ms);
  EXPECT_LE(duo.pair.b.association.stats().bytesUnread, limits::channel::kEarlyBytes);
}

TEST(Channels, BadOpensAreCountedAndTheirStreamsReset) {  // C-1, C-3
  Duo duo;
  duo.connect();
  Step step = duo.pair.bench.step();
  auto control = [&](std::uint16_t stream, ByteVector message) {
    ASSERT_TRUE(duo.pair.a.association.send(step, {{stream}, dcep::kControl, std::move(message)}));
  };
  control(0, {3, 0});                               // truncated
  control(1, dcep::writeOpen(labelled("parity")));  // ours to give
  control(2, dcep::writeOpen(labelled("good")));
  control(2, dcep::writeOpen(labelled("in use")));
  control(4, {2});  // an ACK for nothing
  control(4, {9});  // of no known type
  duo.run();
  EXPECT_EQ(duo.b.stats().badOpens, 3u);
  EXPECT_EQ(duo.b.stats().badMessages, 2u);
  ASSERT_EQ(Duo::all<Announced>(duo.bEvents).size(), 1u);
  EXPECT_EQ(duo.pair.b.association.stats().bytesUnread, 0u);
  EXPECT_GE(duo.pair.b.association.stats().resetsSent, 1u);
}

TEST(Channels, SendEverythingInOrderUntilTheAckAndThenAsAsked) {  // RFC 8832 6
  Duo duo;
  duo.connect();
  Parameters parameters;
  parameters.ordered = false;
  ASSERT_TRUE(duo.open(duo.a, 1, parameters));
  std::vector<bool> unordered;
  duo.pair.filter = [&](int from, Bytes packet) {
    std::vector<sctp::ChunkView> chunks;
    EXPECT_TRUE(sctp::parsePacket(packet, chunks));
    for (const auto& chunk : chunks) {
      if (from == 0 && chunk.type == sctp::ChunkType::data) {
        unordered.push_back(chunk.flags & sctp::DataChunk::kUnordered);
      }
    }
    return false;
  };
  duo.send(duo.a, {1}, "before");
  duo.run(100ms);
  duo.send(duo.a, {1}, "after");
  duo.run(100ms);
  EXPECT_EQ(unordered, (std::vector<bool>{false, false, true}));
  EXPECT_EQ(textsOf(duo.bEvents), (std::vector<std::string>{"before", "after"}));
  EXPECT_FALSE(Duo::all<Announced>(duo.bEvents).at(0).parameters.ordered);
}

TEST(Channels, AcceptTheDeprecatedPartialMessages) {
  Duo duo;
  ASSERT_TRUE(duo.open(duo.b, 1));
  duo.connect();
  Step step = duo.pair.bench.step();
  auto raw = [&](sctp::PayloadProtocol protocol, std::string_view text) {
    ASSERT_TRUE(duo.pair.a.association.send(step, {{1}, protocol, toVector(bytesOf(text))}));
  };
  raw(dcep::kStringPartial, "one ");
  raw(dcep::kStringPartial, "long ");
  raw(dcep::kString, "text");
  raw(dcep::kBinaryPartial, "a");
  raw(dcep::kBinary, "b");
  raw({99}, "unknown");
  duo.run();
  EXPECT_EQ(textsOf(duo.bEvents), (std::vector<std::string>{"one long text", "ab"}));
  EXPECT_EQ(duo.b.stats().badMessages, 1u);
  EXPECT_EQ(duo.pair.b.association.stats().bytesUnread, 0u);
}

TEST(Channels, RunOutOfStreamsWithAnErrorAndGoOn) {  // C-3
  sctp::Config config;
  config.streamsIn = config.streamsOut = 8;
  Duo duo(1, config);
  for (std::uint32_t id = 1; id <= 6; ++id) ASSERT_TRUE(duo.open(duo.a, id));
  duo.connect();
  EXPECT_EQ(Duo::all<Opened>(duo.aEvents).size(), 4u);
  const auto closed = Duo::all<Closed>(duo.aEvents);
  ASSERT_EQ(closed.size(), 2u);
  EXPECT_EQ(closed[0].error->why, CloseError::Why::exhausted);
  EXPECT_EQ(duo.a.maxChannels(), 8);
  EXPECT_EQ(duo.open(duo.a, 9).error(), OpenError::exhausted);
  duo.close(duo.a, {2});
  duo.run();
  EXPECT_TRUE(duo.open(duo.a, 10));
  duo.run();
  EXPECT_EQ(duo.a.stream({10}), StreamId{2});
}

TEST(Channels, AllCloseWithTheCauseWhenThePeerAborts) {
  Duo duo;
  ASSERT_TRUE(duo.open(duo.a, 1));
  ASSERT_TRUE(duo.open(duo.a, 2));
  duo.connect();
  Step step = duo.pair.bench.step();
  duo.pair.b.association.abort(step);
  duo.run();
  const auto closed = Duo::all<Closed>(duo.aEvents);
  ASSERT_EQ(closed.size(), 2u);
  for (const Closed& one : closed) {
    ASSERT_TRUE(one.error);
    EXPECT_EQ(one.error->why, CloseError::Why::associationFailed);
    EXPECT_TRUE(one.error->abortedByPeer);
    EXPECT_EQ(one.error->causeCode, 12);
  }
  EXPECT_EQ(duo.open(duo.a, 3).error(), OpenError::ended);
  EXPECT_EQ(duo.a.deadline(), never());
}

TEST(Channels, AMessageBeyondWhatWeTakeClosesItsChannelWithAnError) {  // C-5
  Duo duo;
  duo.pair.a.association.setSendMessageMax(0);
  ASSERT_TRUE(duo.open(duo.a, 1));
  duo.connect();
  duo.send(duo.a, {1}, std::string(limits::sctp::kMessageMax + 1, 'x'), true);
  duo.run(5s);
  const auto closed = Duo::all<Closed>(duo.bEvents);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].error->why, CloseError::Why::messageTooLarge);
  EXPECT_EQ(Duo::all<Closed>(duo.aEvents).size(), 1u);
  EXPECT_TRUE(textsOf(duo.bEvents).empty());
}

TEST(Channels, CloseThirtySecondsAfterAPeerThatNeverResetsItsSide) {
  Duo duo;
  ASSERT_TRUE(duo.open(duo.a, 1));
  duo.connect();
  duo.pair.b.settle = [&](Step& step) {  // an application that ignores resets
    duo.pair.b.association.flush(step);
  };
  duo.close(duo.a, {1});
  duo.run(29s);
  EXPECT_TRUE(Duo::all<Closed>(duo.aEvents).empty());
  duo.run(3s);
  EXPECT_EQ(Duo::all<Closed>(duo.aEvents).size(), 1u);
}

TEST(Channels, HonourPartialReliability) {
  Duo duo;
  Parameters parameters;
  parameters.maxRetransmits = 0;
  ASSERT_TRUE(duo.open(duo.a, 1, parameters));
  duo.connect();
  bool lose = true;
  duo.pair.filter = [&](int from, Bytes packet) { return lose && from == 0 && packet[12] == 0; };
  duo.send(duo.a, {1}, "lost");
  duo.run();
  lose = false;
  duo.send(duo.a, {1}, "arrives");
  duo.run();
  EXPECT_EQ(textsOf(duo.bEvents), std::vector<std::string>{"arrives"});
  EXPECT_EQ(duo.pair.a.association.stats().messagesAbandoned, 1u);
}

}  // namespace
}  // namespace parley::channel
