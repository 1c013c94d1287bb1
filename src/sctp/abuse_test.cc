#include "sctp/cookie.h"
#include "sctp/packet/error_causes.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/packet/init_chunk.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/testing.h"

// A peer that has been authenticated and behaves badly. The ids are those of the list of
// vulnerabilities found in SCTP implementations.

namespace parley::sctp {
namespace {

using testing::Bench;
using testing::Collected;
using testing::dataChunk;
using testing::packetOf;

constexpr std::uint8_t kB = DataChunk::kBegin, kE = DataChunk::kEnd, kU = DataChunk::kUnordered;

// An association whose peer is the test.
struct Abuse : ::testing::Test {
  void establish(const Config& config = {}, Extensions extensions = {true, true},
                 Tsn initial = {1}) {
    association.emplace(config, wire);
    wire.packets.clear();
    InitChunk init;
    init.tag = {77};
    init.receiverWindow = 1'000'000;
    init.streamsOut = init.streamsIn = 65'535;
    init.initialTsn = initial;
    init.extensions = extensions;
    receive({init.toChunk(ChunkType::init)}, Tag{0});
    std::vector<ChunkView> chunks;
    ASSERT_TRUE(parsePacket(wire.packets.at(0), chunks));
    const auto ack = InitChunk::parse(chunks[0].body);
    tag = ack->tag;
    ownTsn = ack->initialTsn;
    receive({makeChunk(ChunkType::cookieEcho, 0, ack->cookie)});
    ASSERT_EQ(association->state(), State::established);
    wire.packets.clear();
  }
  void receive(const std::vector<ByteVector>& chunks, std::optional<Tag> with = {}) {
    Step step = bench.step();
    association->receive(step, packetOf(with.value_or(tag), chunks));
    association->flush(step);
  }
  void receiveData(std::uint32_t tsn, std::uint16_t stream, std::uint16_t ssn, std::uint8_t flags,
                   std::size_t size) {
    receive({dataChunk({tsn}, {stream}, {ssn}, flags, ByteVector(size, 1))});
  }
  std::vector<ByteVector> sentChunks(ChunkType type) {
    std::vector<ByteVector> found;
    for (const ByteVector& packet : wire.packets) {
      std::vector<ChunkView> chunks;
      EXPECT_TRUE(parsePacket(packet, chunks));
      for (const ChunkView& chunk : chunks) {
        if (chunk.type == type) found.push_back(toVector(chunk.body));
      }
    }
    return found;
  }
  template <class E>
  std::vector<E> events() {
    std::vector<E> found;
    while (auto event = association->nextEvent()) {
      if (auto* one = std::get_if<E>(&*event)) found.push_back(std::move(*one));
    }
    return found;
  }
  bool lives() { return association->state() == State::established; }

