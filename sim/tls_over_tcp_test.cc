#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "sim/world.h"
#include "tls/stream.h"
#include "tls/test_authority.h"

// TLS as others use it: over streams of a loop, in a world with its own wall clocks.

namespace parley::sim {
namespace {

constexpr std::int64_t kWorldStart = 1'767'225'600;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kDay = 86'400;

// One end of TLS on one stream.
template <class End>
class Party final : public Host::Guest, private tls::Stream::Sink {
 public:
  template <class... Arguments>
  explicit Party(Node& node, Arguments... arguments)
      : host_(node.host()), tls(std::move(arguments)..., *this) {
    host_.enter(*this);
  }
  ~Party() override { host_.leave(*this); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step& step) override { tls.onTimer(step); }
  void onStreamOpened(Step& step, SocketId, const Address&) override { tls.start(step); }
  void onStreamAccepted(Step& step, SocketId, SocketId accepted, const Address&,
                        const Address&) override {
    stream = accepted;
    tls.start(step);
  }
  void onStreamBytes(Step& step, SocketId, MutableBytes bytes) override {
    tls.receive(step, bytes);
    read += textOf(tls.read());
  }
  void onStreamClosed(Step& step, SocketId, StreamEnd) override { tls.receiveEnd(step); }
  void onStepEnd(Step&) override {
    while (const auto event = tls.nextEvent()) {
      if (const auto* failed = std::get_if<tls::Failed>(&*event)) failure = failed->reason;
      isClosed = isClosed || std::holds_alternative<tls::Closed>(*event);
    }
    host_.wakeAt(*this, tls.deadline());
  }

 private:
  void sendBytes(Step&, Bytes ciphertext) override { EXPECT_TRUE(host_.write(stream, ciphertext)); }
  Host& host_;

 public:
  End tls;
  SocketId stream{};
  std::string read;
  std::optional<tls::FailureReason> failure;
  bool isClosed = false;
};

struct TlsOverTcpTest : testing::Test {
  World world{5};
  Node& alice = world.addNode("alice");
  Node& bob = world.addNode("bob");
  tls::testing::Authority authority;
  tls::testing::IssuedChain issued = authority.issue({.names = "IP:10.0.0.2",
                                                      .fromSeconds = kWorldStart - kDay,
                                                      .untilSeconds = kWorldStart + kDay});
  Party<tls::Client> client{
      alice,
      tls::Context::ofClient({.trust = tls::Trust::given, .authoritiesPem = authority.pem()}),
      std::string("10.0.0.2")};
  Party<tls::Server> server{bob, tls::Context::ofServer({issued.privateKeyPem, issued.chainPem})};

  void connect(const LinkOptions& options) {
    world.connect(alice, bob, options);
    const auto bound = bob.host().listenTcp(server, {{}, 5349, 5349});
    client.stream =
        alice.host().connectTcp(client, {.remote = {bob.address(), bound->local.port}}).value();
    world.runUntil([&] { return client.tls.isConnected() || client.failure; }, 1min);
  }
};

TEST_F(TlsOverTcpTest, ConnectsAndCarriesBytesOverALinkThatLosesThem) {
  bob.setTcpFaults({.dribbles = true});
  connect({.jitter = 5ms, .loss = 0.1, .reorder = 0.1});
  ASSERT_TRUE(client.tls.isConnected());
  alice.post([&] { EXPECT_TRUE(client.tls.send(alice.host().step(), bytesOf("over both"))); });
  EXPECT_TRUE(world.runUntil([&] { return server.read == "over both"; }, 1min));
  alice.post([&] {
    client.tls.close(alice.host().step());
    alice.host().close(client.stream);
  });
  EXPECT_TRUE(world.runUntil([&] { return server.isClosed; }, 1min));
  EXPECT_FALSE(server.failure);
}

TEST_F(TlsOverTcpTest, ACertificateIsJudgedByTheWallClockOfTheNode) {
  alice.shiftWallClock(48h);
  connect({});
  EXPECT_EQ(client.failure, tls::FailureReason::expired);
}

TEST_F(TlsOverTcpTest, AStreamThatEndsWithoutAWordWasCutOff) {
  connect({});
  ASSERT_TRUE(client.tls.isConnected());
  bob.post([&] { bob.host().close(server.stream); });
  EXPECT_TRUE(world.runUntil([&] { return client.failure.has_value(); }, 1min));
  EXPECT_EQ(client.failure, tls::FailureReason::truncated);
}

TEST_F(TlsOverTcpTest, AServerThatSaysNothingIsGivenUp) {
  bob.setTcpFaults({.stalls = true});
  connect({});
  EXPECT_EQ(client.failure, tls::FailureReason::timeout);
}

}  // namespace
}  // namespace parley::sim
