#include "tls/session.h"

#include <set>

#include "tls/test_link.h"

namespace parley::dtls {
namespace {

using testing::Bench;
using testing::End;
using testing::Fate;
using testing::Link;
using testing::makeContext;

ByteVector numbered(std::uint32_t number, std::size_t size) {
  ByteVector text(size);
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<std::uint8_t>(number + i * 31);
  for (std::size_t i = 0; i < 4; ++i) text[i] = static_cast<std::uint8_t>(number >> 8 * i);
  return text;
}

TEST(Session, ConnectsInTwoRoundTripsAndFourFlights) {
  Link link;
  link.start();
  link.runFor(30ms);
  EXPECT_TRUE(link.server.session.isConnected());
  link.runFor(10ms);
  EXPECT_TRUE(link.client.session.isConnected());

  EXPECT_EQ(link.client.sentInAll, 2u);
  EXPECT_EQ(link.server.sentInAll, 2u);
  EXPECT_EQ(link.client.session.deadline(), never());
  EXPECT_EQ(link.server.session.deadline(), never());
}

TEST(Session, SaysWhatWasAgreed) {
  Link link;
  link.connect();
  for (End* end : {&link.client, &link.server}) {
    ASSERT_EQ(end->connected.size(), 1u);
    const Connected& connected = end->connected[0];
    EXPECT_EQ(connected.cipher, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
    EXPECT_EQ(connected.cipherId, 0xc02b);
    EXPECT_EQ(connected.group, "X25519");
    EXPECT_EQ(connected.version, 0xfefd);
    EXPECT_FALSE(connected.srtp);
  }
  EXPECT_EQ(link.client.connected[0].remote, link.server.context->identity().certificate());
  EXPECT_EQ(link.server.connected[0].remote, link.client.context->identity().certificate());
}

// What OpenSSL had no memory for is told when the handshake should begin.
TEST(Session, FailsAtOnceWithoutAContext) {
  Link link(nullptr, makeContext());
  link.startClient();
  ASSERT_EQ(link.client.failed.size(), 1u);
  EXPECT_EQ(link.client.failed[0].reason, FailureReason::outOfMemory);
  EXPECT_EQ(link.client.sentInAll, 0u);
}

TEST(Session, WorksWithRsaOnEitherSide) {
  const auto rsa = makeContext({}, crypto::KeyType::rsa2048);
  Link one(rsa, makeContext());
  one.connect();
  Link other(makeContext(), rsa);
  other.connect();
  EXPECT_EQ(other.client.connected[0].cipherId, 0xc02f);
}

TEST(Session, CarriesTenThousandRecordsEachWay) {
  Link link;
  link.connect();
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Step step = link.bench.step();
    link.client.sendText(step, numbered(i, 4 + i % 1'200));
    link.server.sendText(step, numbered(i, 4 + i % 1'199));
    if (i % 100 == 99) {
      link.carry(link.client);
      link.carry(link.server);
      link.runFor(20ms);
    }
  }
  ASSERT_EQ(link.client.received.size(), 10'000u);
  ASSERT_EQ(link.server.received.size(), 10'000u);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ASSERT_EQ(link.server.received[i], numbered(i, 4 + i % 1'200));
    ASSERT_EQ(link.client.received[i], numbered(i, 4 + i % 1'199));
  }
  const Stats& stats = link.server.session.stats();
  EXPECT_EQ(stats.recordsSent, 10'000u);
  EXPECT_EQ(stats.recordsReceived, 10'000u);
  EXPECT_EQ(stats.bytesReceived, link.client.session.stats().bytesSent);
  EXPECT_EQ(stats.badTag + stats.replayed + stats.malformed + stats.notExpected, 0u);
  EXPECT_EQ(link.bench.pool.inUse(), 0u);
}

TEST(Session, NeverRepeatsARecordNumber) {
  Link link;
  link.rule = [&](const End& from, std::size_t index, Bytes) {
    return Fate{.copies = &from == &link.server && index < 5 ? 0 : 1};
  };
  std::map<const End*, std::set<std::pair<int, std::uint64_t>>> seen;
  const auto inner = link.rule;
  link.rule = [&](const End& from, std::size_t index, Bytes datagram) {
    ByteVector copy = toVector(datagram);
    MutableBytes rest = copy;
    while (const auto record = takeRecord(rest)) {
      EXPECT_TRUE(seen[&from].insert({record->header.epoch, record->header.sequence}).second);
    }
    return inner(from, index, datagram);
  };
  link.start();
  link.runFor(20s);
  ASSERT_TRUE(link.isConnected());
  Step step = link.bench.step();
  link.client.sendText(step, bytesOf("text"));
  link.client.session.close(step);
  link.carry(link.client);
  link.runFor(1s);
  EXPECT_EQ(link.server.closed, 1);
}

// ---- closing ----

TEST(Session, SaysGoodbyeAndIsAnsweredAtOnce) {
  for (const bool clientCloses : {true, false}) {
    Link link;
    link.connect();
    End& closer = clientCloses ? link.client : link.server;
    End& other = clientCloses ? link.server : link.client;
    Step step = link.bench.step();
    closer.sendText(step, bytesOf("last words"));
    closer.session.close(step);
    ASSERT_EQ(closer.sent.size(), 2u);
    EXPECT_EQ(closer.sent[1], toVector(closer.session.closeNotify()));
    EXPECT_FALSE(closer.session.isConnected());
    link.carry(closer);
    link.runFor(10ms);
    EXPECT_EQ(other.closed, 1);
    EXPECT_EQ(textOf(other.received.at(0)), "last words");
    EXPECT_FALSE(other.session.isConnected());
    EXPECT_EQ(closer.closed, 0);
    link.runFor(10ms);
    EXPECT_EQ(closer.closed, 1);
    EXPECT_TRUE(other.failed.empty());
    EXPECT_TRUE(closer.failed.empty());
  }
}

TEST(Session, GoodbyeMayBeRepeatedByteForByte) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  link.client.session.close(step);
  link.client.sent.clear();  // lost
  const ByteVector goodbye = toVector(link.client.session.closeNotify());
  for (int i = 0; i < 3; ++i) link.server.receive(step, goodbye);
  EXPECT_EQ(link.server.closed, 1);
  EXPECT_EQ(link.server.sent.size(), 1u);
  EXPECT_EQ(link.server.sent[0], toVector(link.server.session.closeNotify()));
}

TEST(Session, SendsAndHandsOutNothingAfterClose) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  link.client.session.close(step);
  link.client.sent.clear();
  link.client.sendText(step, bytesOf("late"));
  link.client.session.close(step);
  EXPECT_TRUE(link.client.sent.empty());
  EXPECT_EQ(link.client.session.stats().notConnected, 1u);

  link.server.sendText(step, bytesOf("late"));
  link.carry(link.server);
  link.runFor(1s);
  EXPECT_TRUE(link.client.received.empty());
}

TEST(Session, SaysGoodbyeInTheMiddleOfAHandshake) {
  Link link;
  link.startClient();
  link.client.sent.clear();
  Step step = link.bench.step();
  link.client.session.close(step);
  ASSERT_EQ(link.client.sent.size(), 1u);
  const auto header = RecordHeader::parse(link.client.sent[0]);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->type, ContentType::alert);
  EXPECT_EQ(header->epoch, 0);
  EXPECT_EQ(link.client.session.deadline(), never());

  End untouched(makeContext());
  untouched.session.close(step);
  EXPECT_TRUE(untouched.sent.empty());
  EXPECT_TRUE(untouched.session.closeNotify().empty());
}

// ---- hostile datagrams while connected ----

TEST(Session, RefusesEveryFlippedBitOfARecord) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  link.client.sendText(step, bytesOf("the true text"));
  const ByteVector record = link.client.sent.at(0);
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    ByteVector changed = record;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    link.server.receive(step, changed);
  }
  EXPECT_TRUE(link.server.received.empty());
  EXPECT_TRUE(link.server.session.isConnected());
  link.server.receive(step, record);
  ASSERT_EQ(link.server.received.size(), 1u);
  link.server.receive(step, record);
  EXPECT_EQ(link.server.received.size(), 1u);
  EXPECT_EQ(link.server.session.stats().replayed, 1u);
}

TEST(Session, AForgedHighNumberDoesNotMoveTheWindow) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  link.client.sendText(step, bytesOf("text"));
  ByteVector forged = link.client.sent.at(0);
  std::fill(forged.begin() + 5, forged.begin() + 11, std::uint8_t{0xff});
  link.server.receive(step, forged);
  EXPECT_EQ(link.server.session.stats().badTag, 1u);
  link.carry(link.client);
  link.runFor(1s);
  EXPECT_EQ(link.server.received.size(), 1u);
}

TEST(Session, SurvivesRecordsOfEveryTypeEpochAndLength) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  std::size_t count = 0;
  for (std::uint8_t type = 0; type < 70; ++type) {
    for (const int epoch : {0, 1, 2, 65'535}) {
      for (std::uint16_t length = 0; length <= 64; ++length) {
        ByteVector datagram(kRecordHeader + length, type);
        const auto narrow = static_cast<std::uint16_t>(epoch);
        RecordHeader{static_cast<ContentType>(type), kDtls12, narrow, 77, length}.write(datagram);
        link.server.receive(step, datagram);
        link.client.receive(step, datagram);
        ++count;
      }
    }
  }
  EXPECT_TRUE(link.isConnected());
  EXPECT_TRUE(link.server.received.empty());
  EXPECT_TRUE(link.server.sent.empty());
  EXPECT_TRUE(link.client.sent.empty());
  const Stats& stats = link.server.session.stats();
  EXPECT_EQ(stats.malformed + stats.notExpected + stats.plaintextAlerts + stats.badTag, count);
}

TEST(Session, DropsADatagramThatIsTooLarge) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  link.server.receive(step, ByteVector(limits::dtls::kDatagramIn + 1, 23));
  EXPECT_EQ(link.server.session.stats().tooLarge, 1u);
}

TEST(Session, ReadsSeveralRecordsFromOneDatagram) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  link.client.sendText(step, bytesOf("one"));
  link.client.sendText(step, bytesOf("two"));
  link.client.sendText(step, bytesOf("three"));
  ByteVector joined;
  for (const ByteVector& record : link.client.sent) {
    joined.insert(joined.end(), record.begin(), record.end());
  }
  link.server.receive(step, joined);

