#include "sctp/testing.h"

namespace parley::sctp {
namespace {

using testing::Pair;
using testing::pattern;

void sendFrom(Pair& pair, testing::End& end, StreamId stream, ByteVector payload,
              const SendOptions& options = {}) {
  Step step = pair.bench.step();
  ASSERT_TRUE(end.association.send(step, {stream, {51}, std::move(payload)}, options));
}

std::vector<Message> messagesOf(const testing::End& end) {
  std::vector<Message> messages;
  for (const Received& received : end.all<Received>()) messages.push_back(received.message);
  return messages;
}

TEST(Transfer, DeliversOneSmallMessageAfterOneTrip) {
  Pair pair;
  pair.connectAndWait();
  sendFrom(pair, pair.a, {3}, pattern(10, 1));
  pair.settle();
  pair.runFor(10ms);
  const auto messages = messagesOf(pair.b);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].stream, StreamId{3});
  EXPECT_EQ(messages[0].protocol, PayloadProtocol{51});
  EXPECT_EQ(messages[0].payload, pattern(10, 1));
}

TEST(Transfer, CarriesEverySizeAroundThePacketBoundaries) {  // C-5
  Config config;
  config.sendMessageMax = 0;
  Pair pair(1, config, config);
  pair.connectAndWait();
  std::vector<std::size_t> sizes;
  for (std::size_t size = 1; size <= 20; ++size) sizes.push_back(size);
  for (std::size_t size = 1'140; size <= 1'200; ++size) sizes.push_back(size);
  for (std::size_t size = 2'310; size <= 2'330; ++size) sizes.push_back(size);
  for (const std::size_t size : {65'535u, 65'536u, 262'143u, 262'144u}) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    sendFrom(pair, pair.a, {0}, pattern(size, static_cast<std::uint32_t>(size)));
  }
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == sizes.size(); }));
  const auto messages = messagesOf(pair.b);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    ASSERT_EQ(messages[i].payload, pattern(sizes[i], static_cast<std::uint32_t>(sizes[i])));
  }
  EXPECT_EQ(pair.b.association.stats().bytesHeld, 0u);
  EXPECT_EQ(pair.b.association.stats().bytesUnread, 0u);
}

TEST(Transfer, BundlesSmallMessagesIntoOnePacket) {
  Pair pair;
  pair.connectAndWait();
  const auto before = pair.a.association.stats().packetsSent;
  for (int i = 0; i < 20; ++i) sendFrom(pair, pair.a, {0}, pattern(20, 1));
  pair.settle();
  EXPECT_EQ(pair.a.association.stats().packetsSent, before + 1);
}

TEST(Transfer, AcknowledgesEverySecondPacketAtOnceAndASingleOneAfter200Milliseconds) {
  Pair pair;
  pair.connectAndWait();
  auto sacks = [&] { return pair.b.association.stats().sacksSent; };
  const auto before = sacks();
  sendFrom(pair, pair.a, {0}, pattern(10, 1));
  pair.settle();
  pair.runFor(209ms);
  EXPECT_EQ(sacks(), before);
  pair.runFor(2ms);
  EXPECT_EQ(sacks(), before + 1);
  sendFrom(pair, pair.a, {0}, pattern(1'160, 1));
  sendFrom(pair, pair.a, {0}, pattern(1'160, 1));
  pair.settle();
  pair.runFor(10ms);
  EXPECT_EQ(sacks(), before + 2);
}

TEST(Transfer, ReportsBytesWhenTheyAreFirstSentAndOnlyThen) {
  Pair pair;
  pair.connectAndWait();
  bool lose = true;
  pair.filter = [&](int from, Bytes) { return from == 0 && lose; };
  sendFrom(pair, pair.a, {1}, pattern(500, 1));
  sendFrom(pair, pair.a, {1}, pattern(700, 1));
  SendOptions uncounted;
  uncounted.counted = false;
  sendFrom(pair, pair.a, {1}, pattern(9, 1), uncounted);
  EXPECT_EQ(pair.a.association.bytesQueued(), 1'209u);
  pair.settle();
  const auto sent = pair.a.all<BytesSent>();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].stream, StreamId{1});
  EXPECT_EQ(sent[0].bytes, 1'200u);
  pair.runFor(5s);
  lose = false;
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 3; }));
  EXPECT_EQ(pair.a.count<BytesSent>(), 1u);
  EXPECT_GT(pair.a.association.stats().chunksRetransmitted, 0u);
}

TEST(Transfer, TakesTurnsBetweenStreams) {
  Config config;
  config.sendMessageMax = 0;
  Pair pair(1, config, config);
  pair.connectAndWait();
  for (int i = 0; i < 40; ++i) sendFrom(pair, pair.a, {0}, pattern(50'000, 0));
  sendFrom(pair, pair.a, {1}, pattern(100, 1));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] {
    const auto m = messagesOf(pair.b);
    return std::ranges::any_of(m, [](const Message& one) { return one.stream == StreamId{1}; });
  }));
  EXPECT_LE(pair.b.count<Received>(), 2u);
}

