#include <charconv>
#include <fstream>

#include "sctp/packet/error_causes.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/testing.h"

// Faults that other stacks had, by the ids of docs/known-weaknesses.md: those that need more than
// one bad packet.

namespace parley::sctp {
namespace {

using testing::packetOf;
using testing::Pair;
using testing::pattern;

Tag tagOf(Bytes packet) { return {WireReader(packet.subspan(4)).u32()}; }

// What of the address space is writable: the heap, the stacks, the globals. Not so a sanitizer's
// shadow, which is below 4 GiB and in pieces of terabytes: too many numbers point there by chance.
class OwnMemory {
 public:
  OwnMemory() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      Range range{};
      const char* const end = line.data() + line.size();
      const auto first = std::from_chars(line.data(), end, range.begin, 16);
      const auto last = std::from_chars(first.ptr + 1, end, range.end, 16);
      const bool isWritable = std::string_view(last.ptr, end).starts_with(" rw");
      const bool isShadow = range.begin >> 32 == 0 || (range.end - range.begin) >> 36 != 0;
      if (isWritable && !isShadow) ranges_.push_back(range);
    }
  }
  bool contains(std::uint64_t number) const {
    if (number >> 47 != 0 || number >> 32 == 0)
      return false;  // nearly all; nothing is mapped there
    return std::ranges::any_of(
        ranges_, [&](const Range& one) { return one.begin <= number && number < one.end; });
  }
  // Eight bytes anywhere, in either order of bytes, that are an address of ours.
  bool isLeakedIn(Bytes bytes) const {
    for (std::size_t at = 0; at + 8 <= bytes.size(); ++at) {
      std::uint64_t native = 0;
      std::memcpy(&native, bytes.data() + at, 8);
      if (contains(native) || contains(std::byteswap(native))) return true;
    }
    return false;
  }

 private:
  struct Range {
    std::uint64_t begin, end;
  };
  std::vector<Range> ranges_;
};

// Everything an association says: both handshakes, data, loss, resets, heartbeats, errors, the end.
TEST(KnownSctp, S4NoPacketContainsAnAddressOfOurs) {
  const auto onHeap = std::make_unique<int>();
  const auto pointer = reinterpret_cast<std::uint64_t>(onHeap.get());
  ByteVector leaky = pattern(40, 1);
  std::memcpy(leaky.data() + 13, &pointer, 8);
  std::size_t packets = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Pair pair(seed);
    pair.quality = {.loss = 0.05, .duplicate = 0.05, .reorder = 0.1};
    std::vector<ByteVector> said;
    pair.filter = [&](int, Bytes packet) {
      said.push_back(toVector(packet));
      return false;
    };
    pair.connectAndWait();
    for (std::uint16_t i = 0; i < 40; ++i) {
      Step step = pair.bench.step();
      SendOptions options;
      if (i % 3 == 0) options.retransmitsMax = 0;
      ASSERT_TRUE(pair.a.association.send(step, {{i}, {51}, pattern(i * 97u + 1, i)}, options));
      pair.settle();
      pair.runFor(20ms);
    }
    Step step = pair.bench.step();
    const StreamId streams[] = {{1}, {2}};
    pair.a.association.resetStreams(step, streams);
    pair.settle();
    pair.runFor(70s);
    const Tag ofA = tagOf(pair.b.association.abortPacket());
    Step later = pair.bench.step();
    pair.a.association.receive(later, packetOf(ofA, {makeChunk(ChunkType{200}, 0, leaky)}));
    pair.settle();
    said.pop_back();  // the ERROR says back what it was told, and only that
    pair.b.association.shutdown(later);
    pair.settle();
    pair.runFor(5s);
    const OwnMemory memory;
    ASSERT_TRUE(memory.isLeakedIn(leaky)) << "the search finds nothing";
    for (const ByteVector& packet : said) ASSERT_FALSE(memory.isLeakedIn(packet));
    packets += said.size();
  }
  EXPECT_GT(packets, 1'000u);
}

struct Heartbeats : ::testing::Test {
  // Idle until a heartbeat of `a` is on its way to nobody; its information is kept.
  void SetUp() override {
    pair.connectAndWait();
    ofA = tagOf(pair.b.association.abortPacket());
    roundTrip = stats().smoothedRoundTrip;
    pair.filter = [this](int from, Bytes packet) {
      const bool isBeat = from == 0 && ChunkType{packet[12]} == ChunkType::heartbeat;
      if (isBeat) info = toVector(packet.subspan(kCommonHeader + kChunkHeader));
      return isBeat;
    };
    ASSERT_TRUE(pair.runUntil([this] { return !info.empty(); }, 60s));
  }
  void answer(Bytes body) {
    Step step = pair.bench.step();
    pair.a.association.receive(step, packetOf(ofA, {makeChunk(ChunkType::heartbeatAck, 0, body)}));
    pair.settle();
  }
  Stats stats() { return pair.a.association.stats(); }

  Pair pair;
  Tag ofA;
  ByteVector info;
  Duration roundTrip{};
};