  // A packet that owns its block: the same, by second views of it.
  link.server.sendText(step, bytesOf("vier"));
  link.server.sendText(step, bytesOf("five"));
  ByteVector back = link.server.sent.at(0);
  back.insert(back.end(), link.server.sent[1].begin(), link.server.sent[1].end());
  link.client.session.receive(step, link.bench.pool.copyOf(back));
  link.client.collect();

  ASSERT_EQ(link.server.received.size(), 3u);
  EXPECT_EQ(textOf(link.server.received[2]), "three");
  ASSERT_EQ(link.client.received.size(), 2u);
  EXPECT_EQ(textOf(link.client.received[0]), "vier");
  EXPECT_EQ(textOf(link.client.received[1]), "five");
  EXPECT_EQ(link.bench.pool.inUse(), 0u);
}

TEST(Session, BoundsWhatNobodyReads) {
  Link link;
  link.connect();
  Step step = link.bench.step();
  for (std::size_t i = 0; i < limits::dtls::kUnreadRecords + 10; ++i) {
    link.client.sendText(step, bytesOf("x"));
    link.server.session.receive(step, link.bench.pool.copyOf(link.client.sent.back()));
  }
  EXPECT_EQ(link.server.session.stats().overflow, 10u);
  link.server.collect();
  EXPECT_EQ(link.server.received.size(), limits::dtls::kUnreadRecords);
}

TEST(Session, HandsOutNothingThatWasSentInEpochZero) {
  Link link;
  link.connect();
  ByteVector record(kRecordHeader + 4, 'x');
  RecordHeader{ContentType::applicationData, kDtls12, 0, 99, 4}.write(record);
  Step step = link.bench.step();
  link.client.receive(step, record);
  link.server.receive(step, record);
  EXPECT_TRUE(link.client.received.empty());
  EXPECT_TRUE(link.server.received.empty());
}

TEST(Session, CountsWhatIsSentWithoutAConnection) {
  Link link;
  Step step = link.bench.step();
  link.client.sendText(step, bytesOf("early"));
  link.startClient();
  link.client.sendText(step, bytesOf("early"));
  EXPECT_EQ(link.client.session.stats().notConnected, 2u);
}

TEST(Session, SharesOneContextWithManyOthers) {
  const auto context = makeContext();
  for (int i = 0; i < 20; ++i) {
    Link link(context, context);
    link.connect();
  }
  EXPECT_EQ(context.use_count(), 1);
}

TEST(Session, ExportsTheSameSrtpKeysOnBothSides) {
  using crypto::SrtpProfile;
  const std::vector<SrtpProfile> all = {SrtpProfile::aeadAes128Gcm, SrtpProfile::aeadAes256Gcm,
                                        SrtpProfile::aes128CmSha1_80};
  for (const SrtpProfile only : all) {
    Link link(makeContext({only}), makeContext(all));
    link.connect();
    const auto& ours = link.client.connected[0].srtp;
    const auto& theirs = link.server.connected[0].srtp;
    ASSERT_TRUE(ours && theirs);
    EXPECT_EQ(ours->profile, only);
    EXPECT_EQ(ours->localKey, theirs->remoteKey);
    EXPECT_EQ(ours->localSalt, theirs->remoteSalt);
    EXPECT_EQ(ours->remoteKey, theirs->localKey);
    EXPECT_EQ(ours->remoteSalt, theirs->localSalt);
    EXPECT_NE(ours->localKey, ours->remoteKey);
    EXPECT_EQ(ours->localKey.size(), crypto::srtpKeySize(only));
    EXPECT_EQ(ours->localSalt.size(), crypto::srtpSaltSize(only));
  }
  Link both(makeContext(all), makeContext(all));
  both.connect();
  EXPECT_EQ(both.client.connected[0].srtp->profile, SrtpProfile::aeadAes128Gcm);
  Link one(makeContext(all), makeContext());
  one.connect();
  EXPECT_FALSE(one.client.connected[0].srtp);
}

}  // namespace
}  // namespace parley::dtls