  Bench bench;
  Collected wire;
  std::optional<Association> association;
  Tag tag;
  Tsn ownTsn;
};

TEST_F(Abuse, EveryImpossibleChunkLengthDropsThePacketAndNothingElse) {  // S-1
  establish();
  Step step = bench.step();
  for (int type = 0; type < 256; ++type) {
    for (const int length : {0, 1, 2, 3, 17, 18, 1'000, 65'535}) {
      ByteVector packet =
          packetOf(tag, {makeChunk(ChunkType{static_cast<std::uint8_t>(type)}, 0, ByteVector(12))});
      packet[14] = static_cast<std::uint8_t>(length >> 8);
      packet[15] = static_cast<std::uint8_t>(length);
      writeChecksum(packet);
      association->receive(step, packet);
      ASSERT_TRUE(lives()) << type << " " << length;
    }
  }
  EXPECT_EQ(association->stats().dropped(Drop::malformedPacket), 256u * 8);
}

TEST_F(Abuse, EveryImpossibleParameterLengthIsRefused) {  // S-1
  establish();
  for (const int length : {0, 1, 2, 3, 9, 65'535}) {
    ByteVector tlv(8);
    WireWriter(tlv).u16(13).u16(static_cast<std::uint16_t>(length));
    receive({makeChunk(ChunkType::reConfig, 0, tlv)});
    receive({makeChunk(ChunkType::error, 0, tlv)});
    receive({makeChunk(ChunkType::heartbeatAck, 0, tlv)});
    ASSERT_TRUE(lives());
  }
  EXPECT_GE(association->stats().dropped(Drop::malformedChunk), 12u);
}

TEST_F(Abuse, RandomBytesAndRandomChunksNeverHurt) {  // S-2, S-3
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    wire.packets.clear();
    bench.random = Random(seed);
    establish({}, {true, true}, {0xffff'fff0});
    for (int i = 0; i < 60; ++i) {
      std::vector<ByteVector> chunks;
      for (std::uint64_t n = 1 + bench.random.below(3); n > 0; --n) {
        static constexpr std::uint8_t kTypes[] = {0, 0, 0,   3,   3,   4,   5,
                                                  7, 9, 130, 130, 192, 192, 77};
        ByteVector body(bench.random.below(40));
        for (auto& byte : body) {
          byte = static_cast<std::uint8_t>(bench.random.below(3) ? bench.random.below(4)
                                                                 : bench.random.u32());
        }
        // A TSN close to what is expected lets some of it in.
        if (body.size() >= 4) {
          WireWriter(body).u32(0xffff'fff0 + static_cast<std::uint32_t>(bench.random.below(40)));
        }
        chunks.push_back(makeChunk(ChunkType{kTypes[bench.random.below(std::size(kTypes))]},
                                   static_cast<std::uint8_t>(bench.random.below(16)), body));
      }
      receive(chunks);
      bench.now += 50ms;
      Step step = bench.step();
      association->onTimer(step);
      association->flush(step);
      if (!lives()) break;
    }
    for (const ByteVector& packet : wire.packets) {
      ASSERT_LE(packet.size(), limits::sctp::kPacketSize);  // INV-10
      ASSERT_TRUE(Association::isWellFormed(packet));
    }
  }
}

TEST_F(Abuse, ASackForWhatWasNeverSentIsIgnored) {  // S-8
  establish();
  Step step = bench.step();
  ASSERT_TRUE(association->send(step, {{0}, {51}, ByteVector(100)}));
  association->flush(step);
  SackChunk sack;
  sack.cumulativeTsn = ownTsn + 5;
  ByteVector bytes(sack.size());
  sack.write(bytes);
  receive({bytes});
  sack.cumulativeTsn = ownTsn - 1;
  sack.gaps = {{2, 65'535}};
  bytes.resize(sack.size());
  sack.write(bytes);
  receive({bytes});
  EXPECT_EQ(association->stats().dropped(Drop::badSack), 2u);
  EXPECT_EQ(association->stats().unacknowledgedChunks, 1u);
}

TEST_F(Abuse, HolesAndFirstFragmentsHoldABoundedAmount) {  // S-9
  Config config;
  config.receiveWindow = 256u << 10;
  config.receiveMessageMax = 64u << 10;
  for (const std::size_t size : {1u, 1'160u}) {
    establish(config);
    for (std::uint32_t tsn = 3; tsn < 60'000; tsn += 2) receiveData(tsn, 0, 0, kB, size);
    EXPECT_LE(association->stats().bytesHeld, 2 * config.receiveWindow);
    establish(config);
    for (std::uint32_t tsn = 2; tsn < 60'000; ++tsn) {
      receiveData(tsn, static_cast<std::uint16_t>(tsn), 1, kB | kE, size);
    }
    EXPECT_LE(association->stats().bytesHeld, 2 * config.receiveWindow);
    wire.packets.clear();
  }
}

TEST_F(Abuse, MessagesThatWaitForOneThatNeverComesEndTheAssociation) {  // S-9
  Config config;
  config.receiveWindow = 128u << 10;
  config.receiveMessageMax = 16u << 10;
  establish(config);
  std::uint32_t tsn = 1;
  for (std::uint16_t ssn = 1; lives() && ssn < 2'000; ++ssn) {
    receiveData(tsn++, 0, ssn, kB | kE, 1'000);
  }
  EXPECT_FALSE(lives());
  const auto failed = events<Failed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].why, Failed::Why::outOfResource);
  ASSERT_EQ(sentChunks(ChunkType::abort).size(), 1u);
}

TEST_F(Abuse, AReaderThatStopsHoldsTheSenderToTheWindow) {  // C-9
  Config config;
  config.receiveWindow = 128u << 10;
  config.receiveMessageMax = 16u << 10;
  establish(config);
  std::uint32_t tsn = 1;
  std::uint16_t ssn = 0;
  for (int i = 0; i < 20'000; ++i) receiveData(tsn++, 0, ssn++, kB | kE, 1);
  EXPECT_LE(association->stats().bytesUnread, 160u << 10);
  EXPECT_EQ(association->stats().receiverWindow, 0u);
  EXPECT_TRUE(lives());
}

TEST_F(Abuse, AStreamBeyondThoseGrantedIsReportedAndNotUsed) {  // RFC 9260 6.5
  establish();
  receiveData(1, 1'024, 0, kB | kE, 10);
  EXPECT_EQ(association->stats().dropped(Drop::badStream), 1u);
  const auto errors = sentChunks(ChunkType::error);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(firstCause(errors[0]), 1);
  receiveData(2, 1'023, 0, kB | kE, 10);
  EXPECT_EQ(events<Received>().size(), 1u);
}

TEST_F(Abuse, DataWithoutPayloadIsAnsweredWithAnAbort) {  // RFC 9260 6.2
  establish();
  receive({makeChunk(ChunkType::data, kB | kE, ByteVector(12))});
  const auto aborts = sentChunks(ChunkType::abort);
  ASSERT_EQ(aborts.size(), 1u);
  EXPECT_EQ(firstCause(aborts[0]), 9);
  EXPECT_EQ(events<Failed>().at(0).why, Failed::Why::protocolViolation);
}

TEST_F(Abuse, ForwardTsnsThatJumpTooFarAreDropped) {  // S-13
  establish();
  auto forward = [&](Tsn to, std::vector<ForwardTsnChunk::Skipped> skipped = {}) {
    receive({ForwardTsnChunk{to, std::move(skipped)}.toChunk()});
  };
  forward({0x8000'0000});
  forward({0x7fff'ffff});
  forward({100'000});
  forward({10}, {{{1'024}, {0}}});
  EXPECT_EQ(association->stats().dropped(Drop::badForwardTsn), 3u);  // the first is behind us
  receiveData(1, 0, 0, kB | kE, 10);
  EXPECT_EQ(events<Received>().size(), 1u);
  forward({5}, {{{0}, {7}}});
  receiveData(6, 0, 8, kB | kE, 10);
  EXPECT_EQ(events<Received>().size(), 1u);
  EXPECT_TRUE(lives());
}

TEST_F(Abuse, WhatWasNotNegotiatedIsUnknown) {  // S-13
  establish({}, {false, false});
  receive({ForwardTsnChunk{{5}, {}}.toChunk()});
  EXPECT_EQ(association->stats().dropped(Drop::unknownChunk), 1u);
  const auto errors = sentChunks(ChunkType::error);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(firstCause(errors[0]), 6);
  receive({ReConfigChunk{{OutgoingResetRequest{1, 0, {0}, {}}}}.toChunk()});
  EXPECT_TRUE(events<StreamsReset>().empty());
  Step step = bench.step();
  const StreamId stream{3};
  association->resetStreams(step, {&stream, 1});
  EXPECT_EQ(events<ResetFailed>().size(), 1u);
}

TEST_F(Abuse, UnknownChunksFollowTheirHighBits) {  // RFC 9260 3.2
  establish();
  auto behind = [&](std::uint8_t type) {
    wire.packets.clear();
    const auto before = association->stats().messagesReceived;
    static std::uint32_t tsn = 0;
    ++tsn;
    receive({makeChunk(ChunkType{type}, 0, ByteVector(4)),
             dataChunk({tsn}, {0}, {static_cast<std::uint16_t>(tsn - 1)}, kB | kE | kU, {{1}})});
    const bool went = association->stats().messagesReceived > before;
    if (!went) --tsn;
    return std::pair(went, sentChunks(ChunkType::error).size());
  };
  EXPECT_EQ(behind(0x3f), std::pair(false, std::size_t{0}));
  EXPECT_EQ(behind(0x7f), std::pair(false, std::size_t{1}));
  EXPECT_EQ(behind(0xbf), std::pair(true, std::size_t{0}));
  EXPECT_EQ(behind(0xff), std::pair(true, std::size_t{1}));
}

struct Resets : Abuse {
  std::optional<ResetResult> request(std::uint32_t sequence, std::uint32_t lastTsn,
                                     std::vector<StreamId> streams) {
    wire.packets.clear();
    receive({ReConfigChunk{{OutgoingResetRequest{sequence, 0, {lastTsn}, std::move(streams)}}}
                 .toChunk()});
    const auto answers = sentChunks(ChunkType::reConfig);
    if (answers.empty()) return std::nullopt;
    const auto parsed = ReConfigChunk::parse(answers.back());
    const auto* response = std::get_if<ResetResponse>(&parsed->parameters.at(0));
    EXPECT_EQ(response->sequence, sequence);
    return response->result;
  }
};

TEST_F(Resets, ArePerformedOnceAndRepeatedAnswersCostNothing) {  // S-10
  establish();
  EXPECT_EQ(request(1, 0, {{3}}), ResetResult::performed);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(request(1, 0, {{3}}), ResetResult::performed);
  EXPECT_EQ(events<StreamsReset>().size(), 1u);
}

TEST_F(Resets, WithAnyOtherNumberAreRefused) {  // S-10
  establish();
  EXPECT_EQ(request(0, 0, {{3}}), ResetResult::badSequence);
  EXPECT_EQ(request(2, 0, {{3}}), ResetResult::badSequence);
  EXPECT_EQ(request(0xffff'ffff, 0, {{3}}), ResetResult::badSequence);
  EXPECT_TRUE(events<StreamsReset>().empty());
  EXPECT_EQ(request(1, 0, {{3}}), ResetResult::performed);
}

TEST_F(Resets, OfStreamsThatDoNotExistAreRefused) {
  establish();
  EXPECT_EQ(request(1, 0, {{3}, {1'024}}), ResetResult::wrongSsn);
  EXPECT_EQ(request(2, 50'000, {{3}}), ResetResult::denied);
  EXPECT_TRUE(events<StreamsReset>().empty());
}

TEST_F(Resets, WaitForTheirDataAndAreThenAnsweredWithoutBeingAskedAgain) {
  establish();
  EXPECT_EQ(request(1, 2, {{0}}), ResetResult::inProgress);
  EXPECT_EQ(request(1, 2, {{0}}), ResetResult::inProgress);
  receiveData(2, 0, 1, kB | kE, 10);
  EXPECT_TRUE(events<StreamsReset>().empty());
  wire.packets.clear();
  receiveData(1, 0, 0, kB | kE, 10);
  EXPECT_EQ(sentChunks(ChunkType::reConfig).size(), 1u);
  std::size_t received = 0;
  bool reset = false;
  while (auto event = association->nextEvent()) {
    if (std::holds_alternative<Received>(*event)) {
      ++received;
      EXPECT_FALSE(reset);
    }
    reset |= std::holds_alternative<StreamsReset>(*event);
  }
  EXPECT_EQ(received, 2u);
  EXPECT_TRUE(reset);
  EXPECT_EQ(request(1, 2, {{0}}), ResetResult::performed);
}

// Some peers number the repetition anew; the next life of the stream must not be hit.
TEST_F(Resets, ThatWerePutOffAndComeAgainUnderANewNumberHappenOnce) {
  establish();
  EXPECT_EQ(request(1, 1, {{0}}), ResetResult::inProgress);
  receiveData(1, 0, 0, kB | kE, 10);
  EXPECT_EQ(events<StreamsReset>().size(), 1u);
  EXPECT_EQ(request(2, 1, {{0}}), ResetResult::performed);
  EXPECT_TRUE(events<StreamsReset>().empty());
  EXPECT_EQ(request(3, 1, {{0}}), ResetResult::performed);
  EXPECT_EQ(events<StreamsReset>().size(), 1u);
}

TEST_F(Resets, OfTsnsAndMoreStreamsAreDenied) {
  establish();
  for (const std::uint16_t type : {std::uint16_t{15}, std::uint16_t{17}, std::uint16_t{18}}) {
    ByteVector value(8), body;
    WireWriter(value).u32(type == 15 ? 1u : type == 17 ? 2u : 3u);
    appendTlv(body, type, value);
    wire.packets.clear();
    receive({makeChunk(ChunkType::reConfig, 0, body)});
    const auto answers = sentChunks(ChunkType::reConfig);
    ASSERT_EQ(answers.size(), 1u);
    const auto parsed = ReConfigChunk::parse(answers[0]);
    EXPECT_EQ(std::get<ResetResponse>(parsed->parameters.at(0)).result, ResetResult::denied);
  }
}

TEST_F(Resets, AskedOfUsAreAnsweredByOurOwnRequest) {  // RFC 6525 5.2.3
  establish();
  receive({ReConfigChunk{{IncomingResetRequest{1, {{4}}}}}.toChunk()});
  const auto sent = sentChunks(ChunkType::reConfig);
  ASSERT_EQ(sent.size(), 2u);
  const auto parsed = ReConfigChunk::parse(sent[1]);
  const auto& ours = std::get<OutgoingResetRequest>(parsed->parameters.at(0));
  EXPECT_EQ(ours.responseSequence, 1u);
  EXPECT_EQ(ours.streams, std::vector{StreamId{4}});
  receive({ReConfigChunk{{ResetResponse{ours.sequence, ResetResult::performed}}}.toChunk()});
  EXPECT_EQ(events<StreamsReset>().size(), 1u);
}

TEST_F(Resets, OneAtATimeAndOnlyOnceTheStreamIsQuiet) {
  establish();
  Step step = bench.step();
  ASSERT_TRUE(association->send(step, {{2}, {51}, ByteVector(10)}));
  const StreamId two{2}, three{3};
  association->resetStreams(step, {&two, 1});
  ASSERT_TRUE(association->send(step, {{2}, {51}, ByteVector(20)}));  // for the next life
  association->flush(step);
  EXPECT_TRUE(sentChunks(ChunkType::reConfig).empty());
  EXPECT_EQ(sentChunks(ChunkType::data).size(), 1u);
  SackChunk sack;
  sack.cumulativeTsn = ownTsn;
  sack.receiverWindow = 100'000;
  ByteVector bytes(sack.size());
  sack.write(bytes);
  receive({bytes});
  ASSERT_EQ(sentChunks(ChunkType::reConfig).size(), 1u);
  association->resetStreams(step, {&three, 1});
  association->flush(step);
  ASSERT_EQ(sentChunks(ChunkType::reConfig).size(), 1u);
  // Unanswered, it is repeated under the same number.
  bench.now += 600ms;
  Step later = bench.step();
  association->onTimer(later);
  association->flush(later);
  const auto sent = sentChunks(ChunkType::reConfig);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0], sent[1]);
  receive({ReConfigChunk{{ResetResponse{ownTsn.value, ResetResult::performed}}}.toChunk()});
  EXPECT_EQ(sentChunks(ChunkType::reConfig).size(), 3u);  // now the second stream's
  EXPECT_EQ(sentChunks(ChunkType::data).size(), 2u);      // and the message that waited
  EXPECT_EQ(WireReader(Bytes(sentChunks(ChunkType::data)[1]).subspan(6)).u16(), 0u);  // SSN 0
}

}  // namespace
}  // namespace parley::sctp
