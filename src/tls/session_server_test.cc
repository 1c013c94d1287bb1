// Sessions with a server of the web: OpenSSL as the server, an authority of the test's own.

#include <gtest/gtest.h>

#include "tls/test_authority.h"
#include "tls/test_openssl_peer.h"

namespace parley::dtls::testing {
namespace {

using tls::testing::Authority;
using tls::testing::IssuedChain;
using tls::testing::Leaf;

constexpr std::int64_t kNowSeconds = kWall / 1'000'000;

const Authority& authority() {
  static const Authority made;
  return made;
}

crypto::KeyPtr keyOf(const IssuedChain& chain) {
  const crypto::BioPtr text(BIO_new_mem_buf(chain.privateKeyPem.data(), -1));
  return crypto::KeyPtr(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
}

crypto::X509Ptr leafOf(const IssuedChain& chain) {
  const crypto::BioPtr text(BIO_new_mem_buf(chain.chainPem.data(), -1));
  return crypto::X509Ptr(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
}

int chooseAlpn(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offer,
               unsigned offered, void* seen) {
  static_cast<std::string*>(seen)->assign(reinterpret_cast<const char*>(offer), offered);
  *chosen = offer + 1;
  *size = offer[0];
  return SSL_TLSEXT_ERR_OK;
}

// A client of ours and a server whose own timer never runs out: it repeats its last flight when it
// is asked to by ours.
struct OfTheWeb : ::testing::Test {
  void use(const Leaf& leaf, OpenSslPeer::Options options = {.isServer = true}) {
    const IssuedChain chain = authority().issue(leaf);
    server.emplace(keyOf(chain), leafOf(chain), options);
    SSL_CTX_set_alpn_select_cb(SSL_get_SSL_CTX(server->ssl()), chooseAlpn, &alpn);
  }
  void start(const std::string& host, const std::string& authorities = authority().pem()) {
    client.emplace(Context::ofClient({.trust = tls::Trust::given, .authoritiesPem = authorities}));
    Step step = bench.step();
    client->session.start(step, ServerName{host, kWall});
    client->collect();
  }
  // One exchange; the n-th datagram of either is lost when the rule says so.
  void pass() {
    Step step = bench.step();
    server->handshake();
    for (const ByteVector& datagram : std::exchange(server->out, {}))
      if (++down; !isLost || !isLost(true, down - 1)) client->receive(step, datagram);
    std::vector<ByteVector> said = std::exchange(client->sent, {});
    if (isReversed) std::ranges::reverse(said);
    for (const ByteVector& datagram : said)
      if (++up; !isLost || !isLost(false, up - 1)) server->receive(datagram);
    if (server->handshake()) server->readText();
  }
  void run(int rounds = 10) {
    for (int i = 0; i < rounds; ++i) {
      pass();
      if (client->session.deadline() == never() || !server->out.empty() || !client->sent.empty())
        continue;
      bench.now = client->session.deadline();
      Step step = bench.step();
      client->session.onTimer(step);
      client->collect();
    }
  }
  Failed failure() const {
    EXPECT_EQ(client->failed.size(), 1u);
    return client->failed.empty() ? Failed{} : client->failed[0];
  }

  Bench bench;
  std::optional<OpenSslPeer> server;
  std::optional<End> client;
  std::string alpn;
  std::function<bool(bool isDown, std::size_t number)> isLost;
  bool isReversed = false;
  std::size_t up = 0, down = 0;
};

TEST_F(OfTheWeb, AServerOfTheNameIsTrusted) {
  use({.names = "DNS:turn.example.net"});
  start("turn.example.net");
  run();
  ASSERT_EQ(client->connected.size(), 1u);
  EXPECT_EQ(alpn, "\x09stun.turn");
  EXPECT_STREQ(SSL_get_servername(server->ssl(), TLSEXT_NAMETYPE_host_name), "turn.example.net");
  Step step = bench.step();
  client->sendText(step, bytesOf("question"));
  server->receive(client->sent.back());
  EXPECT_EQ(server->readText(), toVector(bytesOf("question")));
  server->send(bytesOf("answer"));
  client->receive(step, server->out.back());
  ASSERT_EQ(client->received.size(), 1u);
  EXPECT_EQ(client->received[0], toVector(bytesOf("answer")));
  client->session.close(step);
  server->receive(client->sent.back());
  server->readText();
  EXPECT_TRUE(SSL_get_shutdown(server->ssl()) & SSL_RECEIVED_SHUTDOWN);
}

TEST_F(OfTheWeb, NamesAndAddressesAreWhatTheCertificateSays) {
  for (const auto& [names, host] :
       {std::pair{"IP:192.0.2.9", "192.0.2.9"}, std::pair{"IP:2001:db8::9", "2001:db8::9"},
        std::pair{"DNS:*.example.net", "turn.example.net"},
        std::pair{"DNS:turn.example.net", "turn.example.net."}}) {
    SCOPED_TRACE(host);
    use({.names = names});
    start(host);
    run();
    EXPECT_EQ(client->connected.size(), 1u);
  }
}

TEST_F(OfTheWeb, AnotherHostIsRefusedBeforeAnythingIsSaid) {
  for (const auto& [names, host] :
       {std::pair{"DNS:turn.example.net", "other.example.net"},
        std::pair{"DNS:192.0.2.9", "192.0.2.9"}, std::pair{"IP:192.0.2.9", "192.0.2.8"},
        std::pair{"DNS:t*.example.net", "turn.example.net"}, std::pair{"", "turn.example.net"}}) {
    SCOPED_TRACE(host);
    use({.names = names});
    start(host);
    run(3);
    EXPECT_TRUE(client->connected.empty());
    EXPECT_EQ(failure().reason, FailureReason::untrusted);
    EXPECT_EQ(failure().detail, "The certificate is of another host.");
    EXPECT_EQ(failure().alertSent, 42);
  }
}

TEST_F(OfTheWeb, WhoIsNotToBeTrustedIsNot) {
  use({.untilSeconds = kNowSeconds - 1});
  start("turn.example.net");
  run(3);
  EXPECT_EQ(failure().detail, "The certificate has expired.");
  use({.fromSeconds = kNowSeconds + 1});
  start("turn.example.net");
  run(3);
  EXPECT_EQ(failure().detail, "The certificate is not valid yet.");
  use({});
  start("turn.example.net", Authority("somebody else").pem());
  run(3);
  EXPECT_EQ(failure().detail, "The certificate is of nobody that we trust.");
}

TEST_F(OfTheWeb, WhatIsLostIsSaidAgain) {
  use({});
  start("turn.example.net");
  run();
  const std::size_t hello = 0, flight = up - 1, last = down - 1;
  for (const auto& [isDown, lost] :
       {std::pair{false, hello}, std::pair{false, flight}, std::pair{true, last}}) {
    SCOPED_TRACE(lost);
    use({});
    isLost = [isDown, lost](bool ofServer, std::size_t number) {
      return ofServer == isDown && number == lost;
    };
    up = down = 0;
    start("turn.example.net");
    run();
    EXPECT_EQ(client->connected.size(), 1u);
    EXPECT_EQ(client->session.stats().handshakeRetransmits, 1u);
  }
}

TEST_F(OfTheWeb, TheOrderDoesNotMatter) {
  use({});
  isReversed = true;
  start("turn.example.net");
  run();
  EXPECT_EQ(client->connected.size(), 1u);
}

TEST_F(OfTheWeb, AServerThatIsNotThereIsGivenUp) {
  use({});
  isLost = [](bool, std::size_t) { return true; };
  start("turn.example.net");
  run(60);
  EXPECT_EQ(failure().reason, FailureReason::timeout);
  EXPECT_EQ(bench.now, Instant(1s) + limits::dtls::kHandshake);
}

TEST_F(OfTheWeb, WithoutAnAuthorityThereIsNoContext) {
  EXPECT_EQ(Context::ofClient({.trust = tls::Trust::given, .authoritiesPem = "nothing"}), nullptr);
  EXPECT_NE(Context::ofClient({}), nullptr);
}

}  // namespace
}  // namespace parley::dtls::testing
