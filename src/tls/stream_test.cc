#include "tls/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/limits.h"
#include "core/random.h"
#include "core/trace.h"
#include "crypto/secrets.h"
#include "tls/test_authority.h"

namespace parley::tls {
namespace {

using testing::Authority;
using testing::Leaf;

constexpr std::int64_t kWallSeconds = 1'795'000'000;  // November 2026
constexpr std::int64_t kDay = 86'400;

struct Wire final : Stream::Sink {
  void sendBytes(Step&, Bytes ciphertext) override { bytes += textOf(ciphertext); }
  std::string bytes;  // on their way to the other end
};

struct TlsStreamTest : ::testing::Test {
  PacketPool pool{1};
  Random random{1};
  crypto::SystemSecrets secrets;
  NoTrace trace;
  Step step{Instant{1s}, kWallSeconds * 1'000'000, pool, random, secrets, trace};

  Authority authority;
  Leaf leaf;
  std::vector<std::string> serverAlpn{"stun.turn"};
  ClientOptions options{.trust = Trust::given, .authoritiesPem = authority.pem()};
  std::string hostname = "turn.example.net";

  Wire fromClient, fromServer;
  std::unique_ptr<Client> client;
  std::unique_ptr<Server> server;
  std::vector<Event> clientEvents, serverEvents;
  std::string clientRead, serverRead;

