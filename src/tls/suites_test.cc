// What is agreed to and what is not: suites, groups, signatures, versions, certificates.

#include <fstream>

#include "core/wire.h"
#include "crypto/test_hex.h"
#include "tls/key_schedule.h"
#include "tls/test_openssl_peer.h"

namespace parley::dtls {
namespace {

using testing::Duel;
using testing::makeContext;
using testing::makeIdentity;
using testing::OpenSslPeer;

constexpr Role kRoles[] = {Role::client, Role::server};

// Whether one of ours and such a peer come together, in both roles.
void expectAgreement(bool expected, OpenSslPeer::Options options,
                     crypto::KeyType key = crypto::KeyType::ecdsaP256) {
  for (const Role ours : kRoles) {
    SCOPED_TRACE(ours == Role::client ? "as client" : "as server");
    options.isServer = ours == Role::client;
    OpenSslPeer peer(makeIdentity(key), options);
    Duel duel(peer, ours, makeContext({}, key));
    duel.run();
    EXPECT_EQ(duel.end.session.isConnected(), expected);
    EXPECT_EQ(duel.end.connected.size(), expected ? 1u : 0u);
  }
}

TEST(Suites, OnlyForwardSecretAuthenticatedOnes) {
  expectAgreement(true, {.suites = "ECDHE-ECDSA-AES128-GCM-SHA256"});
  for (const char* refused :
       {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-CCM8",
        "ECDHE-ECDSA-AES128-CCM", "AES128-GCM-SHA256", "AES128-SHA", "DHE-RSA-AES128-GCM-SHA256",
        "aNULL:@SECLEVEL=0", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", "PSK-AES128-GCM-SHA256"}) {
    SCOPED_TRACE(refused);
    expectAgreement(false, {.suites = refused});
  }
}

TEST(Suites, OursDecideWhichOfSeveral) {
  OpenSslPeer peer(makeIdentity(), {.suites = "ECDHE-ECDSA-AES256-GCM-SHA384:"
                                              "ECDHE-ECDSA-CHACHA20-POLY1305:"
                                              "ECDHE-ECDSA-AES128-GCM-SHA256"});
  Duel duel(peer, Role::server);
  duel.run();
  EXPECT_EQ(duel.end.connected.at(0).cipherId, 0xc02b);
}

TEST(Suites, VersionOneTwoAlone) { expectAgreement(false, {.version = DTLS1_VERSION}); }

// With RSA, as the curve of a certificate would have to be among the groups.
TEST(Suites, GroupsOfTheTable) {
  constexpr auto kRsa = crypto::KeyType::rsa2048;
  for (const char* group : {"X25519", "P-256", "P-384"}) {
    SCOPED_TRACE(group);
    expectAgreement(true, {.groups = group}, kRsa);
  }
  for (const char* group : {"P-521", "X448"}) {
    SCOPED_TRACE(group);
    expectAgreement(false, {.groups = group}, kRsa);
  }
}

TEST(Suites, NoSignatureWithSha1) {
  expectAgreement(false, {.signatures = "ECDSA+SHA1"});
  expectAgreement(true, {.signatures = "ECDSA+SHA384:ECDSA+SHA256"});
}

TEST(Suites, ExtendedMasterSecretIsDemanded) {
  for (const Role ours : kRoles) {
    OpenSslPeer peer(makeIdentity(),
                     {.isServer = ours == Role::client, .hasExtendedMasterSecret = false});
    Duel duel(peer, ours);
    duel.run();
    ASSERT_EQ(duel.end.failed.size(), 1u);
    EXPECT_EQ(duel.end.failed[0].reason, FailureReason::noExtendedMasterSecret);
  }
}

TEST(Suites, NoTicketIsOfferedOrGiven) {
  OpenSslPeer peer(makeIdentity(), {});
  Duel duel(peer, Role::server);
  duel.run();
  EXPECT_EQ(SSL_SESSION_has_ticket(SSL_get_session(peer.ssl())), 0);
}

// ---- certificates ----

crypto::X509Ptr certify(EVP_PKEY* key, const EVP_MD* hash, std::int64_t from, std::int64_t until,
                        long version = 2, std::size_t padding = 0) {
  crypto::X509Ptr certificate(X509_new());
  X509* it = certificate.get();
  X509_set_version(it, version);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(it), -7);
  const std::string name(60, 'n');
  for (std::size_t i = 0; i <= padding / name.size(); ++i) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "OU", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.data()), 60, -1, 0);
  }
  X509_set_issuer_name(it, X509_get_subject_name(it));
  ASN1_TIME_set(X509_getm_notBefore(it), static_cast<time_t>(from));
  ASN1_TIME_set(X509_getm_notAfter(it), static_cast<time_t>(until));
  X509_set_pubkey(it, key);
  X509_sign(it, key, hash);
  return certificate;
}

