#include "core/wire.h"
#include "tls/session.h"
#include "tls/test_link.h"

namespace parley::dtls {
namespace {

using crypto::Fingerprint;
using crypto::Hash;
using testing::Bench;
using testing::End;
using testing::Fate;
using testing::Link;
using testing::makeContext;

// ---- loss, order, copies ----

TEST(SessionHandshake, SurvivesTheLossOfAnyOneDatagram) {
  for (const bool fromClient : {true, false}) {
    for (std::size_t lost = 0; lost < 4; ++lost) {
      Link link;
      link.rule = [&](const End& from, std::size_t index, Bytes) {
        return Fate{.copies = (&from == &link.client) == fromClient && index == lost ? 0 : 1};
      };
      link.start();
      link.runFor(2s);
      EXPECT_TRUE(link.isConnected()) << fromClient << " " << lost;
    }
  }
}

TEST(SessionHandshake, SurvivesTheLossOfEveryNthDatagramBothWays) {
  for (std::size_t every = 2; every <= 5; ++every) {
    for (std::size_t phase = 0; phase < every; ++phase) {
      Link link;
      link.rule = [&](const End&, std::size_t index, Bytes) {
        return Fate{.copies = index % every == phase ? 0 : 1};
      };
      link.start();
      link.runFor(29s);
      EXPECT_TRUE(link.isConnected()) << every << " " << phase;
    }
  }
}

TEST(SessionHandshake, SurvivesHeavyRandomLossWithCopiesAndDelay) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Link link;
    Random random(seed);
    link.rule = [&](const End&, std::size_t, Bytes) {
      if (random.below(100) < 40) return Fate{.copies = 0};
      return Fate{.copies = 1 + static_cast<int>(random.below(2)),
                  .extra = Duration(random.below(200'000))};
    };
    link.start();
    link.runFor(29s);
    ASSERT_TRUE(link.isConnected()) << seed;
    link.rule = nullptr;
    Step step = link.bench.step();
    link.client.sendText(step, bytesOf("ping"));
    link.server.sendText(step, bytesOf("pong"));
    link.carry(link.client);
    link.carry(link.server);
    link.runFor(1s);
    EXPECT_EQ(textOf(link.server.received.at(0)), "ping");
    EXPECT_EQ(textOf(link.client.received.at(0)), "pong");
  }
}

TEST(SessionHandshake, SurvivesSmallDatagramsInAnyOrderAndTwice) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto identity = testing::makeIdentity();
    const auto small = Context::make(identity, {.mtu = 256});
    Link link(small, small);
    Random random(seed);
    link.rule = [&](const End&, std::size_t, Bytes datagram) {
      EXPECT_LE(datagram.size(), 256u);
      return Fate{.copies = 2, .extra = Duration(random.below(30'000))};
    };
    link.start();
    link.runFor(2s);
    ASSERT_TRUE(link.isConnected()) << seed;
    EXPECT_GT(link.client.sentInAll, 4u);
  }
}

TEST(SessionHandshake, RepeatsItsFlightByTheMeasuredRoundTripAndDoubles) {
  Link link;
  std::vector<Instant> times;
  link.rule = [&](const End&, std::size_t, Bytes) {
    times.push_back(link.bench.now);
    return Fate{.copies = 0};
  };
  const Instant begin = link.bench.now;
  link.startClient(100ms);
  link.runFor(29s);
  std::vector<Duration> after;
  for (const Instant time : times) after.push_back(time - begin);
  EXPECT_EQ(after, (std::vector<Duration>{0ms, 200ms, 600ms, 1400ms, 3000ms, 6200ms, 11'200ms,
                                          16'200ms, 21'200ms, 26'200ms}));
  EXPECT_EQ(link.client.session.stats().handshakeRetransmits, times.size() - 1);
}

TEST(SessionHandshake, BoundsTheFirstRepetition) {
  const std::pair<Duration, Duration> cases[] = {{1ms, 50ms}, {3s, 1s}, {Duration::zero(), 1s}};
  for (const auto& [roundTrip, expected] : cases) {
    Link link;
    link.startClient(roundTrip);
    EXPECT_EQ(link.client.session.deadline(), link.bench.now + expected);
  }
}

TEST(SessionHandshake, GivesUpAfterThirtySecondsOfItsOwnClock) {
  for (const bool isClient : {true, false}) {
    Link link;
    link.rule = [&](const End&, std::size_t, Bytes) { return Fate{.copies = 0}; };
    isClient ? link.startClient() : link.startServer();
    End& end = isClient ? link.client : link.server;
    link.runFor(30s - Duration(1));
    EXPECT_TRUE(end.failed.empty());
    link.runFor(Duration(1));
    ASSERT_EQ(end.failed.size(), 1u);
    EXPECT_EQ(end.failed[0].reason, FailureReason::timeout);
    EXPECT_EQ(end.session.deadline(), never());
  }
}

TEST(SessionHandshake, GivesUpOnAPeerThatAnswersOnlyOnce) {
  Link link;
  link.rule = [&](const End& from, std::size_t index, Bytes) {
    return Fate{.copies = &from == &link.server && index > 0 ? 0 : 1};
  };
  link.start();
  link.runFor(31s);
  EXPECT_EQ(link.client.failed.size(), 1u);
}

TEST(SessionHandshake, ServerRepeatsItsLastWordOnlyUntilDataCame) {
  Link link;
  std::vector<ByteVector> fromClient;
  link.rule = [&](const End& from, std::size_t, Bytes datagram) {
    if (&from == &link.client) fromClient.push_back(toVector(datagram));
    return Fate{};
  };
  link.connect();
  const std::size_t before = link.server.sentInAll;
  const auto sayAgain = [&] {
    link.bench.now += 1s;
    Step step = link.bench.step();
    link.server.receive(step, fromClient.at(1));
    link.server.receive(step, fromClient.at(1));  // at most one answer in 50 ms
  };
  sayAgain();
  EXPECT_EQ(link.server.sentInAll, before + 1);
  link.carry(link.server);
  link.runFor(1s);
  EXPECT_TRUE(link.isConnected());

  Step step = link.bench.step();
  link.client.sendText(step, bytesOf("data"));
  link.carry(link.client);
  link.runFor(1s);
  sayAgain();
  EXPECT_EQ(link.server.sentInAll, before + 1);
}

TEST(SessionHandshake, KeepsDataThatOvertookTheLastFlight) {
  Link link;
  // The server's last flight is slow, its first data is not.
  link.rule = [&](const End& from, std::size_t index, Bytes) {
    return Fate{.extra = &from == &link.server && index == 1 ? 30ms : 0ms};
  };
  link.start();
  link.runFor(30ms);
  ASSERT_TRUE(link.server.session.isConnected());
  Step step = link.bench.step();
  for (int i = 0; i < 6; ++i) link.server.sendText(step, bytesOf("early"));
  link.carry(link.server);
  link.runFor(15ms);
  EXPECT_TRUE(link.client.received.empty());
  link.runFor(100ms);
  EXPECT_TRUE(link.client.session.isConnected());
  EXPECT_EQ(link.client.received.size(), limits::dtls::kHeldDatagrams);
  EXPECT_EQ(link.client.session.stats().overflow, 2u);
}

// ---- before start ----

TEST(SessionHandshake, HoldsTheFlightThatComesBeforeStart) {
  Link link;
  link.startClient();
  link.runFor(15ms);
  EXPECT_EQ(link.server.session.stats().datagramsIn, 1u);
  EXPECT_EQ(link.server.sentInAll, 0u);
  link.startServer();
  EXPECT_EQ(link.server.sentInAll, 1u);
  link.runFor(100ms);
  EXPECT_TRUE(link.isConnected());
}

TEST(SessionHandshake, HoldsNoMoreThanFourDatagramsAndOnlyHellos) {
  Bench bench;
  End end(makeContext());
  Step step = bench.step();
  ByteVector hello(kRecordHeader + 100);
  RecordHeader{ContentType::handshake, kDtls10, 0, 0, 100}.write(hello);
  for (int i = 0; i < 10; ++i) end.receive(step, hello);
  EXPECT_EQ(end.session.stats().overflow, 6u);

  for (const ContentType type :
       {ContentType::alert, ContentType::changeCipherSpec, ContentType::applicationData}) {
    RecordHeader{type, kDtls12, 0, 0, 100}.write(hello);
    end.receive(step, hello);
  }
  EXPECT_EQ(end.session.stats().notExpected, 3u);
  end.receive(step, ByteVector(50, 22));
  end.receive(step, ByteVector{22});
  EXPECT_EQ(end.session.stats().malformed, 2u);
  EXPECT_TRUE(end.sent.empty());
}

// ---- fingerprints ----

struct FingerprintCase {
  std::string name;
  std::vector<Fingerprint> announced;
  bool isAccepted;
};

std::vector<FingerprintCase> fingerprintCases(const crypto::Certificate& right) {
  const crypto::Certificate wrong(toVector(bytesOf("another")));
  const auto of = [&](Hash hash) { return right.fingerprint(hash); };
  Fingerprint truncated = of(Hash::sha256);
  truncated.digest.pop_back();
  std::vector<Fingerprint> ninth(8, wrong.fingerprint());
  ninth.push_back(of(Hash::sha256));
  std::vector<Fingerprint> eighth(7, wrong.fingerprint());
  eighth.push_back(of(Hash::sha256));
  return {{"sha-256", {of(Hash::sha256)}, true},
          {"sha-384", {of(Hash::sha384)}, true},
          {"sha-512", {of(Hash::sha512)}, true},
          {"wrong then right", {wrong.fingerprint(), of(Hash::sha256)}, true},
          {"right then wrong", {of(Hash::sha512), wrong.fingerprint()}, true},
          {"sha-1 beside", {of(Hash::sha1), of(Hash::sha256)}, true},
          {"eighth line", eighth, true},
          {"ninth line", ninth, false},
          {"wrong", {wrong.fingerprint()}, false},
          {"truncated", {truncated}, false},
          {"right sha-1, wrong sha-256", {of(Hash::sha1), wrong.fingerprint()}, false},
          {"digest of another hash", {{Hash::sha512, of(Hash::sha256).digest}}, false}};
}

TEST(SessionHandshake, TrustsACertificateByFingerprintAloneInBothRoles) {
  for (const bool clientChecks : {true, false}) {
    Link probe;
    const End& shown = clientChecks ? probe.server : probe.client;
    for (const auto& test : fingerprintCases(shown.context->identity().certificate())) {
      SCOPED_TRACE(test.name + (clientChecks ? " at the client" : " at the server"));
      Link link(probe.client.context, probe.server.context);
      Step step = link.bench.step();
      End& checker = clientChecks ? link.client : link.server;
      link.server.session.start(
          step, Role::server,
          clientChecks ? std::vector{link.client.fingerprint()} : test.announced);
      link.client.session.start(
          step, Role::client,
          clientChecks ? test.announced : std::vector{link.server.fingerprint()});
      bool sentSealed = false;
      link.rule = [&](const End& from, std::size_t, Bytes datagram) {
        ByteVector copy = toVector(datagram);
        MutableBytes rest = copy;
        while (const auto record = takeRecord(rest)) {
          if (&from == &checker) sentSealed |= record->header.epoch == 1;
        }
        return Fate{};
      };
      link.carry(link.client);
      link.runFor(100ms);
      EXPECT_EQ(link.isConnected(), test.isAccepted);
      EXPECT_EQ(sentSealed, test.isAccepted);  // our Finished never reaches a stranger
      if (test.isAccepted) continue;

      EXPECT_TRUE(checker.failed.empty());  // it may have been forged
      link.runFor(limits::dtls::kSecondOpinion);
      ASSERT_EQ(checker.failed.size(), 1u);
      EXPECT_EQ(checker.failed[0].reason, FailureReason::wrongFingerprint);
      EXPECT_EQ(checker.failed[0].alertSent, 42);
      EXPECT_TRUE(checker.connected.empty());
      const std::size_t before = checker.sentInAll;
      Step later = link.bench.step();
      checker.sendText(later, bytesOf("data"));
      EXPECT_EQ(checker.sentInAll, before);
      link.runFor(31s);
      EXPECT_TRUE(checker.received.empty());
      // The other side only heard a plaintext alert, and says so when its time is up.
      End& other = clientChecks ? link.server : link.client;
      ASSERT_EQ(other.failed.size(), 1u);
      EXPECT_EQ(other.failed[0].reason, FailureReason::timeout);
      EXPECT_EQ(other.failed[0].alertReceived, 42);
      EXPECT_TRUE(other.received.empty());
    }
  }
}

TEST(SessionHandshake, RefusesToStartWithoutATrustworthyFingerprint) {
  const crypto::Certificate certificate(toVector(bytesOf("x")));
  const std::vector<std::vector<Fingerprint>> announced = {
      {}, {certificate.fingerprint(Hash::sha1)}, {certificate.fingerprint(Hash::md5)}};
  for (const auto& fingerprints : announced) {
    Bench bench;
    End end(makeContext());
    Step step = bench.step();
    end.session.start(step, Role::client, fingerprints);
    end.collect();
    ASSERT_EQ(end.failed.size(), 1u);
    EXPECT_EQ(end.failed[0].reason, FailureReason::noUsableFingerprint);
    EXPECT_TRUE(end.sent.empty());
  }
}

// ---- hostile datagrams before Connected ----

ByteVector garbageMessage(std::uint8_t type, std::uint16_t sequence, std::size_t size,
                          std::uint64_t number = 7) {
  ByteVector datagram(kRecordHeader + 12 + size, 0x5a);
  RecordHeader{ContentType::handshake, kDtls12, 0, number, static_cast<std::uint16_t>(12 + size)}
      .write(datagram);
  WireWriter(MutableBytes(datagram).subspan(kRecordHeader))
      .u8(type)
      .u24(static_cast<std::uint32_t>(size))
      .u16(sequence)
      .u24(0)
      .u24(static_cast<std::uint32_t>(size));
  return datagram;
}

TEST(SessionHandshake, GarbageBeforeTheTrueHelloIsNotShownToOpenSsl) {
  Link link;
  link.startServer();
  Step step = link.bench.step();
  link.server.receive(step, garbageMessage(1, 0, 80));
  EXPECT_EQ(link.server.session.stats().malformed, 1u);
  EXPECT_TRUE(link.server.sent.empty());  // no alert that would kill the true peer
  link.startClient();
  link.runFor(100ms);
  EXPECT_TRUE(link.isConnected());
  EXPECT_EQ(link.server.session.stats().restarts, 0u);
}

TEST(SessionHandshake, AForgedHelloHeldBeforeStartIsPassedOver) {
  Link link;
  Step step = link.bench.step();
  link.server.receive(step, garbageMessage(1, 0, 80));
  link.startClient();
  link.runFor(15ms);
  link.startServer();
  link.runFor(100ms);
  EXPECT_TRUE(link.isConnected());
}

TEST(SessionHandshake, GarbageBetweenTheHalvesOfAHelloDoesNotLoseTheFirst) {
  const auto small = Context::make(testing::makeIdentity(), {.mtu = 256});
  Link link(small, makeContext());
  link.startServer();
  Step step = link.bench.step();
  link.client.session.start(step, Role::client, {link.server.fingerprint()}, 3s);
  auto hello = std::exchange(link.client.sent, {});
  ASSERT_EQ(hello.size(), 1u);
  // The hello cut in two, by hand.
  const Bytes body = Bytes(hello[0]).subspan(kRecordHeader + 12);
  const auto part = [&](std::size_t from, std::size_t size) {
    ByteVector record = garbageMessage(1, 0, size, from);
    RecordHeader{ContentType::handshake, kDtls10, 0, from, static_cast<std::uint16_t>(12 + size)}
        .write(record);
    WireWriter(MutableBytes(record).subspan(kRecordHeader))
        .u8(1)
        .u24(static_cast<std::uint32_t>(body.size()))
        .u16(0)
        .u24(static_cast<std::uint32_t>(from))
        .u24(static_cast<std::uint32_t>(size))
        .bytes(body.subspan(from, size));
    return record;
  };
  link.server.receive(step, part(0, 60));
  link.server.receive(step, garbageMessage(1, 0, 80));
  link.server.receive(step, part(60, body.size() - 60));
  EXPECT_EQ(link.server.sent.size(), 1u);
  link.carry(link.server);
  link.runFor(500ms);
  EXPECT_TRUE(link.isConnected());
}

TEST(SessionHandshake, AForgedAnswerIsNotShownToOpenSsl) {
  Link link;
  link.startServer();
  link.startClient();
  Step step = link.bench.step();
  for (std::uint16_t sequence = 0; sequence < 4; ++sequence) {
    for (const std::uint8_t type : std::initializer_list<std::uint8_t>{2, 11, 12, 13, 14}) {
      link.client.receive(step, garbageMessage(type, sequence, 80));
    }
  }
  EXPECT_EQ(link.client.session.stats().restarts, 0u);
  link.runFor(100ms);
  EXPECT_TRUE(link.isConnected());
}

// Pieces of messages far ahead, of all sizes, in all epochs: they may cost an attempt, not the
// session, and OpenSSL sees nothing of epochs that do not exist.
TEST(SessionHandshake, AFloodOfPiecesIsOutlived) {
  Link link;
  link.startServer();
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    Step step = link.bench.step();
    ByteVector piece = garbageMessage(i % 2 == 0 ? 11 : 16, static_cast<std::uint16_t>(2 + i % 40),
                                      i % 5 == 0 ? 0 : 900, i);
    WireWriter(MutableBytes(piece).subspan(kRecordHeader + 1)).u24(16'000);
    WireWriter(MutableBytes(piece).subspan(kRecordHeader + 6)).u24(i % 15'000);
    link.server.receive(step, piece);
    RecordHeader{ContentType::handshake, kDtls12, static_cast<std::uint16_t>(i), i,
                 static_cast<std::uint16_t>(piece.size() - kRecordHeader)}
        .write(piece);
    link.server.receive(step, piece);
  }
  EXPECT_TRUE(link.server.sent.empty());
  link.startClient();
  link.runFor(10s);
  EXPECT_TRUE(link.isConnected());
}

TEST(SessionHandshake, ThousandsOfCopiesInOneStepDoNoHarm) {
  Link link;
  link.rule = [](const End&, std::size_t, Bytes) { return Fate{.copies = 500}; };
  link.start();
  link.runFor(1s);
  EXPECT_TRUE(link.isConnected());
  EXPECT_LE(link.client.sentInAll + link.server.sentInAll, 8u);
}

TEST(SessionHandshake, PlaintextAlertsKillNobody) {
  Link link;
  ByteVector alert(kRecordHeader + 2);
  RecordHeader{ContentType::alert, kDtls12, 0, 500, 2}.write(alert);
  alert[kRecordHeader] = 2;
  alert[kRecordHeader + 1] = 40;
  link.rule = [&](const End& from, std::size_t, Bytes) {
    Step step = link.bench.step();
    (&from == &link.client ? link.server : link.client).receive(step, alert);
    return Fate{};
  };
  link.connect();
  EXPECT_GE(link.client.session.stats().plaintextAlerts, 2u);
  EXPECT_EQ(link.client.session.stats().restarts + link.server.session.stats().restarts, 0u);
}

// Anything that is no well-formed message of the one that comes next, forged between any two
// datagrams of the handshake, in either direction.
TEST(SessionHandshake, ForgeriesBetweenAllDatagramsDoNotStopIt) {
  std::vector<ByteVector> forgeries;
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 4, 20, 22, 99}) {
    forgeries.push_back(garbageMessage(type, 0, 30));
    forgeries.push_back(garbageMessage(type, 3, 0));
  }
  forgeries.push_back(garbageMessage(1, 7, 30));
  for (const std::uint16_t epoch :
       {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{65'535}}) {
    for (std::uint8_t type = 20; type <= 23; ++type) {
      for (const std::uint16_t size :
           std::initializer_list<std::uint16_t>{0, 1, 2, 16, 24, 48, 64}) {
        ByteVector record(kRecordHeader + size, 1);
        RecordHeader{static_cast<ContentType>(type), kDtls12, epoch, kSequenceMax, size}.write(
            record);
        if (type != 22 || epoch != 0) forgeries.push_back(std::move(record));
      }
    }
  }
  for (const ByteVector& forgery : forgeries) {
    Link link;
    link.rule = [&](const End& from, std::size_t, Bytes) {
      Step step = link.bench.step();
      (&from == &link.client ? link.server : link.client).receive(step, forgery);
      return Fate{};
    };
    link.start();
    link.runFor(2s);
    ASSERT_TRUE(link.isConnected())
        << int{forgery[0]} << " epoch " << int{forgery[3]} * 256 + int{forgery[4]} << " size "
        << forgery.size();
    EXPECT_TRUE(link.client.received.empty());
    EXPECT_TRUE(link.server.received.empty());
  }
}

TEST(SessionHandshake, RandomDamageNeverConnectsWithStrangersOrCrashes) {
  int connected = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Link link;
    Random random(seed);
    link.rule = [&](const End& from, std::size_t, Bytes datagram) {
      if (random.below(3) != 0) return Fate{};
      ByteVector damaged = toVector(datagram);
      for (std::uint64_t flips = 1 + random.below(4); flips > 0; --flips) {
        damaged[random.below(damaged.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
      }
      Step step = link.bench.step();
      (&from == &link.client ? link.server : link.client).receive(step, damaged);
      return Fate{};
    };
    link.start();
    link.runFor(31s);
    for (const End* end : {&link.client, &link.server}) {
      EXPECT_TRUE(end->received.empty());
      EXPECT_EQ(end->connected.size() + end->failed.size(), 1u) << seed;
    }
    if (link.isConnected()) ++connected;
  }
  EXPECT_GT(connected, 30);
  RecordProperty("connected", connected);
}

}  // namespace
}  // namespace parley::dtls
