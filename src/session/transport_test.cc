#include "session/transport.h"

#include <gtest/gtest.h>

#include "session/test_peer.h"

namespace parley::session {
namespace {

struct NoPaths final : ice::PathSink {
  void sendOn(Step&, const ice::Path&, Packet) override { ++sent; }
  int sent = 0;
};

struct TransportTest : testing::Test {
  test::Net net;
  NoPaths paths;
  ice::Agent agent{{}, paths};
  crypto::Identity::Shared identity = test::Peer::usual(true);
  Transport transport{TransportId{4}, agent, dtls::Context::make(identity)};

  Step step() { return {net.now, 0, net.pool, net.random, net.secrets, net.trace}; }
  void setDtls(std::vector<crypto::Fingerprint> fingerprints) {
    Step now = step();
    transport.setDtls(now, true, std::move(fingerprints));
  }
  void validatePath() {
    Step now = step();
    transport.onPathValidated(now);
  }
  bool hasStarted() {
    const auto event = transport.nextDtlsEvent();
    return event && event->state == DtlsState::connecting;
  }
};

TEST_F(TransportTest, TheHandshakeWaitsForADescriptionAndAPath) {  // D-16
  EXPECT_FALSE(hasStarted());
  setDtls({identity->fingerprint()});
  EXPECT_FALSE(hasStarted());
  EXPECT_EQ(transport.deadline(), never());
  validatePath();
  EXPECT_TRUE(hasStarted());
  EXPECT_NE(transport.deadline(), never());
}

TEST_F(TransportTest, TheyMayComeInTheOtherOrder) {  // D-13
  validatePath();
  EXPECT_FALSE(hasStarted());
  setDtls({identity->fingerprint()});
  EXPECT_TRUE(hasStarted());
}

TEST_F(TransportTest, ItBeginsOnceHoweverOftenItIsAskedFor) {
  setDtls({identity->fingerprint()});
  validatePath();
  validatePath();  // a restart of ICE
  setDtls({});     // a later description
  EXPECT_TRUE(hasStarted());
  EXPECT_FALSE(transport.nextDtlsEvent().has_value());
}

TEST_F(TransportTest, WithoutAUsableFingerprintItFailsAndSaysWhy) {
  setDtls({});
  validatePath();
  EXPECT_TRUE(hasStarted());
  const auto event = transport.nextDtlsEvent();
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->id, TransportId{4});
  EXPECT_EQ(event->state, DtlsState::failed);
  EXPECT_TRUE(event->fingerprintMismatch);
  EXPECT_FALSE(event->reason.empty());
}

TEST_F(TransportTest, NothingOfAnUnknownPathReachesDtls) {  // D-1, D-16
  setDtls({identity->fingerprint()});
  validatePath();
  ByteVector bytes(40, 22);
  Step now = step();
  const ice::Path stranger{ice::CandidateId{1}, *Address::parse("192.0.2.1:1")};
  EXPECT_FALSE(transport.receive(now, stranger, Packet::lend(bytes)));
  EXPECT_FALSE(transport.read().has_value());
}

TEST_F(TransportTest, GoodbyeBeforeAHandshakeIsSilent) {
  transport.beginFarewell();
  Step now = step();
  transport.sayGoodbye(now);
  EXPECT_TRUE(transport.takeCopies().empty());
  EXPECT_EQ(paths.sent, 0);
}

TEST_F(TransportTest, PlaintextIsNotSentWithoutAConnection) {
  Step now = step();
  transport.sendPacket(now, net.pool.copyOf(bytesOf("secret")));
  EXPECT_EQ(paths.sent, 0);
  EXPECT_EQ(net.pool.inUse(), 0u);
}

}  // namespace
}  // namespace parley::session