  void make() {
    const auto issued = authority.issue(leaf);
    const auto theirs = Context::ofServer({issued.privateKeyPem, issued.chainPem, serverAlpn});
    const auto ours = Context::ofClient(options);
    ASSERT_TRUE(theirs && ours);
    server = std::make_unique<Server>(theirs, fromServer);
    client = std::make_unique<Client>(ours, hostname, fromClient);
  }
  static void drain(Stream& stream, std::string& read, std::vector<Event>& events) {
    read += textOf(stream.read());
    while (auto event = stream.nextEvent()) events.push_back(std::move(*event));
  }
  void feed(Stream& to, Wire& from, std::size_t width) {
    for (std::string rest = std::exchange(from.bytes, {}); !rest.empty();) {
      const std::string piece = rest.substr(0, width);
      rest.erase(0, piece.size());
      to.receive(step, bytesOf(piece));
      drain(*server, serverRead, serverEvents);
      drain(*client, clientRead, clientEvents);
    }
  }
  void pump(std::size_t width = 100'000) {
    drain(*client, clientRead, clientEvents);
    while (!fromClient.bytes.empty() || !fromServer.bytes.empty()) {
      feed(*server, fromClient, width);
      feed(*client, fromServer, width);
    }
  }
  void connect(std::size_t width = 100'000) {
    make();
    server->start(step);
    client->start(step);
    pump(width);
  }
  // Why the client did not connect; empty when it did.
  std::optional<FailureReason> refusal() {
    connect();
    EXPECT_EQ(clientEvents.size(), 1u);
    if (clientEvents.empty()) return std::nullopt;
    const auto* failed = std::get_if<Failed>(&clientEvents.back());
    EXPECT_NE(client->isConnected(), failed != nullptr);
    return failed ? std::optional(failed->reason) : std::nullopt;
  }
};

TEST_F(TlsStreamTest, ConnectsAndCarriesBytesBothWays) {
  connect();
  ASSERT_EQ(clientEvents.size(), 1u);
  const auto& connected = std::get<Connected>(clientEvents[0]);
  EXPECT_EQ(connected.alpn, "stun.turn");
  EXPECT_EQ(connected.version, "TLSv1.3");
  EXPECT_EQ(client->deadline(), never());
  EXPECT_TRUE(client->send(step, bytesOf("ping")));
  pump();
  EXPECT_EQ(serverRead, "ping");
  const std::string much(100'000, 'm');
  EXPECT_TRUE(server->send(step, bytesOf(much)));
  EXPECT_LE(fromServer.bytes.size(), Stream::sealedMax(much.size()));
  EXPECT_GT(fromServer.bytes.size(), much.size());
  pump();
  EXPECT_EQ(clientRead, much);
}

TEST_F(TlsStreamTest, DoesNotCareHowTheStreamIsCut) {
  connect(1);
  EXPECT_TRUE(client->isConnected());
  EXPECT_TRUE(client->send(step, bytesOf("one byte at a time")));
  pump(1);
  EXPECT_EQ(serverRead, "one byte at a time");
  for (std::size_t at = 1; at < 60; ++at) {
    serverRead.clear();
    EXPECT_TRUE(client->send(step, bytesOf("and cut anywhere")));
    pump(at);
    EXPECT_EQ(serverRead, "and cut anywhere") << at;
  }
}

TEST_F(TlsStreamTest, AcceptsTheNameAWildcardAndAnAddress) {
  const std::vector<std::pair<std::string, std::string>> good{
      {"DNS:turn.example.net", "TURN.example.net"},
      {"DNS:turn.example.net", "turn.example.net."},
      {"DNS:*.example.net", "turn.example.net"},
      {"IP:192.0.2.7", "192.0.2.7"},
      {"IP:2001:db8::7", "2001:db8::7"},
      {"DNS:a.test,DNS:b.test", "b.test"}};
  for (const auto& [names, host] : good) {
    clientEvents.clear();
    leaf.names = names;
    hostname = host;
    EXPECT_EQ(refusal(), std::nullopt) << host;
  }
}

TEST_F(TlsStreamTest, RefusesACertificateOfAnotherHost) {
  const std::vector<std::pair<std::string, std::string>> bad{
      {"DNS:turn.example.net", "turn.example.org"},
      {"DNS:*.example.net", "example.net"},
      {"DNS:*.example.net", "a.b.example.net"},
      {"DNS:t*.example.net", "turn.example.net"},
      {"IP:192.0.2.7", "192.0.2.8"},
      {"DNS:192.0.2.7", "192.0.2.7"},
      {"", "not looked at"},
      {"DNS:turn.example.net", ""}};
  for (const auto& [names, host] : bad) {
    clientEvents.clear();
    leaf.names = names;
    hostname = host;
    EXPECT_EQ(refusal(), FailureReason::wrongHost) << names << " for " << host;
  }
}

TEST_F(TlsStreamTest, RefusesACertificateOfAnUnknownAuthority) {
  options.authoritiesPem = Authority("another").pem();
  EXPECT_EQ(refusal(), FailureReason::unknownAuthority);
  ASSERT_EQ(serverEvents.size(), 1u) << "it is told";
  EXPECT_EQ(std::get<Failed>(serverEvents[0]).reason, FailureReason::alert);
}

TEST_F(TlsStreamTest, TheSystemDoesNotTrustAnAuthorityOfTests) {
  options = {};
  EXPECT_EQ(refusal(), FailureReason::unknownAuthority);
}

TEST_F(TlsStreamTest, TrustsACertificateThatWasGivenForItself) {
  const auto issued = authority.issue(leaf);
  options.authoritiesPem = issued.chainPem;
  make();
  server = std::make_unique<Server>(
      Context::ofServer({issued.privateKeyPem, issued.chainPem, serverAlpn}), fromServer);
  server->start(step);
  client->start(step);
  pump();
  EXPECT_TRUE(client->isConnected());
}

TEST_F(TlsStreamTest, JudgesValidityByTheClockOfTheStep) {
  leaf.fromSeconds = kWallSeconds;
  leaf.untilSeconds = kWallSeconds + kDay;
  EXPECT_EQ(refusal(), std::nullopt);
  clientEvents.clear();
  step.wallMicros = (kWallSeconds + 2 * kDay) * 1'000'000;
  EXPECT_EQ(refusal(), FailureReason::expired);
  clientEvents.clear();
  step.wallMicros = (kWallSeconds - kDay) * 1'000'000;
  EXPECT_EQ(refusal(), FailureReason::notYetValid);
}

TEST_F(TlsStreamTest, WhoTrustsEverybodyProvesNothingAndConnects) {
  options = {.trust = Trust::none};
  hostname = "another.example.net";
  EXPECT_EQ(refusal(), std::nullopt);
}

TEST_F(TlsStreamTest, GoesWithoutAlpnWhereTheServerHasNone) {
  serverAlpn = {};
  connect();
  EXPECT_EQ(std::get<Connected>(clientEvents.at(0)).alpn, "");
}

TEST_F(TlsStreamTest, AgreesOnTheFirstProtocolOfTheServerThatIsOffered) {
  options.alpn = {"stun.nat-discovery", "stun.turn"};
  serverAlpn = {"stun.turn", "stun.nat-discovery"};
  connect();
  EXPECT_EQ(std::get<Connected>(clientEvents.at(0)).alpn, "stun.turn");
  EXPECT_EQ(std::get<Connected>(serverEvents.at(0)).alpn, "stun.turn");
}

TEST_F(TlsStreamTest, ClosesWithAWordThatTheOtherAnswers) {
  connect();
  EXPECT_TRUE(server->send(step, bytesOf("last words")));
  server->close(step);
  pump();
  EXPECT_EQ(clientRead, "last words");
  EXPECT_TRUE(std::holds_alternative<Closed>(clientEvents.back()));
  EXPECT_FALSE(client->send(step, bytesOf("too late")));
  client->receiveEnd(step);
  pump();
  EXPECT_EQ(clientEvents.size(), 2u);
}

TEST_F(TlsStreamTest, ToldApartFromAStreamThatWasCutOff) {
  connect();
  client->receiveEnd(step);
  pump();
  EXPECT_EQ(std::get<Failed>(clientEvents.back()).reason, FailureReason::truncated);
}

TEST_F(TlsStreamTest, GarbageEndsItBeforeAndAfterTheHandshake) {
  make();
  client->start(step);
  client->receive(step, bytesOf("HTTP/1.1 400 Bad Request\r\n\r\n"));
  drain(*client, clientRead, clientEvents);
  EXPECT_EQ(std::get<Failed>(clientEvents.at(0)).reason, FailureReason::protocol);
  fromClient.bytes.clear();

  clientEvents.clear();
  connect();
  EXPECT_TRUE(server->send(step, bytesOf("secret")));
  fromServer.bytes.back() ^= 1;
  pump();
  EXPECT_EQ(std::get<Failed>(clientEvents.back()).reason, FailureReason::protocol);
  EXPECT_EQ(clientRead, "");
}

TEST_F(TlsStreamTest, NothingIsSentOrHandedOutBeforeItIsConnected) {
  make();
  EXPECT_FALSE(client->send(step, bytesOf("early")));
  client->start(step);
  EXPECT_FALSE(client->send(step, bytesOf("early")));
  EXPECT_FALSE(client->nextEvent());
}

TEST_F(TlsStreamTest, GivesUpAHandshakeThatDoesNotEnd) {
  make();
  client->start(step);
  EXPECT_EQ(client->deadline(), step.now + limits::tls::kHandshake);
  step.now = client->deadline();
  client->onTimer(step);
  drain(*client, clientRead, clientEvents);
  EXPECT_EQ(std::get<Failed>(clientEvents.at(0)).reason, FailureReason::timeout);
  EXPECT_EQ(client->deadline(), never());
}

TEST_F(TlsStreamTest, KeepsABoundedNumberOfBytesThatNobodyReads) {
  connect();
  const std::string much(limits::tls::kUnreadBytes + 1, 'm');
  EXPECT_TRUE(server->send(step, bytesOf(much)));
  client->receive(step, bytesOf(fromServer.bytes));
  const auto event = client->nextEvent();
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<Failed>(*event).reason, FailureReason::unread);
}

TEST_F(TlsStreamTest, AContextThatCannotBeMadeIsNone) {
  EXPECT_EQ(Context::ofClient({.trust = Trust::given, .authoritiesPem = "nothing"}), nullptr);
  EXPECT_EQ(Context::ofServer({"no key", "no chain", {}}), nullptr);
  const auto one = authority.issue(leaf), other = authority.issue(leaf);
  EXPECT_EQ(Context::ofServer({one.privateKeyPem, other.chainPem, {}}), nullptr);
}

}  // namespace
}  // namespace parley::tls
