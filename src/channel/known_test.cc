#include <gmock/gmock.h>

#include "channel/test_duo.h"

// Faults that other stacks had with data channels, by the ids of docs/known-weaknesses.md.

namespace parley::channel {
namespace {

using sctp::StreamId;

sctp::Config withStreams(std::uint16_t streams) {
  sctp::Config config;
  config.streamsIn = config.streamsOut = streams;
  return config;
}

// Both believe that they are the DTLS client, so each refuses whatever the other opens. A channel
// that is refused closes and is not tried again: an OPEN, its reset and the answers, and silence.
TEST(KnownChannels, C4APeerThatRefusesEveryOpenCostsABoundedAmountOfWork) {
  Duo duo;
  duo.connect(true);
  const std::uint64_t before = duo.pair.sent;
  constexpr std::uint32_t kChannels = 200;
  for (std::uint32_t id = 1; id <= kChannels; ++id) {
    ASSERT_TRUE(duo.open(duo.a, id));
    duo.run(1s);
  }
  duo.run(40s);
  EXPECT_EQ(Duo::all<Opened>(duo.aEvents).size(), kChannels);
  EXPECT_EQ(Duo::all<Closed>(duo.aEvents).size(), kChannels);
  EXPECT_EQ(duo.a.count(), 0u);
  EXPECT_TRUE(Duo::all<Announced>(duo.bEvents).empty());
  EXPECT_EQ(duo.b.stats().badOpens, kChannels);
  EXPECT_LE(duo.pair.sent - before, kChannels * 10);
  const std::uint64_t after = duo.pair.sent;
  duo.run(300s);
  EXPECT_LE(duo.pair.sent - after, 2 * 2 * (300 / 30 + 1)) << "heartbeats of both, and no more";
  EXPECT_EQ(duo.a.deadline(), never());
}

// An application that opens anew whenever its channel was refused turns once per round trip or
// slower, not as fast as the processor can.
TEST(KnownChannels, C4AnApplicationThatTriesAgainAtOnceIsHeldToRoundTrips) {
  Duo duo;
  duo.connect(true);
  std::uint32_t tries = 0;
  const Instant end = duo.pair.bench.now + 10s;
  while (duo.pair.bench.now < end) {
    ASSERT_TRUE(duo.open(duo.a, ++tries));
    duo.pair.settle();
    ASSERT_TRUE(duo.pair.runUntil([&] { return duo.a.count() == 0; }, 40s)) << tries;
  }
  EXPECT_GT(tries, 10u);
  EXPECT_LE(tries, 10s / (2 * duo.pair.quality.latency));
  EXPECT_EQ(duo.a.inconsistency(), nullptr);
  EXPECT_EQ(duo.b.inconsistency(), nullptr);
}

// Thousands of lives of few streams, from both sides at once and in bad weather.
TEST(KnownChannels, C2ThousandsOfGenerationsOfFewStreamsNeverMix) {
  constexpr std::uint32_t kLives = 2'000;
  Duo duo(11, withStreams(4));
  duo.connect();
  duo.pair.quality = {0.05, 0.05, 0.2, 5ms};
  std::uint32_t fromA = 0, fromB = 0;
  while (fromA < kLives || fromB < kLives) {
    const auto live = [&](Channels& from, std::uint32_t& lives, const char* side) {
      if (lives == kLives || !duo.open(from, lives + 1, labelled(side + std::to_string(lives + 1))))
        return;
      ++lives;
      duo.send(from, {lives}, side + std::to_string(lives));
      if (lives % 4 == 0) duo.pair.runFor(30ms);
      duo.close(from, {lives});
    };
    live(duo.a, fromA, "a");
    live(duo.b, fromB, "b");
    duo.pair.settle();
    ASSERT_TRUE(duo.pair.runUntil([&] { return duo.a.count() < 4 || duo.b.count() < 4; }, 60s));
    duo.pair.runFor(10ms);
    ASSERT_LT(duo.pair.bench.now, Instant{1'000s} + 2h) << fromA << " and " << fromB;
  }
  duo.run(40s);
  for (const auto* events : {&duo.aEvents, &duo.bEvents}) {
    std::map<ChannelId, std::string> labels;
    for (const auto& one : Duo::all<Announced>(*events)) labels[one.channel] = one.parameters.label;
    EXPECT_EQ(labels.size(), kLives);
    const auto arrived = Duo::all<MessageArrived>(*events);
    EXPECT_EQ(arrived.size(), kLives);
    for (const auto& one : arrived) ASSERT_EQ(textOf(one.data), labels[one.channel]);
    EXPECT_EQ(Duo::all<Closed>(*events).size(), 2 * kLives);
  }
}

TEST(KnownChannels, C3BothEndsRunOutOfTheirOwnStreamsAndOfNoOther) {
  Duo duo(1, withStreams(1'024));
  std::uint32_t id = 0;
  for (; id < 600; ++id) {  // at once, before either knows its role
    ASSERT_TRUE(duo.open(duo.a, id + 1));
    ASSERT_TRUE(duo.open(duo.b, id + 1));
  }
  duo.connect();
  duo.run();
  for (const auto* events : {&duo.aEvents, &duo.bEvents}) {
    EXPECT_EQ(Duo::all<Opened>(*events).size(), 512u);
    EXPECT_EQ(Duo::all<Announced>(*events).size(), 512u);
    const auto closed = Duo::all<Closed>(*events);
    ASSERT_EQ(closed.size(), 88u);
    for (const Closed& one : closed) EXPECT_EQ(one.error->why, CloseError::Why::exhausted);
  }
  EXPECT_EQ(duo.open(duo.a, ++id).error(), OpenError::exhausted);
  EXPECT_EQ(duo.open(duo.b, ++id).error(), OpenError::exhausted);
  for (const auto& opened : Duo::all<Opened>(duo.aEvents)) EXPECT_EQ(opened.stream.value % 2, 0);
  for (const auto& opened : Duo::all<Opened>(duo.bEvents)) EXPECT_EQ(opened.stream.value % 2, 1);
}

TEST(KnownChannels, C3AStreamOfTheOtherParityOrBeyondTheGrantIsRefused) {
  Duo duo(1, withStreams(8));
  duo.connect();
  const auto on = [](std::uint16_t stream, bool negotiated) {
    Parameters parameters;
    parameters.stream = StreamId{stream};
    parameters.negotiated = negotiated;
    return parameters;
  };
  EXPECT_EQ(duo.open(duo.a, 1, on(1, false)).error(), OpenError::streamInvalid);
  EXPECT_EQ(duo.open(duo.b, 1, on(0, false)).error(), OpenError::streamInvalid);
  for (const std::uint16_t stream :
       {std::uint16_t{8}, std::uint16_t{65'534}, std::uint16_t{65'535}})
    EXPECT_EQ(duo.open(duo.a, 1, on(stream, true)).error(), OpenError::streamInvalid);
  EXPECT_TRUE(duo.open(duo.a, 1, on(1, true)));  // parity binds only what DCEP announces
  EXPECT_TRUE(duo.open(duo.a, 2, on(7, true)));
  EXPECT_EQ(duo.a.inconsistency(), nullptr);
}

}  // namespace
}  // namespace parley::channel
