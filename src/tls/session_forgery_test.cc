#include "tls/hello.h"
#include "tls/session.h"
#include "tls/test_link.h"

// D-1 and D-2: before the keys anybody who can write the peer's address can write messages of the
// handshake. What is forged here is well formed and comes from real sessions of strangers.

namespace parley::dtls {
namespace {

using testing::End;
using testing::Fate;
using testing::Link;

// All datagrams of a handshake of a stranger, with another one or with `server`.
struct Recording {
  std::vector<ByteVector> ofClient;
  std::vector<ByteVector> ofServer;
};

Recording record(const Context::Shared& server = testing::makeContext()) {
  Recording recording;
  Link link(testing::makeContext(), server);
  link.rule = [&](const End& from, std::size_t, Bytes datagram) {
    (&from == &link.client ? recording.ofClient : recording.ofServer).push_back(toVector(datagram));
    return Fate{};
  };
  link.start();
  link.runFor(1s);
  EXPECT_TRUE(link.isConnected());
  return recording;
}

ByteVector datagramOf(const Message& message, std::uint64_t number = 0) {
  const ByteVector body = message.encode();
  ByteVector datagram(kRecordHeader);
  RecordHeader{ContentType::handshake, kDtls12, 0, number, static_cast<std::uint16_t>(body.size())}
      .write(datagram);
  datagram.insert(datagram.end(), body.begin(), body.end());
  return datagram;
}

Message messageOf(Bytes datagram) {
  ByteVector copy = toVector(datagram);
  MutableBytes rest = copy;
  std::vector<Message> whole;
  MessageAssembler().take(takeRecord(rest)->body, whole);
  return whole.at(0);
}

// The hello of a stranger, each time with another random.
class Strangers {
 public:
  explicit Strangers(const Recording& recording) : hello_(messageOf(recording.ofClient.at(0))) {}

  ByteVector hello() {
    WireWriter(MutableBytes(hello_.body).subspan(2)).u64(++count_);
    return datagramOf(hello_);
  }

