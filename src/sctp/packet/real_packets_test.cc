#include <gtest/gtest.h>

#include "sctp/association.h"
#include "sctp/crc32c.h"
#include "sctp/packet/data_chunk.h"
#include "sctp/packet/error_causes.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/packet/init_chunk.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/testing.h"

// Packets that Chromium 156 and Firefox 153 exchanged with aiortc, out of their DTLS records.

namespace parley::sctp {
namespace {

ByteVector fromHex(std::string_view hex) {
  ByteVector bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return bytes;
}

constexpr std::string_view kChromiumInit =
    "1388138800000000ed2faa400100001ef1d498d600500000fffffffff0a898f2c00000048008000682c00000";
constexpr std::string_view kFirefoxInit =
    "13881388000000005d0eaef0010000205bc2f31e01000000ffffffff3ea06d27c00000048008000882c040c2";
constexpr std::string_view kAiortcInitAck =
    "13881388f1d498d6b1bcac010200003cbfb5085c00100000ffffffff2e6fcce8c000000480080006c0820000"
    "0007001c6b029b0a11c8d6bc91bb7d18459c41ca4b445887b156590c";
constexpr std::string_view kCookieEcho =
    "13881388bfb5085c6c5f9a070a00001c6b029b0a11c8d6bc91bb7d18459c41ca4b445887b156590c";
constexpr std::string_view kOpen =
    "13881388bfb5085c061c3de70003001ff0a898f200010000000000320300010000000000000300006c616200";
constexpr std::string_view kHello =
    "13881388bfb5085c48dec8a800030019f0a898f3000100010000003368656c6c6f206c6162000000";
constexpr std::string_view kSack = "13881388bfb5085c24783770030000102e6fcce80048000000000000";
constexpr std::string_view kChromiumAbort =
    "13881388bfb5085c38aa47ee06000014000c0010436c6f73652063616c6c6564";
constexpr std::string_view kFirefoxReset =
    "1388138864f19ed1a92e03e282000016000d00123ea06d273ea06d273ea06d2800010000";
constexpr std::string_view kAiortcResetResponse =
    "138813885bc2f31e3613025b820000100010000c3ea06d2700000001";

const std::string_view kAll[] = {
    kChromiumInit, kFirefoxInit, kAiortcInitAck, kCookieEcho,   kOpen,
    kHello,        kSack,        kChromiumAbort, kFirefoxReset, kAiortcResetResponse};

TEST(RealPackets, AreAllWellFormedWithAGoodChecksum) {
  for (const std::string_view hex : kAll) {
    const ByteVector packet = fromHex(hex);
    EXPECT_TRUE(Association::isWellFormed(packet)) << hex;
    EXPECT_TRUE(hasValidChecksum(packet)) << hex;
  }
}

ChunkView onlyChunk(const ByteVector& packet) {
  static thread_local std::vector<ChunkView> chunks;
  EXPECT_TRUE(parsePacket(packet, chunks));
  EXPECT_EQ(chunks.size(), 1u);
  return chunks[0];
}

TEST(RealPackets, InitsSayWhatTheBrowsersCanDo) {
  const ByteVector chromium = fromHex(kChromiumInit), firefox = fromHex(kFirefoxInit);
  const auto a = InitChunk::parse(onlyChunk(chromium).body);
  ASSERT_TRUE(a);
  EXPECT_EQ(a->tag, Tag{0xf1d498d6});
  EXPECT_EQ(a->receiverWindow, 5u << 20);
  EXPECT_EQ(a->streamsOut, 65'535);
  EXPECT_EQ(a->initialTsn, Tsn{0xf0a898f2});
  EXPECT_TRUE(a->extensions.partialReliability && a->extensions.reConfig);
  EXPECT_TRUE(a->unrecognized.empty());
  const auto b = InitChunk::parse(onlyChunk(firefox).body);
  ASSERT_TRUE(b);
  EXPECT_EQ(b->receiverWindow, 16u << 20);
  EXPECT_TRUE(b->extensions.partialReliability && b->extensions.reConfig);
}

TEST(RealPackets, DataSackResetAndAbortRead) {
  const ByteVector hello = fromHex(kHello), sack = fromHex(kSack), reset = fromHex(kFirefoxReset),
                   response = fromHex(kAiortcResetResponse), abort = fromHex(kChromiumAbort);
  const auto data = DataChunk::parse(onlyChunk(hello));
  ASSERT_TRUE(data);
  EXPECT_EQ(textOf(data->payload), "hello lab");
  EXPECT_EQ(data->stream, StreamId{1});
  EXPECT_EQ(data->protocol, PayloadProtocol{51});
  const auto acked = SackChunk::parse(onlyChunk(sack).body);
  ASSERT_TRUE(acked);
  EXPECT_EQ(acked->cumulativeTsn, Tsn{0x2e6fcce8});
  EXPECT_EQ(acked->receiverWindow, 4'718'592u);
  const auto request = ReConfigChunk::parse(onlyChunk(reset).body);
  ASSERT_TRUE(request);
  const auto* outgoing = std::get_if<OutgoingResetRequest>(&request->parameters.at(0));
  ASSERT_TRUE(outgoing);
  EXPECT_EQ(outgoing->streams, std::vector{StreamId{1}});
  EXPECT_EQ(outgoing->lastTsn, Tsn{0x3ea06d28});
  const auto answer = ReConfigChunk::parse(onlyChunk(response).body);
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<ResetResponse>(answer->parameters.at(0)).result, ResetResult::performed);
  EXPECT_EQ(firstCause(onlyChunk(abort).body), 12);  // "Close called"
}

TEST(RealPackets, TruncatedAnywhereAreNeverReadBeyondTheirEnd) {  // S-2
  for (const std::string_view hex : kAll) {
    const ByteVector whole = fromHex(hex);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const ByteVector part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      Association::isWellFormed(part);  // under AddressSanitizer
      std::vector<ChunkView> chunks;
      if (!parsePacket(part, chunks)) continue;
      for (const ChunkView& chunk : chunks) {
        EXPECT_GE(chunk.whole.data(), part.data());
        EXPECT_LE(chunk.whole.data() + chunk.whole.size(), part.data() + part.size());
      }
    }
  }
}

TEST(RealPackets, ChromiumsInitIsAnsweredWithACookie) {
  testing::Bench bench;
  testing::Collected wire;
  Association association(Config{}, wire);
  Step step = bench.step();
  association.receive(step, fromHex(kChromiumInit));
  association.flush(step);
  ASSERT_EQ(wire.packets.size(), 1u);
  const auto ack = InitChunk::parse(onlyChunk(wire.packets[0]).body);
  ASSERT_TRUE(ack);
  EXPECT_FALSE(ack->cookie.empty());
  EXPECT_TRUE(ack->extensions.partialReliability && ack->extensions.reConfig);
  EXPECT_EQ(association.state(), State::closed);
}

TEST(Chunks, SurviveWritingAndReading) {
  SackChunk sack;
  sack.cumulativeTsn = {7};
  sack.receiverWindow = 99;
  sack.gaps = {{2, 3}, {5, 65'535}};
  sack.duplicates = {{1}, {2}};
  ByteVector bytes(sack.size());
  sack.write(bytes);
  const auto again = SackChunk::parse(Bytes(bytes).subspan(4));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->gaps[1].last, 65'535);
  EXPECT_EQ(again->duplicates[1], Tsn{2});

  ForwardTsnChunk forward{{9}, {{{1}, {2}}, {{3}, {4}}}};
  const ByteVector forwardBytes = forward.toChunk();
  const auto forwardAgain = ForwardTsnChunk::parse(Bytes(forwardBytes).subspan(4));
  ASSERT_TRUE(forwardAgain);
  EXPECT_EQ(forwardAgain->skipped[1].ssn, Ssn{4});

  ReConfigChunk both{{ResetResponse{5, ResetResult::inProgress},
                      OutgoingResetRequest{1, 2, {3}, {{4}, {5}, {6}}}}};
  const ByteVector bothBytes = both.toChunk();
  std::vector<ChunkView> chunks;
  ASSERT_TRUE(parsePacket(testing::packetOf({1}, {bothBytes}), chunks));
  const auto bothAgain = ReConfigChunk::parse(Bytes(bothBytes).subspan(4));
  ASSERT_TRUE(bothAgain);
  EXPECT_EQ(std::get<OutgoingResetRequest>(bothAgain->parameters.at(1)).streams.size(), 3u);
}

TEST(Chunks, RefuseCountsThatDoNotMatchTheirLength) {  // S-8
  ByteVector body(12);
  for (const int gaps : {1, 2, 255, 65'535}) {
    for (const int duplicates : {0, 1, 65'535}) {
      WireWriter(MutableBytes(body).subspan(8))
          .u16(static_cast<std::uint16_t>(gaps))
          .u16(static_cast<std::uint16_t>(duplicates));
      EXPECT_FALSE(SackChunk::parse(body));
    }
  }
  EXPECT_FALSE(ForwardTsnChunk::parse(ByteVector(3)));
  EXPECT_FALSE(ForwardTsnChunk::parse(ByteVector(6)));
  EXPECT_FALSE(ReConfigChunk::parse({}));
  EXPECT_FALSE(InitChunk::parse(ByteVector(15)));
}

TEST(Chunks, ReportUnknownParametersByTheirHighBits) {  // RFC 9260 3.2.1
  auto parse = [](std::uint16_t type) {
    ByteVector body(16, 1);
    appendTlv(body, type, ByteVector{1, 2, 3});
    appendTlv(body, 0xc000, {});
    return *InitChunk::parse(body);
  };
  EXPECT_FALSE(parse(0x0fff).extensions.partialReliability);  // stop
  EXPECT_TRUE(parse(0x0fff).unrecognized.empty());
  EXPECT_FALSE(parse(0x4fff).extensions.partialReliability);  // stop, report
  EXPECT_EQ(parse(0x4fff).unrecognized.size(), 1u);
  EXPECT_TRUE(parse(0x8fff).extensions.partialReliability);  // skip
  EXPECT_TRUE(parse(0x8fff).unrecognized.empty());
  EXPECT_TRUE(parse(0xcfff).extensions.partialReliability);  // skip, report
  EXPECT_EQ(parse(0xcfff).unrecognized.size(), 1u);
}

}  // namespace
}  // namespace parley::sctp