TEST_F(Heartbeats, S14EveryForgedAnswerIsPassedOverAndTheTrueOneStillCounts) {
  std::uint64_t forged = 0;
  const auto forge = [&](Bytes body) {
    answer(body);
    ASSERT_EQ(stats().dropped(Drop::badHeartbeat), ++forged);
    ASSERT_EQ(stats().smoothedRoundTrip, roundTrip);
  };
  for (std::size_t bit = 0; bit < info.size() * 8; ++bit) {
    ByteVector flipped = info;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    forge(flipped);
  }
  for (std::size_t size = 0; size < info.size(); ++size) forge(Bytes(info).first(size));
  ByteVector twice = info;
  twice.insert(twice.end(), info.begin(), info.end());
  forge(twice);
  ByteVector large;
  appendTlv(large, 1, ByteVector(60'000, 3));
  forge(large);
  ByteVector future;
  appendTlv(future, 1, ByteVector(8, 0xff));  // where others keep a time
  forge(future);
  pair.runFor(1s);
  answer(info);
  EXPECT_EQ(stats().dropped(Drop::badHeartbeat), forged);
  EXPECT_GT(stats().smoothedRoundTrip, roundTrip);
  answer(info);  // it counts once
  EXPECT_EQ(stats().dropped(Drop::badHeartbeat), forged + 1);
  EXPECT_EQ(pair.a.association.state(), State::established);
}

TEST_F(Heartbeats, S14WhatIsSentBackNeverExceedsAPacket) {
  std::size_t answered = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1'000}, std::size_t{1'100},
                                 std::size_t{1'150}, std::size_t{1'200}, std::size_t{60'000}}) {
    std::vector<std::size_t> said;
    pair.filter = [&](int from, Bytes packet) {
      if (from == 0 && ChunkType{packet[12]} == ChunkType::heartbeatAck)
        said.push_back(packet.size());
      return false;
    };
    Step step = pair.bench.step();
    ByteVector body;
    appendTlv(body, 1, ByteVector(size, 4));
    pair.a.association.receive(step, packetOf(ofA, {makeChunk(ChunkType::heartbeat, 0, body)}));
    pair.settle();
    answered += said.size();
    for (const std::size_t one : said) EXPECT_LE(one, Config{}.packetSize);
    EXPECT_EQ(pair.a.association.state(), State::established);
  }
  EXPECT_GE(answered, 3u);
  EXPECT_LT(answered, 6u);
}

// One SACK ends, gives up and lets expire what lies beside each other in the same containers, while
// a stream is reset and the association may end in the middle of it. The debug build looks for what
// was used after it was freed, `inconsistency()` for what was counted wrongly.
TEST(KnownSctp, S15ExpiryAbandoningAndAcknowledgingInOneStepKeepTheBooks) {
  std::uint64_t abandoned = 0, delivered = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Pair pair(seed);
    pair.connectAndWait();
    pair.quality = {.loss = 0.3, .duplicate = 0.1, .reorder = 0.3, .latency = 5ms};
    for (int round = 0; round < 40; ++round) {
      Step step = pair.bench.step();
      for (std::uint16_t stream = 0; stream < 6; ++stream) {
        SendOptions options;
        options.ordered = stream % 2 == 0;
        if (pair.bench.random.below(2) == 0) {
          options.lifetime = Duration(static_cast<std::int64_t>(pair.bench.random.below(30'000)));
        } else if (stream != 0) {
          options.retransmitsMax = static_cast<std::uint16_t>(pair.bench.random.below(2));
        }
        const std::size_t size = 1 + pair.bench.random.below(6'000);
        ASSERT_TRUE(pair.a.association.send(step, {{stream}, {51}, pattern(size, 1)}, options));
      }
      if (round % 5 == 4) {
        const StreamId streams[] = {{static_cast<std::uint16_t>(round / 5 % 6)}};
        pair.a.association.resetStreams(step, streams);
      }
      pair.settle();
      pair.runFor(Duration(static_cast<std::int64_t>(pair.bench.random.below(20'000))));
      ASSERT_EQ(pair.a.association.inconsistency(), nullptr) << seed << " " << round;
      ASSERT_EQ(pair.b.association.inconsistency(), nullptr) << seed << " " << round;
    }
    if (seed % 3 == 0) {  // the peer ends it while all of that is under way
      Step step = pair.bench.step();
      const ByteVector abort = pair.b.association.abortPacket();
      pair.a.association.receive(step, abort);
    } else {
      pair.quality = {};
      ASSERT_TRUE(pair.runUntil(
          [&] {
            const Stats now = pair.a.association.stats();
            return now.bytesQueued == 0 && now.unacknowledgedChunks == 0;
          },
          120s))
          << seed;
    }
    abandoned += pair.a.association.stats().messagesAbandoned;
    delivered += pair.b.count<Received>();
  }
  EXPECT_GT(abandoned, 1'000u);
  EXPECT_GT(delivered, 1'000u);
}

}  // namespace
}  // namespace parley::sctp