 private:
  Message hello_;
  std::uint64_t count_ = 0;
};

// ---- one forged datagram ----

TEST(D1, AWellFormedHelloThatIsFirstDoesNotKeepTheTrueOneOut) {
  Strangers strangers(record());
  Link link;
  link.startServer();
  Step step = link.bench.step();
  link.server.receive(step, strangers.hello());
  EXPECT_EQ(link.server.sent.size(), 1u);  // nothing tells it from the true one yet
  link.carry(link.server);
  link.startClient();
  link.runFor(1s);
  EXPECT_TRUE(link.isConnected());
  EXPECT_EQ(link.client.session.stats().restarts, 0u);
}

TEST(D1, AnyDatagramOfStrangersBeforeAnyOfTheTrueOnesDoesNotStopThem) {
  const Recording strangers = record();
  const auto injectedAt = [&](bool atServer, const ByteVector& forged, std::size_t before) {
    Link link;
    std::size_t passed = 0;
    link.rule = [&](const End&, std::size_t, Bytes) {
      if (passed++ == before) {
        Step step = link.bench.step();
        (atServer ? link.server : link.client).receive(step, forged);
      }
      return Fate{};
    };
    link.start();
    link.runFor(4s);
    EXPECT_TRUE(link.isConnected()) << atServer << " " << before;
    EXPECT_TRUE(link.client.received.empty() && link.server.received.empty());
  };
  for (std::size_t before = 0; before < 4; ++before) {
    for (const auto& forged : strangers.ofClient) injectedAt(true, forged, before);
    for (const auto& forged : strangers.ofServer) injectedAt(false, forged, before);
    for (const auto& forged : strangers.ofServer) injectedAt(true, forged, before);
    for (const auto& forged : strangers.ofClient) injectedAt(false, forged, before);
  }
}

TEST(D1, ACertificateOfAStrangerIsNotTheLastWord) {
  const Recording strangers = record();
  for (const bool atServer : {true, false}) {
    Link link;
    link.rule = [&](const End& from, std::size_t index, Bytes) {
      End& victim = atServer ? link.server : link.client;
      if (&from != &victim && index < 2) {
        Step step = link.bench.step();
        victim.receive(step, atServer ? strangers.ofClient.at(1) : strangers.ofServer.at(0));
      }
      return Fate{};
    };
    link.connect();
    link.runFor(2 * limits::dtls::kSecondOpinion);
    EXPECT_TRUE(link.isConnected());
    EXPECT_TRUE(link.server.failed.empty() && link.client.failed.empty());
  }
}

// ---- cookies ----

TEST(D2, AHelloThatOpenSslRefusesMakesTheNextOneBringACookie) {
  Link link;
  link.startServer();
  Message none = emptyHello();  // no extended master secret, no group: no suite for it
  Step step = link.bench.step();
  link.server.receive(step, datagramOf(none));
  EXPECT_EQ(link.server.session.stats().restarts, 1u);
  EXPECT_TRUE(link.server.sent.empty());
  link.startClient();
  link.runFor(1s);
  EXPECT_TRUE(link.isConnected());
}

TEST(D2, ACookieIsAskedForOnceInFiftyMilliseconds) {
  Strangers strangers(record());
  Link link;
  link.startServer();
  Step step = link.bench.step();
  for (int i = 0; i < 1'000; ++i) link.server.receive(step, strangers.hello());
  ASSERT_EQ(link.server.sent.size(), 2u);  // the answer to the first, and the question
  EXPECT_LE(link.server.sent[1].size(), 64u);
  EXPECT_EQ(messageOf(link.server.sent[1]).type, MessageType::helloVerifyRequest);
}

TEST(D2, AWrongCookieLeadsToNothing) {
  Strangers strangers(record());
  Link link;
  link.startServer();
  Step step = link.bench.step();
  link.server.receive(step, strangers.hello());
  link.server.receive(step, strangers.hello());
  const Message asked = messageOf(link.server.sent.at(1));
  const Bytes cookie = Bytes(asked.body).subspan(3);

  const auto answered = [&](ByteVector with) {
    Message hello = messageOf(strangers.hello());
    hello.sequence = 1;
    const std::size_t at = 2 + 32 + 1 + hello.body[34];
    hello.body[at] = static_cast<std::uint8_t>(with.size());
    hello.body.insert(hello.body.begin() + static_cast<std::ptrdiff_t>(at) + 1, with.begin(),
                      with.end());
    const std::uint64_t before = link.server.session.stats().restarts;
    link.server.receive(step, datagramOf(hello));
    return link.server.session.stats().restarts != before;
  };
  ByteVector wrong = toVector(cookie);
  wrong.back() ^= 1;
  EXPECT_FALSE(answered(wrong));
  EXPECT_FALSE(answered({}));
  EXPECT_FALSE(answered(toVector(cookie.first(cookie.size() - 1))));
  EXPECT_TRUE(answered(toVector(cookie)));
}

TEST(D2, AForgedQuestionForACookieIsOutlived) {
  crypto::SystemSecrets secrets;
  Link link;
  link.startServer();
  Step step = link.bench.step();
  link.client.session.start(step, Role::client, {link.server.fingerprint()}, 20ms);
  link.client.receive(step, datagramOf(Cookie(secrets).request()));
  link.carry(link.client);
  link.runFor(10s);
  EXPECT_TRUE(link.isConnected());
  EXPECT_EQ(link.client.session.stats().restarts, 1u);
}

// The certificate is the true one, which anybody has seen who met the server before: only the
// signature tells, and to verify one costs time.
TEST(D2, FlightsThatOnlyTheirSignatureGivesAwayAreLimitedPerSecond) {
  const Context::Shared server = testing::makeContext();
  ByteVector flight = record(server).ofServer.at(0);

  Link link(testing::makeContext(), server);
  link.startServer();
  link.startClient();
  Step step = link.bench.step();
  for (int i = 0; i < 1'000; ++i) link.client.receive(step, flight);
  EXPECT_EQ(link.client.session.stats().forged, std::uint64_t{limits::dtls::kVerdictsPerSecond});
  EXPECT_EQ(link.client.session.stats().overflow, 1'000u - limits::dtls::kVerdictsPerSecond);
  link.runFor(3s);
  EXPECT_TRUE(link.isConnected());
}

// The scheme of the signature is the forger's to choose, and none of them leads around the gate.
TEST(D2, NoSchemeOfSignatureGetsAForgedFlightToOpenSsl) {
  const Context::Shared server = testing::makeContext();
  ByteVector flight = record(server).ofServer.at(0);
  MutableBytes rest = flight;
  MutableBytes exchange;
  while (const auto record = takeRecord(rest)) {
    if (record->body[0] == static_cast<std::uint8_t>(MessageType::serverKeyExchange)) {
      exchange = record->body.subspan(Message::kHeader);
    }
  }
  ASSERT_FALSE(exchange.empty());
  const MutableBytes scheme = exchange.subspan(4u + exchange[3], 2);

  for (const int code : {0x0403, 0x0503, 0x0603, 0x0401, 0x0804, 0x0807, 0x0203, 0xffff}) {
    Link link(testing::makeContext(), server);
    link.startServer();
    link.startClient();
    WireWriter(scheme).u16(static_cast<std::uint16_t>(code));
    Step step = link.bench.step();
    link.client.receive(step, flight);
    EXPECT_EQ(link.client.session.stats().forged, 1u) << code;
    EXPECT_EQ(link.client.session.stats().restarts, 0u) << code;
    link.runFor(1s);
    EXPECT_TRUE(link.isConnected()) << code;
  }
}

// ---- floods ----

// Forged datagrams at both ends, so many a second, from before the first hello on.
struct Flood {
  explicit Flood(const Recording& recording_) : recording(recording_), strangers(recording_) {}

  bool isSurvived(int perSecond, std::uint64_t seed) {
    Link link;
    Random random(seed);
    link.latency = Duration(1'000 + random.below(60'000));
    link.startServer(2 * link.latency);
    const Duration gap = perSecond > 0 ? Duration(1s) / perSecond : Duration(1s);
    Duration next = Duration(random.below(static_cast<std::uint64_t>(gap.count())));
    const Duration clientFrom = Duration(random.below(200'000));
    bool isStarted = false;
    for (Duration time{}; time < 5s && !link.isConnected(); time = next, next += gap) {
      if (!isStarted && time >= clientFrom) {
        link.startClient(2 * link.latency);
        isStarted = true;
      }
      link.runFor(next - time);
      if (perSecond > 0) strike(link, random);
    }
    return link.isConnected();
  }

 private:
  void strike(Link& link, Random& random) {
    Step step = link.bench.step();
    link.server.receive(step, random.below(2) == 0 ? strangers.hello() : recording.ofClient.at(1));
    link.client.receive(step, recording.ofServer.at(random.below(2)));
    link.carry(link.server);
    link.carry(link.client);
  }

  const Recording& recording;
  Strangers strangers;
};

TEST(D2, AFloodOfForgedMessagesDoesNotStopTheTrueOnes) {
  const Recording recording = record();
  Flood flood(recording);
  for (const int perSecond : {0, 10, 100, 10'000}) {
    int survived = 0;
    const int tries = perSecond == 10'000 ? 10 : 50;
    for (int seed = 1; seed <= tries; ++seed) {
      if (flood.isSurvived(perSecond, static_cast<std::uint64_t>(seed))) ++survived;
    }
    EXPECT_EQ(survived, tries) << perSecond;
    RecordProperty("survived at " + std::to_string(perSecond), survived);
  }
}

}  // namespace
}  // namespace parley::dtls
