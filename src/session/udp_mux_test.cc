#include "session/udp_mux.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/test_peer.h"

namespace parley::session {
namespace {

using testing::IsEmpty;

struct Bystander final : Host::Guest {
  void onDatagram(Step&, Datagram) override { ++datagrams; }
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  int datagrams = 0;
};

// Alice is on a mux, bob has a socket of his own.
struct UdpMuxTest : testing::Test {
  test::Net net;
  std::shared_ptr<MuxHandle> handle;
  BoundUdp port;
  Bystander bystander;
  test::Peer alice{net, "10.0.0.1", true, {}, [this](Config& config) {
                     handle = std::make_shared<MuxHandle>(alice.host);
                     port = handle->mux->open({.local = *IpAddress::parse("10.0.0.1")}).value();
                     config.gather.mux = handle;
                   }};
  test::Peer bob{net, "10.0.0.2", false};

  ~UdpMuxTest() override { handle->mux.reset(); }

  bool connect() {
    alice.create();
    bob.create();
    bob.applyRemote(alice);
    alice.applyRemote(bob);
    alice.startSecure(bob);
    bob.startSecure(alice);
    return net.runUntil([this] { return alice.isConnected() && bob.isConnected(); }, 5s);
  }
  SocketId shareOfBystander(const std::string& fragment) {
    const SocketId share = handle->mux->share(bystander, port.socket).value().socket;
    EXPECT_TRUE(handle->mux->name(share, std::vector{fragment}));
    return share;
  }
  test::Flight flight(std::string_view bytes) const {
    return {.from = {*IpAddress::parse("10.0.0.9"), 9},
            .to = port.local,
            .bytes = toVector(bytesOf(bytes)),
            .sent = net.now};
  }
};

TEST_F(UdpMuxTest, ASessionHasAShareAndARouteAndLeavesNeither) {
  ASSERT_TRUE(connect());
  EXPECT_EQ(alice.all<CandidateFound>().at(0).candidate.address, port.local);
  EXPECT_EQ(handle->mux->stats().shares, 1u);
  EXPECT_EQ(alice.host.routes.size(), 1u);
  alice.execute(Close{});
  net.runFor(10s);
  EXPECT_EQ(handle->mux->stats().shares, 0u);
  EXPECT_THAT(alice.host.routes, IsEmpty());
  EXPECT_EQ(alice.host.sockets.size(), 1u);
}

TEST_F(UdpMuxTest, WhatIsNobodysIsCountedAndDropped) {
  shareOfBystander("somebody");
  net.inject(flight(""));
  net.inject(flight("\x01 no message of STUN"));
  net.inject(flight("\x16 a record without a route"));
  net.runFor(1s);
  EXPECT_EQ(handle->mux->stats().strangers, 3u);
  EXPECT_EQ(bystander.datagrams, 0);
}

TEST_F(UdpMuxTest, ASessionWhoseFragmentIsTakenHasNoCandidateThere) {
  alice.credentials = ice::Credentials::generate(net.secrets);
  shareOfBystander(alice.credentials.ufrag);
  alice.execute(CreateTransport{test::kTransport, alice.credentials});
  EXPECT_THAT(alice.all<CandidateFound>(), IsEmpty());
  EXPECT_EQ(alice.count<GatheringEnded>(), 1u);
  EXPECT_EQ(handle->mux->stats().fragmentTaken, 1u);
  EXPECT_EQ(handle->mux->stats().shares, 1u) << "that of the first owner";
}

TEST_F(UdpMuxTest, OneThatIsInUseStaysWhenTheNextFragmentIsTaken) {
  ASSERT_TRUE(connect());
  const auto next = ice::Credentials::generate(net.secrets);
  shareOfBystander(next.ufrag);
  alice.execute(RestartIce{test::kTransport, next});
  net.runFor(10s);
  EXPECT_EQ(handle->mux->stats().shares, 2u);
  EXPECT_EQ(alice.host.routes.size(), 1u);
  EXPECT_EQ(bystander.datagrams, 0);
}

TEST_F(UdpMuxTest, BothGenerationsOfARestartThatIsTakenBackAreHeard) {
  ASSERT_TRUE(connect());
  const std::string before = alice.credentials.ufrag;
  alice.restart();
  const SocketId other = handle->mux->share(bystander, port.socket).value().socket;
  EXPECT_FALSE(handle->mux->name(other, std::vector{before}));
  EXPECT_FALSE(handle->mux->name(other, std::vector{alice.credentials.ufrag}));
  alice.execute(CancelIceRestart{test::kTransport});
  EXPECT_FALSE(handle->mux->name(other, std::vector{before}));
  EXPECT_TRUE(handle->mux->name(other, std::vector{alice.credentials.ufrag}));
}

TEST_F(UdpMuxTest, AFailedTransportLetsItsAddressesGo) {
  ASSERT_TRUE(connect());
  net.passes = [](const test::Flight&) { return false; };
  net.runFor(90s);
  EXPECT_EQ(alice.ice(), IceState::failed);
  EXPECT_THAT(alice.host.routes, IsEmpty());
}

}  // namespace
}  // namespace parley::session
