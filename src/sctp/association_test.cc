#include "sctp/association.h"

#include "sctp/cookie.h"
#include "sctp/packet/error_causes.h"
#include "sctp/packet/init_chunk.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/testing.h"

namespace parley::sctp {
namespace {

using testing::Bench;
using testing::Collected;
using testing::dataChunk;
using testing::packetOf;
using testing::Pair;

ChunkType typeOf(Bytes packet) { return ChunkType{packet[12]}; }
Tag tagOf(Bytes packet) { return {WireReader(packet.subspan(4)).u32()}; }

TEST(Handshake, SendsInitAgainAfterOneSecondAndThenEveryThree) {
  Bench bench;
  Collected wire;
  Association association(Config{}, wire);
  Step step = bench.step();
  association.connect(step);
  association.flush(step);
  ASSERT_EQ(wire.packets.size(), 1u);
  EXPECT_EQ(typeOf(wire.packets[0]), ChunkType::init);
  EXPECT_EQ(tagOf(wire.packets[0]), Tag{0});
  for (const Duration wait : {1'000ms, 2'000ms, 3'000ms, 3'000ms}) {
    EXPECT_EQ(association.deadline(), bench.now + wait);
    bench.now += wait;
    Step later = bench.step();
    association.onTimer(later);
    association.flush(later);
  }
  EXPECT_EQ(wire.packets.size(), 5u);
  EXPECT_EQ(wire.packets[4], wire.packets[0]);
}

TEST(Handshake, WorksWhenOnlyOneSideConnects) {
  Pair pair;
  Step step = pair.bench.step();
  pair.a.association.connect(step);
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.b.count<Connected>() == 1; }, 100ms));
  ASSERT_TRUE(pair.runUntil([&] { return pair.a.count<Connected>() == 1; }, 100ms));
  EXPECT_EQ(pair.sent, 4u);
}

TEST(Handshake, GrantsTheSmallerNumberOfStreams) {
  Config a, b;
  a.streamsOut = 100;
  a.streamsIn = 200;
  b.streamsOut = 150;
  b.streamsIn = 50;
  Pair pair(1, a, b);
  pair.connectAndWait();
  EXPECT_EQ(pair.a.all<Connected>()[0].streamsOut, 50);
  EXPECT_EQ(pair.a.all<Connected>()[0].streamsIn, 150);
  EXPECT_EQ(pair.b.all<Connected>()[0].streamsOut, 150);
}

// S-16, S-18: any packet of either handshake may be lost, doubled or late.
TEST(Handshake, EndsInOneAssociationWhateverHappensToThePackets) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Pair pair(seed);
    pair.quality = {0.3, 0.3, 0.5, 10ms};
    if (seed % 3 == 0) {
      Step step = pair.bench.step();
      pair.a.association.connect(step);
      pair.settle();
      pair.runFor(Duration(static_cast<std::int64_t>(seed * 500)));
      Step later = pair.bench.step();
      pair.b.association.connect(later);
      pair.settle();
    } else {
      pair.connect();
    }
    ASSERT_TRUE(pair.runUntil(
        [&] { return pair.a.count<Connected>() == 1 && pair.b.count<Connected>() == 1; }, 120s))
        << seed;
    Step step = pair.bench.step();
    ASSERT_TRUE(pair.a.association.send(step, {{0}, {51}, {1}}));
    ASSERT_TRUE(pair.b.association.send(step, {{0}, {51}, {2}}));
    pair.settle();
    ASSERT_TRUE(pair.runUntil(
        [&] { return pair.a.count<Received>() == 1 && pair.b.count<Received>() == 1; }, 60s))
        << seed;
    pair.runFor(5s);
    EXPECT_EQ(pair.a.count<Connected>() + pair.b.count<Connected>(), 2u);
    EXPECT_EQ(pair.a.count<Failed>() + pair.b.count<Failed>(), 0u);
    EXPECT_EQ(pair.a.count<Restarted>() + pair.b.count<Restarted>(), 0u);
  }
}

TEST(Handshake, AnAssociationThatRestartsIsNoticed) {  // RFC 9260 5.2.4 A, S-18
  Pair pair;
  pair.connectAndWait();
  Collected wire;
  Association reborn(Config{}, wire);  // in the place of b
  Step step = pair.bench.step();
  reborn.connect(step);
  std::vector<ByteVector> toReborn;
  pair.filter = [&](int from, Bytes packet) {
    if (from == 0) toReborn.push_back(toVector(packet));
    return true;
  };
  for (int i = 0; i < 4; ++i) {
    reborn.flush(step);
    for (const ByteVector& packet : wire.packets) pair.a.association.receive(step, packet);
    wire.packets.clear();
    pair.settle();
    for (const ByteVector& packet : toReborn) reborn.receive(step, packet);
    toReborn.clear();
  }
  EXPECT_EQ(pair.a.count<Restarted>(), 1u);
  EXPECT_EQ(reborn.state(), State::established);
  EXPECT_EQ(pair.a.association.state(), State::established);
}

