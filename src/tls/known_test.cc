#include "core/wire.h"
#include "tls/record.h"
#include "tls/test_link.h"

// Faults that other stacks had with DTLS, by the ids of docs/known-weaknesses.md.

// What is allocated, as AddressSanitizer counts it; OpenSSL's memory is in it.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();

namespace parley::dtls {
namespace {

using testing::End;
using testing::Fate;
using testing::Link;

// ---- D-3 ----

struct Trouble {
  const char* name;
  Fate fate;
};

// Whatever the network does to any one datagram of the handshake, an identity that was not
// announced is refused, and not one byte goes either way.
TEST(KnownDtls, D3AStrangersCertificateIsRefusedInEveryOrderOfPackets) {
  const Trouble troubles[] = {{"lost", {0, {}}}, {"twice", {2, {}}}, {"late", {1, 70ms}}};
  const Link probe;
  for (const bool clientChecks : {true, false}) {
    for (const Trouble& trouble : troubles) {
      for (std::size_t nth = 0; nth < 6; ++nth) {
        for (const bool ofClient : {true, false}) {
          SCOPED_TRACE(std::string(trouble.name) + ", datagram " + std::to_string(nth) +
                       (ofClient ? " of the client" : " of the server") +
                       (clientChecks ? ", the client checks" : ", the server checks"));
          Link link(probe.client.context, probe.server.context);
          link.rule = [&](const End& from, std::size_t index, Bytes) {
            const bool isIt = index == nth && (&from == &link.client) == ofClient;
            return isIt ? trouble.fate : Fate{};
          };
          Step step = link.bench.step();
          End& checker = clientChecks ? link.client : link.server;
          End& stranger = clientChecks ? link.server : link.client;
          // The checker was told its own fingerprint, so anybody else is a stranger.
          link.server.session.start(
              step, Role::server,
              {clientChecks ? link.client.fingerprint() : link.server.fingerprint()});
          link.client.session.start(
              step, Role::client,
              {clientChecks ? link.client.fingerprint() : link.server.fingerprint()});
          link.carry(link.client);
          for (int i = 0; i < 40; ++i) {
            link.runFor(1s);
            Step now = link.bench.step();
            link.client.sendText(now, bytesOf("to the server"));
            link.server.sendText(now, bytesOf("to the client"));
            link.carry(link.client);
            link.carry(link.server);
          }
          EXPECT_TRUE(checker.connected.empty());
          EXPECT_EQ(checker.failed.size(), 1u);
          EXPECT_EQ(stranger.failed.size(), 1u);
          EXPECT_TRUE(link.client.received.empty());
          EXPECT_TRUE(link.server.received.empty());
        }
      }
    }
  }
}

// ---- D-6 ----

constexpr std::size_t kMemoryMax = 256u << 10;

struct Piece {
  std::uint8_t type = 11;  // certificate
  std::uint16_t message = 1;
  std::uint32_t total = 16'000'000;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint16_t epoch = 0;
};

ByteVector recordOf(const Piece& piece, std::uint64_t number) {
  constexpr std::size_t kMessageHeader = 12;
  const auto body = std::min<std::size_t>(piece.length, 1'000);
  ByteVector datagram(kRecordHeader + kMessageHeader + body, 0x33);
  RecordHeader{ContentType::handshake, kDtls12, piece.epoch, number,
               static_cast<std::uint16_t>(kMessageHeader + body)}
      .write(datagram);
  WireWriter(MutableBytes(datagram).subspan(kRecordHeader))
      .u8(piece.type)
      .u24(piece.total)
      .u16(piece.message)
      .u24(piece.offset)
      .u24(piece.length);
  return datagram;
}

struct Flood {
  const char* name;
  Piece (*nth)(std::uint32_t i);
};

std::uint16_t narrow(std::uint32_t number) { return static_cast<std::uint16_t>(number); }

// The messages are those that may come next and the ones behind them, the largest that a library
// may be expected to take.
const Flood kFloods[] = {
    {"a message of 16 MB",
     [](std::uint32_t i) { return Piece{.offset = i * 1'000, .length = 1'000}; }},
    {"overlapping",
     [](std::uint32_t i) { return Piece{.total = 16'000, .offset = i % 15'000, .length = 900}; }},
    {"empty", [](std::uint32_t i) { return Piece{.total = 16'000, .offset = i % 16'000}; }},
    {"one piece each of messages to come",
     [](std::uint32_t i) {
       return Piece{.type = 16,
                    .message = narrow(1 + i % 60),
                    .total = 100'000,
                    .offset = 50'000,
                    .length = 1'000};
     }},
    {"many pieces of messages to come",
     [](std::uint32_t i) {
       return Piece{.type = 11,
                    .message = narrow(2 + i % 10),
                    .total = 16'000,
                    .offset = i / 10 % 15 * 1'000,
                    .length = 900};
     }},
    {"epochs to come",
     [](std::uint32_t i) { return Piece{.total = 800, .length = 800, .epoch = narrow(1 + i)}; }},
    {"the next epoch",
     [](std::uint32_t) { return Piece{.total = 800, .length = 800, .epoch = 1}; }},
    {"longer than their record",
     [](std::uint32_t) { return Piece{.total = 60'000, .length = 60'000}; }},
};

// How much more is allocated after the flood, and at any time during it, than before.
std::size_t costOf(Link& link, End& victim, const Flood& flood) {
  const std::size_t before = __sanitizer_get_current_allocated_bytes();
  std::size_t most = before;
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    {
      Step step = link.bench.step();
      victim.receive(step, recordOf(flood.nth(i), i));
    }
    victim.sent.clear();
    link.bench.now += 1ms;
    most = std::max(most, __sanitizer_get_current_allocated_bytes());
  }
  return most - before;
}

enum class Phase { created, started, halfway, connected };

void bring(Link& link, const End& victim, Phase phase) {
  if (phase == Phase::created) return;
  if (phase == Phase::connected) return link.connect();
  link.rule = [&](const End& from, std::size_t index, Bytes) {
    const bool isHeard = phase == Phase::halfway && index == 0 && &from != &victim;
    return Fate{isHeard ? 1 : 0, {}};  // the other's first word, and then silence
  };
  link.start();
  link.runFor(15ms);
}

TEST(KnownDtls, D6PiecesOfMessagesCostABoundedAmountOfMemoryInEveryPhase) {
  if (!__sanitizer_get_current_allocated_bytes) GTEST_SKIP() << "only the debug build counts";
  for (const Flood& flood : kFloods) {
    for (const Phase phase : {Phase::created, Phase::started, Phase::halfway, Phase::connected}) {
      for (const bool isServer : {true, false}) {
        SCOPED_TRACE(std::string(flood.name) + (isServer ? ", server" : ", client") + ", phase " +
                     std::to_string(static_cast<int>(phase)));
        Link link;
        End& victim = isServer ? link.server : link.client;
        bring(link, victim, phase);
        EXPECT_LE(costOf(link, victim, flood), kMemoryMax);
        EXPECT_EQ(link.isConnected(), phase == Phase::connected);
      }
    }
  }
}

// ---- D-12 ----

// Silent from the start, or after its first words: the end comes after thirty seconds, and until
// then a timer wakes us a handful of times.
TEST(KnownDtls, D12ASilentPeerEndsTheHandshakeInTimeAndCostsAFewTimers) {
  for (const std::size_t words : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    for (const bool isServer : {true, false}) {
      SCOPED_TRACE(std::to_string(words) + (isServer ? " to the server" : " to the client"));
      Link link;
      const End& silent = isServer ? link.client : link.server;
      link.rule = [&](const End& from, std::size_t index, Bytes) {
        return Fate{&from == &silent && index >= words ? 0 : 1, {}};
      };
      link.start();
      End& waiting = isServer ? link.server : link.client;
      const Instant end = link.bench.now + 31s;
      int wakeUps = 0;
      while (waiting.session.deadline() <= end) {
        link.runUntil(waiting.session.deadline());
        ++wakeUps;
        ASSERT_LT(wakeUps, 50);
      }
      link.runUntil(end);
      if (words == 2 && waiting.failed.empty()) {  // enough was said
        EXPECT_TRUE(waiting.session.isConnected());
        continue;
      }
      ASSERT_EQ(waiting.failed.size(), 1u);
      EXPECT_EQ(waiting.failed[0].reason, FailureReason::timeout);
      EXPECT_EQ(waiting.session.deadline(), never());
    }
  }
}

// ---- D-13 ----

// Ten thousand datagrams of every kind in the step in which the handshake begins, the true hello
// among them: what cannot be held is counted, and the handshake ends well.
TEST(KnownDtls, D13AFullInputQueueNeitherBlocksNorLosesTheHandshake) {
  Link link;
  link.startClient();
  ASSERT_FALSE(link.wire.empty());
  const ByteVector hello = link.wire.begin()->second.second;
  Step step = link.bench.step();
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    ByteVector junk(1 + i % 200, static_cast<std::uint8_t>(20 + i % 44));
    link.server.receive(step, i % 100 == 50 ? hello : junk);
  }
  link.startServer();
  EXPECT_GT(link.server.session.stats().malformed + link.server.session.stats().notExpected +
                link.server.session.stats().overflow,
            9'000u);
  link.runFor(5s);
  EXPECT_TRUE(link.isConnected());
}

}  // namespace
}  // namespace parley::dtls
