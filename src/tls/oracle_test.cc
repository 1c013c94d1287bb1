// Our record layer and OpenSSL's have to understand each other, and to refuse the same.

#include "core/wire.h"
#include "tls/test_openssl_peer.h"

namespace parley::dtls {
namespace {

using testing::Duel;
using testing::makeContext;
using testing::makeIdentity;
using testing::OpenSslPeer;

const char* const kSuites[] = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305",
                               "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256",
                               "ECDHE-RSA-CHACHA20-POLY1305",   "ECDHE-RSA-AES256-GCM-SHA384"};

bool isRsa(std::string_view suite) { return suite.find("RSA") == 6; }

// Every suite in both roles.
template <class Check>
void forEachSuite(Check check) {
  const auto ecdsa = makeIdentity();
  const auto rsa = makeIdentity(crypto::KeyType::rsa2048);
  for (const char* suite : kSuites) {
    for (const Role ours : {Role::client, Role::server}) {
      SCOPED_TRACE(std::string(suite) + (ours == Role::client ? " client" : " server"));
      const auto& identity = isRsa(suite) ? rsa : ecdsa;
      OpenSslPeer peer(identity, {.isServer = ours == Role::client, .suites = suite});
      Duel duel(peer, ours, Context::make(identity, {}));
      duel.run();
      ASSERT_TRUE(duel.end.session.isConnected());
      ASSERT_TRUE(SSL_is_init_finished(peer.ssl()));
      EXPECT_EQ(duel.end.connected.at(0).cipher,
                SSL_CIPHER_standard_name(SSL_get_current_cipher(peer.ssl())));
      check(duel);
    }
  }
}

TEST(Oracle, OpensEveryRecordTheOtherMadeInEverySuiteAndRole) {
  forEachSuite([](Duel& duel) {
    for (std::size_t size = 1; size <= 1'400; size += 37) {
      const ByteVector text(size, static_cast<std::uint8_t>(size));
      Step step = duel.bench.step();
      duel.end.sendText(step, text);
      ASSERT_TRUE(duel.peer.send(text));
      duel.pass();
      ASSERT_EQ(duel.peer.readText(), text);
      ASSERT_EQ(duel.end.received.back(), text);
    }
  });
}

TEST(Oracle, BothRefuseEveryFlippedBit) {
  forEachSuite([](Duel& duel) {
    Step step = duel.bench.step();
    duel.end.sendText(step, bytesOf("ours"));
    ASSERT_TRUE(duel.peer.send(bytesOf("theirs")));
    const ByteVector ours = std::exchange(duel.end.sent, {}).at(0);
    const ByteVector theirs = std::exchange(duel.peer.out, {}).at(0);
    const auto flipped = [](const ByteVector& record, std::size_t bit) {
      ByteVector changed = record;
      changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      return changed;
    };
    for (std::size_t bit = 0; bit < ours.size() * 8; ++bit) {
      duel.peer.receive(flipped(ours, bit));
      ASSERT_FALSE(duel.peer.readText()) << bit;
    }
    for (std::size_t bit = 0; bit < theirs.size() * 8; ++bit) {
      duel.end.receive(step, flipped(theirs, bit));
      ASSERT_TRUE(duel.end.received.empty()) << bit;
    }
    duel.end.receive(step, theirs);
    EXPECT_EQ(textOf(duel.end.received.at(0)), "theirs");
  });
}

TEST(Oracle, UnderstandsEachOthersGoodbye) {
  forEachSuite([](Duel& duel) {
    SSL_shutdown(duel.peer.ssl());
    duel.pass();
    EXPECT_EQ(duel.end.closed, 1);
    EXPECT_FALSE(duel.peer.readText());
    EXPECT_NE(SSL_get_shutdown(duel.peer.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
  });
  forEachSuite([](Duel& duel) {
    Step step = duel.bench.step();
    duel.end.session.close(step);
    duel.pass();
    EXPECT_FALSE(duel.peer.readText());
    EXPECT_NE(SSL_get_shutdown(duel.peer.ssl()) & SSL_RECEIVED_SHUTDOWN, 0);
    SSL_shutdown(duel.peer.ssl());
    duel.pass();
    EXPECT_EQ(duel.end.closed, 1);
  });
}

TEST(Oracle, ExportsTheSameSrtpKeys) {
  for (const Role ours : {Role::client, Role::server}) {
    OpenSslPeer peer(makeIdentity(), {.isServer = ours == Role::client});
    ASSERT_EQ(SSL_set_tlsext_use_srtp(peer.ssl(), "SRTP_AES128_CM_SHA1_80"), 0);
    Duel duel(
        peer, ours,
        makeContext({crypto::SrtpProfile::aeadAes128Gcm, crypto::SrtpProfile::aes128CmSha1_80}));
    duel.run();
    const auto& srtp = duel.end.connected.at(0).srtp;
    ASSERT_TRUE(srtp);
    EXPECT_EQ(srtp->profile, crypto::SrtpProfile::aes128CmSha1_80);
    const ByteVector block = peer.exported("EXTRACTOR-dtls_srtp", 60);
    const bool isClient = ours == Role::client;
    const Bytes all(block);
    EXPECT_TRUE(equal(isClient ? srtp->localKey : srtp->remoteKey, all.subspan(0, 16)));
    EXPECT_TRUE(equal(isClient ? srtp->remoteKey : srtp->localKey, all.subspan(16, 16)));
    EXPECT_TRUE(equal(isClient ? srtp->localSalt : srtp->remoteSalt, all.subspan(32, 14)));
    EXPECT_TRUE(equal(isClient ? srtp->remoteSalt : srtp->localSalt, all.subspan(46, 14)));
  }
}

TEST(Oracle, ServerReassemblesAHelloInManyPiecesInAnyOrderAndTwice) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    OpenSslPeer peer(makeIdentity(), {.mtu = 256});
    // A long list of protocols makes the hello longer than one datagram of that size.
    ByteVector protocols;
    for (int i = 0; i < 10; ++i) {
      protocols.push_back(50);
      protocols.insert(protocols.end(), 50, static_cast<std::uint8_t>('a' + i));
    }
    SSL_set_alpn_protos(peer.ssl(), protocols.data(), static_cast<unsigned>(protocols.size()));
    Duel duel(peer, Role::server);
    peer.handshake();
    ASSERT_GE(peer.out.size(), 3u);
    std::vector<ByteVector> twice = peer.out;
    twice.insert(twice.end(), peer.out.begin(), peer.out.end());
    Random random(seed);
    for (std::size_t i = twice.size(); i > 1; --i) {
      std::swap(twice[i - 1], twice[random.below(i)]);
    }
    peer.out = twice;
    duel.run();
    EXPECT_TRUE(duel.end.session.isConnected()) << seed;
    EXPECT_EQ(duel.end.session.stats().restarts, 0u);
  }
}

TEST(Oracle, RepeatsTheLastFlightForAPeerThatRepeatsItsOwn) {
  OpenSslPeer peer(makeIdentity(), {});
  // Under 15 ms OpenSSL calls a timer due at once: it sends its flight twice in a row.
  DTLS_set_timer_cb(peer.ssl(), [](SSL*, unsigned last) { return last == 0 ? 1u : 60'000'000u; });
  Duel duel(peer, Role::server);
  peer.handshake();
  duel.pass();
  peer.handshake();
  const auto flights = std::exchange(peer.out, {});
  ASSERT_GE(flights.size(), 2u);

  Step step = duel.bench.step();
  duel.end.receive(step, flights[0]);
  ASSERT_TRUE(duel.end.session.isConnected());
  duel.end.sent.clear();  // our ChangeCipherSpec and Finished are lost
  duel.bench.now += 1s;
  Step later = duel.bench.step();
  for (std::size_t i = 1; i < flights.size(); ++i) duel.end.receive(later, flights[i]);
  EXPECT_EQ(duel.end.session.stats().handshakeRetransmits, 1u);
  duel.pass();
  EXPECT_TRUE(peer.handshake());
  ASSERT_TRUE(peer.send(bytesOf("at last")));
  duel.pass();
  EXPECT_EQ(textOf(duel.end.received.at(0)), "at last");
}

TEST(Oracle, IgnoresARenegotiation) {  // D-11
  OpenSslPeer peer(makeIdentity(), {});
  Duel duel(peer, Role::server);
  duel.run();
  SSL_renegotiate(peer.ssl());
  duel.run();
  EXPECT_TRUE(duel.end.session.isConnected());
  EXPECT_GE(duel.end.session.stats().notExpected, 1u);
}

}  // namespace
}  // namespace parley::dtls