TEST(Transfer, RecoversALostPacketWithoutATimeout) {
  Pair pair;
  pair.connectAndWait();
  int data = 0;
  pair.filter = [&](int from, Bytes packet) { return from == 0 && packet[12] == 0 && ++data == 3; };
  for (int i = 0; i < 10; ++i) sendFrom(pair, pair.a, {0}, pattern(1'000, 1));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 10; }, 100ms));
  EXPECT_EQ(pair.a.association.stats().timeouts, 0u);
  EXPECT_EQ(pair.a.association.stats().fastRecoveries, 1u);
  EXPECT_EQ(pair.a.association.stats().chunksRetransmitted, 1u);
}

TEST(Transfer, RecoversALostTailByTimeout) {
  Pair pair;
  pair.connectAndWait();
  int data = 0;
  pair.filter = [&](int from, Bytes) { return from == 0 && ++data == 1; };
  sendFrom(pair, pair.a, {0}, pattern(1'000, 1));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1; }, 600ms));
  EXPECT_EQ(pair.a.association.stats().timeouts, 1u);
}

TEST(Transfer, SurvivesAnOutageOfAMinute) {
  Pair pair;
  pair.connectAndWait();
  bool dark = true;
  pair.filter = [&](int, Bytes) { return dark; };
  sendFrom(pair, pair.a, {0}, pattern(20'000, 1));
  pair.settle();
  pair.runFor(60s);
  dark = false;
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1; }, 4s));
}

TEST(Transfer, KeepsItsStateWhenThePacketPoolIsOutAndGoesOnLater) {
  Pair pair;
  pair.connectAndWait();
  std::vector<Packet> hogs;
  while (Packet packet = pair.bench.pool.take()) hogs.push_back(std::move(packet));
  sendFrom(pair, pair.a, {0}, pattern(5'000, 1));
  pair.settle();
  EXPECT_EQ(pair.b.count<Received>(), 0u);
  EXPECT_NE(pair.a.association.deadline(), never());
  EXPECT_GT(pair.a.association.stats().poolRefusals, 0u);
  hogs.clear();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1; }, 200ms));
}

TEST(Transfer, ClosesTheWindowWhileTheReaderStopsAndReopensIt) {  // S-12
  Config config;
  config.receiveWindow = 128u << 10;
  config.receiveMessageMax = 64u << 10;
  Pair pair(1, config, config);
  pair.connectAndWait();
  pair.b.reads = false;
  for (int i = 0; i < 100; ++i) sendFrom(pair, pair.a, {0}, pattern(10'000, 1));
  pair.settle();
  pair.runFor(30s);
  const std::size_t unread = pair.b.count<Received>();
  EXPECT_GE(unread, 10u);
  EXPECT_LE(pair.b.association.stats().bytesUnread, 160u << 10);
  EXPECT_LE(pair.b.association.stats().receiverWindow, 10'000u);
  // The reader comes back, and the packet that says so is lost.
  pair.b.reads = true;
  int lost = 0;
  pair.filter = [&](int from, Bytes) { return from == 1 && lost++ == 0; };
  Step step = pair.bench.step();
  pair.b.association.consumed(step, unread * 10'000, unread);
  pair.settle();
  EXPECT_EQ(lost, 1);
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 100; }, 8s));
}

TEST(Transfer, TellsOfAReopenedWindowWithoutBeingAsked) {  // S-12
  Config config;
  config.receiveWindow = 128u << 10;
  config.receiveMessageMax = 64u << 10;
  Pair pair(1, config, config);
  pair.connectAndWait();
  pair.b.reads = false;
  for (int i = 0; i < 100; ++i) sendFrom(pair, pair.a, {0}, pattern(10'000, 1));
  pair.settle();
  pair.runFor(10s);
  const std::size_t unread = pair.b.count<Received>();
  pair.b.reads = true;
  Step step = pair.bench.step();
  pair.b.association.consumed(step, unread * 10'000, unread);
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() > unread + 2; }, 50ms));
}

TEST(Transfer, FillsAFastPathWithinAFewRoundTrips) {  // S-17
  Config config;
  config.sendMessageMax = 0;
  Pair pair(1, config, config);
  pair.quality.latency = 25ms;
  pair.connectAndWait();
  for (int i = 0; i < 40; ++i) sendFrom(pair, pair.a, {0}, pattern(250'000, 1));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 40; }, 3s));
  EXPECT_EQ(pair.a.association.stats().chunksRetransmitted, 0u);
}

TEST(Transfer, SwallowsAnOversizedMessageAndSaysSo) {
  Config sender, receiver;
  sender.sendMessageMax = 0;
  receiver.receiveMessageMax = 100'000;
  Pair pair(1, sender, receiver);
  pair.connectAndWait();
  sendFrom(pair, pair.a, {2}, pattern(100'001, 1));
  sendFrom(pair, pair.a, {2}, pattern(100'000, 1));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1; }));
  ASSERT_EQ(pair.b.count<Oversized>(), 1u);
  EXPECT_EQ(messagesOf(pair.b)[0].payload.size(), 100'000u);
  EXPECT_EQ(pair.b.association.stats().bytesHeld, 0u);
}

TEST(Transfer, RefusesWhatCannotBeSent) {
  Config config;
  config.sendMessageMax = 1'000;
  config.sendQueueMax = 1'500;
  config.streamsOut = 4;
  Pair pair(1, config);
  Step step = pair.bench.step();
  auto error = [&](Message message) {
    const auto result = pair.a.association.send(step, std::move(message));
    return result ? std::optional<SendError>() : std::optional(result.error());
  };
  EXPECT_EQ(error({{0}, {51}, {}}), SendError::empty);
  EXPECT_EQ(error({{0}, {51}, ByteVector(1'001)}), SendError::tooLarge);
  EXPECT_EQ(error({{4}, {51}, ByteVector(1)}), SendError::noSuchStream);
  EXPECT_EQ(error({{3}, {51}, ByteVector(1'000)}), std::nullopt);
  EXPECT_EQ(error({{3}, {51}, ByteVector(501)}), SendError::queueFull);
  pair.a.association.abort(step);
  EXPECT_EQ(error({{0}, {51}, ByteVector(1)}), SendError::closing);
}

struct Storm {
  std::uint64_t seed;
  double loss, duplicate, reorder;
  bool wrap;
};

// What one end must get: streams 0 to 3 in order, stream 10 in any order, 20 to 22 if at all.
struct Wanted {
  std::vector<ByteVector> ordered[4], unordered, partial;
  std::size_t reliable = 0;
};

struct InAStorm : ::testing::TestWithParam<Storm> {
  InAStorm() : pair(GetParam().seed, sizeless(), sizeless()), dice(GetParam().seed * 977) {
    const Storm storm = GetParam();
    if (storm.wrap) {  // the second number of the first end is its initial TSN
      pair.bench.secrets.skip = 1;
      pair.bench.secrets.afterSkip = 0xffff'ffff - 20;
    }
    pair.quality = {storm.loss, storm.duplicate, storm.reorder, 10ms};
  }

  static Config sizeless() {
    Config config;
    config.sendMessageMax = 0;
    return config;
  }

  std::size_t drawSize() {
    const std::uint64_t kind = dice.below(20);
    if (kind == 0) return 1 + dice.below(60'000);
    return kind < 5 ? 1 + dice.below(4'000) : 1 + dice.below(300);
  }

  void sendOne(std::uint32_t number) {
    const std::size_t from = dice.below(2);
    ByteVector payload = pattern(drawSize(), number);
    SendOptions options;
    StreamId stream{static_cast<std::uint16_t>(dice.below(4))};
    const std::uint64_t reliability = dice.below(6);
    if (reliability < 3) {
      wanted[from].ordered[stream.value].push_back(payload);
      ++wanted[from].reliable;
    } else if (reliability == 3) {
      stream = {10};
      options.ordered = false;
      wanted[from].unordered.push_back(payload);
      ++wanted[from].reliable;
    } else {
      stream = {static_cast<std::uint16_t>(20 + dice.below(3))};
      options.ordered = dice.below(2) == 0;
      if (reliability == 4) options.retransmitsMax = static_cast<std::uint16_t>(dice.below(3));
      if (reliability == 5) options.lifetime = 50ms;
      wanted[from].partial.push_back(payload);
    }
    sendFrom(pair, from == 0 ? pair.a : pair.b, stream, std::move(payload), options);
  }

  bool isQuiet() {
    const auto quiet = [](const testing::End& end) {
      return end.association.stats().unacknowledgedChunks == 0 &&
             end.association.bytesQueued() == 0;
    };
    return quiet(pair.a) && quiet(pair.b);
  }

  static void check(const testing::End& to, Wanted& expected) {
    Wanted got;
    for (Message& message : messagesOf(to)) {
      if (message.stream.value < 20) ++got.reliable;
      auto& kind = message.stream.value < 4     ? got.ordered[message.stream.value]
                   : message.stream.value == 10 ? got.unordered
                                                : got.partial;
      kind.push_back(std::move(message.payload));
    }
    EXPECT_EQ(got.reliable, expected.reliable);
    for (std::size_t stream = 0; stream < 4; ++stream) {
      EXPECT_TRUE(got.ordered[stream] == expected.ordered[stream]) << "stream " << stream;
    }
    for (Wanted* side : {&got, &expected}) {
      std::ranges::sort(side->unordered);
      std::ranges::sort(side->partial);
    }
    EXPECT_TRUE(got.unordered == expected.unordered);
    EXPECT_TRUE(std::ranges::includes(expected.partial, got.partial));
    EXPECT_GT(got.partial.size(), expected.partial.size() / 4);
    EXPECT_EQ(to.association.stats().bytesHeld, 0u);
  }

  Pair pair;
  Random dice;
  Wanted wanted[2];  // by sender
};

// Thousands of messages of all sizes over a bad network, both ways at once (INV-1, INV-2, S-11).
TEST_P(InAStorm, ReliableMessagesArriveOnceAndInOrderAndUnreliableOnesWholeOrNot) {
  pair.connect();
  ASSERT_TRUE(pair.runUntil(
      [&] { return pair.a.count<Connected>() == 1 && pair.b.count<Connected>() == 1; }));
  for (std::uint32_t i = 0; i < 1'500; ++i) {
    sendOne(i);
    if (dice.below(10) != 0) continue;
    pair.settle();
    pair.runFor(Duration(static_cast<std::int64_t>(dice.below(20'000))));
  }
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return isQuiet(); }, 600s));
  check(pair.b, wanted[0]);
  check(pair.a, wanted[1]);
  EXPECT_EQ(pair.a.count<Failed>() + pair.b.count<Failed>(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, InAStorm,
                         ::testing::Values(Storm{1, 0, 0, 0, false}, Storm{2, 0.01, 0, 0, true},
                                           Storm{3, 0.05, 0.05, 0.2, false},
                                           Storm{4, 0.05, 0.05, 0.2, true},
                                           Storm{5, 0.2, 0.1, 0.5, true},
                                           Storm{6, 0, 0.3, 0.9, true}, Storm{7, 0.1, 0, 0, false},
                                           Storm{8, 0.3, 0.3, 0.3, true}));

TEST(Transfer, StreamSequenceNumbersWrap) {  // S-11
  Pair pair;
  pair.connectAndWait();
  for (std::uint32_t round = 0; round < 70; ++round) {
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      sendFrom(pair, pair.a, {7}, {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(round)});
    }
    pair.settle();
    ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1'000; }));
    const auto messages = messagesOf(pair.b);
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      ASSERT_EQ(messages[i].payload[0], static_cast<std::uint8_t>(i));
      ASSERT_EQ(messages[i].payload[1], static_cast<std::uint8_t>(round));
    }
    pair.b.events.clear();
  }
}

TEST(PartialReliability, GivesUpAfterTheRetransmissionsAllowed) {
  Pair pair;
  pair.connectAndWait();
  int copies = 0;
  pair.filter = [&](int from, Bytes packet) {
    const bool data = from == 0 && packet[12] == 0;
    copies += data;
    return data;
  };
  SendOptions once;
  once.retransmitsMax = 1;
  sendFrom(pair, pair.a, {0}, pattern(100, 1), once);
  pair.settle();
  pair.runFor(20s);
  EXPECT_EQ(copies, 2);
  EXPECT_EQ(pair.a.association.stats().messagesAbandoned, 1u);
  EXPECT_EQ(pair.a.association.stats().unacknowledgedChunks, 0u);
  pair.filter = nullptr;
  sendFrom(pair, pair.a, {0}, pattern(10, 2));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1; }, 50ms));
  EXPECT_EQ(messagesOf(pair.b)[0].payload, pattern(10, 2));
}

TEST(PartialReliability, DropsAMessageWhoseLifetimeEndedBeforeItsFirstByte) {
  Pair pair;
  SendOptions brief;
  brief.lifetime = 100ms;
  sendFrom(pair, pair.a, {0}, pattern(100, 1), brief);
  sendFrom(pair, pair.a, {0}, pattern(100, 2));
  pair.runFor(200ms);
  pair.connectAndWait();
  ASSERT_EQ(pair.b.count<Received>(), 1u);
  EXPECT_EQ(messagesOf(pair.b)[0].payload, pattern(100, 2));
  EXPECT_EQ(pair.a.association.bytesQueued(), 0u);
  EXPECT_EQ(pair.a.all<BytesSent>()[0].bytes, 200u);
}

TEST(PartialReliability, AnAbandonedLongMessageDoesNotBlockWhatFollows) {
  Config config;
  config.sendMessageMax = 0;
  Pair pair(1, config, config);
  pair.connectAndWait();
  int data = 0;
  pair.filter = [&](int from, Bytes packet) { return from == 0 && packet[12] == 0 && ++data == 2; };
  SendOptions none;
  none.retransmitsMax = 0;
  sendFrom(pair, pair.a, {0}, pattern(100'000, 1), none);
  sendFrom(pair, pair.a, {0}, pattern(10, 2));
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Received>() == 1; }, 2s));
  EXPECT_EQ(messagesOf(pair.b)[0].payload, pattern(10, 2));
  EXPECT_EQ(pair.a.association.bytesQueued(), 0u);
  ASSERT_TRUE(pair.runUntil([&] { return pair.a.association.stats().unacknowledgedChunks == 0; }));
  EXPECT_EQ(pair.b.association.stats().bytesHeld, 0u);
}

}  // namespace
}  // namespace parley::sctp