struct Cookies : ::testing::Test {
  // Runs the handshake of a bare association up to its cookie.
  ByteVector cookieFrom(Association& association, Tag tag = {77}) {
    InitChunk init;
    init.tag = tag;
    init.receiverWindow = 100'000;
    init.streamsOut = init.streamsIn = 10;
    init.initialTsn = {1};
    init.extensions = {true, true};
    Step step = bench.step();
    association.receive(step, packetOf({0}, {init.toChunk(ChunkType::init)}));
    association.flush(step);
    std::vector<ChunkView> chunks;
    EXPECT_TRUE(parsePacket(wire.packets.back(), chunks));
    const auto ack = InitChunk::parse(chunks.at(0).body);
    localTag = ack->tag;
    return ack->cookie;
  }
  void echo(Association& association, Bytes cookie, Tag tag) {
    Step step = bench.step();
    association.receive(step, packetOf(tag, {makeChunk(ChunkType::cookieEcho, 0, cookie)}));
    association.flush(step);
  }
  Bench bench;
  Collected wire;
  Tag localTag;
};

TEST_F(Cookies, AnyChangedBitOrLengthIsRefusedInSilence) {  // S-5
  Association association(Config{}, wire);
  const ByteVector cookie = cookieFrom(association);
  const std::size_t packets = wire.packets.size();
  for (std::size_t bit = 0; bit < cookie.size() * 8; ++bit) {
    ByteVector forged = cookie;
    forged[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    echo(association, forged, localTag);
  }
  for (std::size_t size = 0; size < cookie.size(); ++size) {
    echo(association, Bytes(cookie).first(size), localTag);
  }
  ByteVector longer = cookie;
  longer.push_back(0);
  echo(association, longer, localTag);
  echo(association, cookie, {localTag.value + 1});
  EXPECT_EQ(association.state(), State::closed);
  EXPECT_EQ(wire.packets.size(), packets);
  echo(association, cookie, localTag);
  EXPECT_EQ(association.state(), State::established);
  EXPECT_EQ(typeOf(wire.packets.back()), ChunkType::cookieAck);
}

TEST_F(Cookies, AStaleOneIsAnsweredWithAnError) {  // S-5
  Association association(Config{}, wire);
  const ByteVector cookie = cookieFrom(association);
  bench.now += 60s + 1us;
  echo(association, cookie, localTag);
  EXPECT_EQ(association.state(), State::closed);
  std::vector<ChunkView> chunks;
  ASSERT_TRUE(parsePacket(wire.packets.back(), chunks));
  EXPECT_EQ(chunks[0].type, ChunkType::error);
  EXPECT_EQ(firstCause(chunks[0].body), 3);
}

TEST_F(Cookies, AnotherAssociationsCookieIsWorthless) {  // S-5
  Association one(Config{}, wire), other(Config{}, wire);
  const ByteVector cookie = cookieFrom(one);
  const Tag tag = localTag;
  cookieFrom(other);
  echo(other, cookie, tag);
  EXPECT_EQ(other.state(), State::closed);
}

TEST_F(Cookies, ADuplicateIsAcknowledgedAgainInEveryLaterState) {  // S-5
  Association association(Config{}, wire);
  const ByteVector cookie = cookieFrom(association);
  for (int i = 0; i < 3; ++i) {
    echo(association, cookie, localTag);
    EXPECT_EQ(typeOf(wire.packets.back()), ChunkType::cookieAck);
  }
  int connected = 0;
  while (auto event = association.nextEvent()) {
    connected += std::holds_alternative<Connected>(*event);
  }
  EXPECT_EQ(connected, 1);
}

TEST_F(Cookies, InitsCostNoStateAndBoundedAnswers) {  // S-18
  Association association(Config{}, wire);
  InitChunk init;
  init.tag = {5};
  init.receiverWindow = 100'000;
  init.streamsOut = init.streamsIn = 65'535;
  Step step = bench.step();
  const ByteVector packet = packetOf({0}, {init.toChunk(ChunkType::init)});
  for (int i = 0; i < 10'000; ++i) association.receive(step, packet);
  association.flush(step);
  EXPECT_LE(wire.packets.size(), 8u);
  EXPECT_GT(association.stats().dropped(Drop::tooManyAnswers), 9'000u);
  EXPECT_EQ(association.state(), State::closed);
}

TEST_F(Cookies, UnusableInitsAreRefused) {  // S-18
  for (int which = 0; which < 4; ++which) {
    Association association(Config{}, wire);
    wire.packets.clear();
    InitChunk init;
    init.tag = {which == 0 ? 0u : 5u};
    init.streamsOut = which == 1 ? 0 : 10;
    init.streamsIn = which == 2 ? 0 : 10;
    init.receiverWindow = which == 3 ? 1'499 : 100'000;
    Step step = bench.step();
    association.receive(step, packetOf({0}, {init.toChunk(ChunkType::init)}));
    association.flush(step);
    if (which == 0) {
      EXPECT_TRUE(wire.packets.empty());
    } else {
      ASSERT_EQ(wire.packets.size(), 1u);
      EXPECT_EQ(typeOf(wire.packets[0]), ChunkType::abort);
      EXPECT_EQ(tagOf(wire.packets[0]), Tag{5});
    }
  }
}

// S-6, S-7: every chunk with a wrong, zero and reflected tag, in every state.
TEST(Tags, NothingWithAWrongTagChangesAnything) {
  const std::uint8_t types[] = {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 130, 192, 63, 127, 191, 255};
  for (int phase = 0; phase < 4; ++phase) {
    for (const std::uint8_t type : types) {
      for (const std::uint8_t flags : {std::uint8_t{0}, std::uint8_t{1}}) {
        for (const std::uint32_t tag : {0u, 1u, 0xdead'beefu}) {
          Pair pair;
          Step step = pair.bench.step();
          if (phase == 1) pair.a.association.connect(step);
          if (phase >= 2) pair.connectAndWait();
          if (phase == 3) {
            pair.filter = [](int, Bytes) { return true; };
            pair.a.association.shutdown(step);
          }
          pair.settle();
          const State before = pair.a.association.state();
          const std::size_t events = pair.a.events.size();
          pair.a.association.receive(
              step, packetOf({tag}, {makeChunk(ChunkType{type}, flags, ByteVector(12, 9))}));
          pair.settle();
          ASSERT_EQ(pair.a.association.state(), before) << int(type) << " in " << phase;
          ASSERT_EQ(pair.a.events.size(), events);
        }
      }
    }
  }
}

TEST(Tags, AReflectedAbortIsBelievedOnlyWithThePeersTag) {  // RFC 9260 8.5.1 B
  Pair pair;
  pair.connectAndWait();
  Step step = pair.bench.step();
  const ByteVector fromA = pair.a.association.abortPacket();
  const Tag ofB = tagOf(fromA), ofA = tagOf(pair.b.association.abortPacket());
  pair.a.association.receive(step, packetOf(ofA, {makeChunk(ChunkType::abort, kTagReflected)}));
  EXPECT_EQ(pair.a.association.state(), State::established);
  pair.a.association.receive(step, packetOf(ofB, {makeChunk(ChunkType::abort, 0)}));
  EXPECT_EQ(pair.a.association.state(), State::established);
  pair.a.association.receive(step, packetOf(ofB, {makeChunk(ChunkType::abort, kTagReflected)}));
  EXPECT_EQ(pair.a.association.state(), State::ended);
}

TEST(Tags, PacketsOutOfTheBlueAreAnsweredByTheRules) {  // RFC 9260 8.4
  Bench bench;
  Collected wire;
  Association association(Config{}, wire);
  auto answerTo = [&](ChunkType type) -> std::optional<ByteVector> {
    wire.packets.clear();
    Step step = bench.step();
    association.receive(step, packetOf({42}, {makeChunk(type, 0, ByteVector(12))}));
    association.flush(step);
    if (wire.packets.empty()) return std::nullopt;
    EXPECT_EQ(tagOf(wire.packets[0]), Tag{42});
    EXPECT_EQ(wire.packets[0][13], kTagReflected);
    return wire.packets[0];
  };
  EXPECT_EQ(typeOf(*answerTo(ChunkType::data)), ChunkType::abort);
  EXPECT_EQ(typeOf(*answerTo(ChunkType::heartbeat)), ChunkType::abort);
  EXPECT_EQ(typeOf(*answerTo(ChunkType::shutdownAck)), ChunkType::shutdownComplete);
  EXPECT_FALSE(answerTo(ChunkType::abort));
  EXPECT_FALSE(answerTo(ChunkType::shutdownComplete));
  EXPECT_FALSE(answerTo(ChunkType::cookieAck));
  EXPECT_FALSE(answerTo(ChunkType::error));
}

TEST(Ending, AbortLeavesAtOnceAndIsTheSameBytesForTheTail) {
  Pair pair;
  pair.connectAndWait();
  const ByteVector tail = pair.a.association.abortPacket();
  ByteVector sent;
  pair.filter = [&](int, Bytes packet) {
    sent = toVector(packet);
    return false;
  };
  Step step = pair.bench.step();
  pair.a.association.abort(step);
  EXPECT_EQ(sent, tail);
  EXPECT_EQ(pair.a.association.abortPacket(), tail);
  EXPECT_EQ(pair.a.association.deadline(), never());
  pair.runFor(1s);
  ASSERT_EQ(pair.b.count<Failed>(), 1u);
  EXPECT_EQ(pair.b.all<Failed>()[0].why, Failed::Why::abortedByPeer);
  EXPECT_EQ(pair.b.all<Failed>()[0].causeCode, 12);
  EXPECT_EQ(pair.a.count<Failed>(), 0u);
  const auto packets = pair.sent;
  pair.a.association.receive(step,
                             packetOf({0}, {makeChunk(ChunkType::init, 0, ByteVector(16, 9))}));
  pair.settle();
  EXPECT_EQ(pair.sent, packets);  // silent
  EXPECT_EQ(pair.b.association.deadline(), never());
}

TEST(Ending, ShutdownDeliversWhatIsQueuedAndClosesBothSidesOnceInAnyWeather) {  // S-16
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Pair pair(seed);
    pair.connectAndWait();
    pair.quality = {0.2, 0.2, 0.3, 10ms};
    Step step = pair.bench.step();
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(pair.a.association.send(step, {{0}, {51}, testing::pattern(3'000, 1)}));
    }
    pair.a.association.shutdown(step);
    EXPECT_EQ(pair.a.association.send(step, {{0}, {51}, {1}}).error(), SendError::closing);
    if (seed % 4 == 0) pair.b.association.shutdown(step);
    pair.settle();
    ASSERT_TRUE(pair.runUntil(
        [&] {
          return pair.a.association.state() == State::ended &&
                 pair.b.association.state() == State::ended;
        },
        60s))
        << seed;
    pair.runFor(1s);
    EXPECT_EQ(pair.b.count<Received>(), 20u) << seed;
    // The last SHUTDOWN COMPLETE is answered for as long as the peer asks, so nobody times out.
    EXPECT_EQ(pair.a.count<Closed>(), 1u) << seed;
    EXPECT_EQ(pair.b.count<Closed>(), 1u) << seed;
    EXPECT_EQ(pair.a.association.deadline(), never());
    EXPECT_EQ(pair.b.association.deadline(), never());
  }
}

TEST(Ending, ShutdownGivesUpOnASilentPeer) {
  Pair pair;
  pair.connectAndWait();
  pair.filter = [](int, Bytes) { return true; };
  Step step = pair.bench.step();
  pair.a.association.shutdown(step);
  pair.settle();
  ASSERT_TRUE(pair.runUntil([&] { return pair.a.count<Failed>() == 1; }, 16s));
  EXPECT_EQ(pair.a.all<Failed>()[0].why, Failed::Why::shutdownTimeout);
}

TEST(Heartbeat, BeatsWhenIdleAndIsAnswered) {  // S-14
  Pair pair;
  pair.connectAndWait();
  std::vector<ByteVector> beats;
  pair.filter = [&](int from, Bytes packet) {
    if (from == 0 && typeOf(packet) == ChunkType::heartbeat) beats.push_back(toVector(packet));
    return false;
  };
  pair.runFor(32s);
  ASSERT_EQ(beats.size(), 1u);
  EXPECT_EQ(pair.a.association.stats().smoothedRoundTrip, Duration(20ms));
  // A forged answer changes nothing.
  Step step = pair.bench.step();
  ByteVector body;
  appendTlv(body, 1, ByteVector(8, 7));
  const Tag ofA = tagOf(pair.b.association.abortPacket());
  pair.a.association.receive(step, packetOf(ofA, {makeChunk(ChunkType::heartbeatAck, 0, body)}));
  EXPECT_EQ(pair.a.association.stats().dropped(Drop::badHeartbeat), 1u);
  EXPECT_EQ(pair.a.association.stats().smoothedRoundTrip, Duration(20ms));
  // One too large to be answered in a packet is not answered.
  const auto sent = pair.sent;
  const ByteVector large = makeChunk(ChunkType::heartbeat, 0, ByteVector(1'400));
  pair.a.association.receive(step, packetOf(ofA, {large}));
  pair.settle();
  EXPECT_EQ(pair.sent, sent);
}

TEST(Idle, WakesUpRarely) {  // INV-13
  Pair pair;
  pair.connectAndWait();
  int turns = 0;
  pair.runUntil([&] { return ++turns > 1'000; }, 120s);
  EXPECT_LT(turns, 60);
}

}  // namespace
}  // namespace parley::sctp