struct Shown {
  std::string name;
  crypto::KeyPtr key;
  const EVP_MD* hash = EVP_sha256();
  std::int64_t until = 1'900'000'000;
  long version = 2;
  std::size_t padding = 0;
  bool isAccepted = true;
};

TEST(Certificates, AreJudgedByKeyAndFingerprintAndNothingElse) {  // D-14
  const auto ec = [](const char* curve) {
    return crypto::KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
  };
  const auto rsa = [](std::size_t bits) {
    return crypto::KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
  };
  std::vector<Shown> shown;
  shown.push_back({.name = "P-256", .key = ec("P-256")});
  shown.push_back({.name = "P-384", .key = ec("P-384")});
  shown.push_back({.name = "RSA 2048", .key = rsa(2'048)});
  shown.push_back({.name = "expired", .key = ec("P-256"), .until = 1'000'000'100});
  shown.push_back({.name = "version 1", .key = ec("P-256"), .version = 0});
  shown.push_back({.name = "signed with SHA-1", .key = ec("P-256"), .hash = EVP_sha1()});
  shown.push_back({.name = "P-521", .key = ec("P-521"), .isAccepted = false});
  shown.push_back({.name = "secp256k1", .key = ec("secp256k1"), .isAccepted = false});
  shown.push_back({.name = "RSA 1024", .key = rsa(1'024), .isAccepted = false});
  shown.push_back({.name = "Ed25519",
                   .key = crypto::KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")),
                   .hash = nullptr,
                   .isAccepted = false});
  shown.push_back({.name = "100 KB", .key = ec("P-256"), .padding = 100'000, .isAccepted = false});

  for (const Shown& it : shown) {
    for (const Role ours : kRoles) {
      SCOPED_TRACE(it.name + (ours == Role::client ? ", shown by a server" : ", by a client"));
      OpenSslPeer peer(
          OpenSslPeer::share(it.key),
          certify(it.key.get(), it.hash, 1'000'000'000, it.until, it.version, it.padding),
          {.isServer = ours == Role::client});
      Duel duel(peer, ours);
      duel.run();
      EXPECT_EQ(duel.end.session.isConnected(), it.isAccepted);
      EXPECT_EQ(duel.end.connected.size(), it.isAccepted ? 1u : 0u);
    }
  }
}

TEST(Certificates, HaveToBeShownByAClient) {  // D-5
  OpenSslPeer peer(makeIdentity(), {.sendsCertificate = false});
  Duel duel(peer, Role::server);
  duel.run();
  EXPECT_FALSE(duel.end.session.isConnected());
}

// A certificate without the key to it: pion CVE-2022-29222 and its kind.
TEST(Certificates, AreWorthNothingWithoutTheirKey) {  // D-5
  for (const bool isLost : {true, false}) {
    OpenSslPeer peer(makeIdentity(), {.mtu = 1'200});
    Duel duel(peer, Role::server);
    peer.handshake();
    duel.pass();
    peer.handshake();
    // The client's last flight, with CertificateVerify (type 15) left out or damaged.
    Step step = duel.bench.step();
    for (ByteVector datagram : std::exchange(peer.out, {})) {
      MutableBytes rest = datagram;
      while (const auto record = takeRecord(rest)) {
        const bool isProof = record->header.epoch == 0 && record->body[0] == 15;
        if (isProof && isLost) continue;
        if (isProof) record->body.back() ^= 1;
        duel.end.receive(step, record->whole);
      }
    }
    duel.run();
    EXPECT_FALSE(duel.end.session.isConnected());
    EXPECT_TRUE(duel.end.connected.empty());
  }
}

TEST(Contexts, RefuseNothingButAMissingIdentity) {
  EXPECT_EQ(Context::make(nullptr), nullptr);
  EXPECT_EQ(Context::make(makeIdentity(), {.mtu = 10})->options().mtu, 256u);
  EXPECT_EQ(Context::make(makeIdentity(), {.mtu = 9'000})->options().mtu, 1'472u);
}

// ---- what browsers send ----

std::vector<ByteVector> linesOf(const std::string& file) {
  std::ifstream in(std::string(PARLEY_TEST_VECTORS) + "/tls/" + file);
  std::vector<ByteVector> datagrams;
  for (std::string line; std::getline(in, line);) {
    datagrams.push_back(crypto::testing::fromHex(line));
  }
  return datagrams;
}

// Both offer DTLS 1.3 with ML-KEM in two datagrams.
TEST(Browsers, AreAnsweredWithVersionOneTwoInEitherOrder) {
  for (const char* file : {"chromium-clienthello.hex", "firefox-clienthello.hex"}) {
    for (const bool swapped : {false, true}) {
      SCOPED_TRACE(file);
      auto hello = linesOf(file);
      ASSERT_EQ(hello.size(), 2u);
      if (swapped) std::swap(hello[0], hello[1]);

      testing::Bench bench;
      testing::End end(makeContext({crypto::SrtpProfile::aeadAes128Gcm}));
      Step step = bench.step();
      end.receive(step, hello[0]);
      end.session.start(step, Role::server, {end.fingerprint()});
      end.receive(step, hello[1]);
      EXPECT_EQ(end.session.stats().restarts, 0u);
      ASSERT_EQ(end.sent.size(), 1u);

      MutableBytes rest = end.sent[0];
      const auto record = takeRecord(rest);
      ASSERT_TRUE(record);
      WireReader in{Bytes(record->body)};
      EXPECT_EQ(in.u8(), 2);  // ServerHello
      in.skip(11);
      EXPECT_EQ(in.u16(), kDtls12);
      in.skip(32);
      in.skip(in.u8());
      EXPECT_EQ(in.u16(), 0xc02b);
    }
  }
}

// ---- the key schedule beside OpenSSL's ----

TEST(KeySchedule, AgreesWithOpenSslsExporter) {
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}) {
    OpenSslPeer peer(makeIdentity(), {.suites = suite});
    Duel duel(peer, Role::server);
    duel.run();
    ByteVector master(48);
    ByteVector seed = toVector(bytesOf("EXPERIMENTAL test"));
    ByteVector random(64);
    SSL_SESSION_get_master_key(SSL_get_session(peer.ssl()), master.data(), 48);
    SSL_get_client_random(peer.ssl(), random.data(), 32);
    SSL_get_server_random(peer.ssl(), random.data() + 32, 32);
    seed.insert(seed.end(), random.begin(), random.end());
    const std::string hash = std::string(suite).ends_with("384") ? "SHA2-384" : "SHA2-256";
    EXPECT_EQ(prf(hash, master, seed, 77), peer.exported("EXPERIMENTAL test", 77));
  }
}

// Records that OpenSSL would not make, sealed with its keys.
TEST(Alerts, EndTheSessionOnlyWhenFatalAndAuthenticated) {
  OpenSslPeer peer(makeIdentity(), {.suites = "ECDHE-ECDSA-CHACHA20-POLY1305"});
  Duel duel(peer, Role::server);
  duel.run();
  KeyMaterial material;
  material.algorithm = crypto::AeadAlgorithm::chacha20Poly1305;
  material.prf = "SHA2-256";
  material.masterSecret.resize(48);
  material.clientRandom.resize(32);
  material.serverRandom.resize(32);
  SSL_SESSION_get_master_key(SSL_get_session(peer.ssl()), material.masterSecret.data(), 48);
  SSL_get_client_random(peer.ssl(), material.clientRandom.data(), 32);
  SSL_get_server_random(peer.ssl(), material.serverRandom.data(), 32);
  RecordSealer theirs(expandKeys(material)->client);
  theirs.skipTo(10);

  Step step = duel.bench.step();
  const auto say = [&](ByteVector alert) {
    duel.end.receive(step, theirs.seal(ContentType::alert, alert));
  };
  say({1, 90});     // user_canceled, a warning
  say({2});         // half an alert
  say({2, 40, 0});  // one and a half
  duel.end.receive(step, theirs.seal(ContentType::applicationData, {}));
  EXPECT_TRUE(duel.end.session.isConnected());
  EXPECT_TRUE(duel.end.received.empty());
  say({2, 80});
  EXPECT_FALSE(duel.end.session.isConnected());
  ASSERT_EQ(duel.end.failed.size(), 1u);
  EXPECT_EQ(duel.end.failed[0].reason, FailureReason::alert);
  EXPECT_EQ(duel.end.failed[0].alertReceived, 80);
  EXPECT_TRUE(duel.end.session.closeNotify().empty());
}

}  // namespace
}  // namespace parley::dtls
