#include <gmock/gmock.h>

#include "turn/bench.h"

namespace parley::turn {
namespace {

using stun::ErrorCode;
using stun::Method;
using testing::ElementsAre;

struct Relaying : test::Bench {
  Relaying() { allocate(); }
  void bind(const Address& to) {
    client->bindChannel(host.step(), to);
    settle();
  }
  std::uint64_t requests() const { return client->stats().requestsSent - 2; }
};

TEST_F(Relaying, TheFirstPacketFollowsItsPermission) {
  EXPECT_TRUE(send(peer, "hello"));
  EXPECT_THAT(textsAt(peer), ElementsAre("hello"));
  EXPECT_EQ(requests(), 1u);
  fromPeer(peer, "hello yourself");
  EXPECT_THAT(got, ElementsAre(Said{peer, "hello yourself"}));
  EXPECT_EQ(client->held(), (Held{.allocations = 1, .permissions = 1}));
  EXPECT_EQ(client->stats().bytesSent, 5u);
  EXPECT_EQ(client->stats().bytesReceived, 14u);
}

TEST_F(Relaying, OneAnswerPermitsAllPortsOfAnAddress) {
  send(peer, "one");
  const Address second{peer.ip, 7'000};
  send(second, "two");
  EXPECT_THAT(textsAt(second), ElementsAre("two"));
  EXPECT_EQ(requests(), 1u);
}

TEST_F(Relaying, PeersOfOneStepShareARequest) {
  for (std::uint8_t i = 0; i < 40; ++i)
    client->permit(host.step(), {IpAddress::v4({203, 0, 113, i}), 6'000});
  EXPECT_EQ(requests(), 0u);
  EXPECT_LE(client->deadline(), now());
  pass(0s);
  EXPECT_EQ(requests(), 3u);
  EXPECT_EQ(server->held().permissions, 40u);
}

TEST_F(Relaying, WhatIsAskedForAlreadyIsNotAskedForAgain) {
  lossUp = 1;
  send(peer, "hello");
  client->permit(host.step(), peer);
  EXPECT_GT(client->deadline(), now());
  EXPECT_EQ(requests(), 1u);
}

TEST_F(Relaying, ChannelsCarryDataBothWays) {
  bind(peer);
  EXPECT_EQ(requests(), 1u);  // which is the permission as well
  EXPECT_EQ(client->held(), (Held{.allocations = 1, .permissions = 1, .channels = 1}));
  client->send(host.step(), peer, host.pool.copyOf(bytesOf("short")));
  ASSERT_EQ(up.size(), 1u);
  EXPECT_EQ(up[0].size(), 9u);
  settle();
  EXPECT_THAT(textsAt(peer), ElementsAre("short"));
  fromPeer(peer, "back");
  EXPECT_THAT(got, ElementsAre(Said{peer, "back"}));
  EXPECT_EQ(requests(), 1u);
}

TEST_F(Relaying, ChannelDataIsPaddedOverAStream) {
  auto stream = config();
  stream.overStream = true;
  useClient(stream);
  useServer(serverConfig());
  allocate();
  bind(peer);
  client->send(host.step(), peer, host.pool.copyOf(bytesOf("short")));
  ASSERT_EQ(up.size(), 1u);
  EXPECT_EQ(up[0].size(), 12u);
  settle();
  EXPECT_THAT(textsAt(peer), ElementsAre("short"));
  give(ByteVector{0x40, 0x00, 0x00, 0x01, 'x', 0, 0, 0});
  EXPECT_THAT(got, ElementsAre(Said{peer, "x"}));
}

TEST_F(Relaying, EachPeerHasANumberOfItsOwnForGood) {
  bind(peer);
  bind(other);
  bind(peer);
  EXPECT_EQ(requests(), 2u);
  EXPECT_EQ(client->held().channels, 2u);
  send(peer, "one");
  send(other, "two");
  EXPECT_THAT(textsAt(peer), ElementsAre("one"));
  EXPECT_THAT(textsAt(other), ElementsAre("two"));
}

TEST_F(Relaying, WhatIsUsedIsKeptForAnHour) {
  bind(peer);
  send(other, "hello");
  for (int i = 0; i < 720; ++i) {
    pass(5s);
    fromPeer(peer, "tick");
    send(peer, "tick");
    send(other, "tock");
  }
  EXPECT_EQ(textsAt(peer).size(), 720u);
  EXPECT_EQ(textsAt(other).size(), 721u);
  EXPECT_EQ(got.size(), 720u);
  EXPECT_EQ(server->stats().noPermission + server->stats().noChannel, 0u);
  EXPECT_LT(requests(), 60u);
}

TEST_F(Relaying, WhatNobodyUsesLapses) {
  bind(peer);
  send(other, "hello");
  pass(1'700s);
  EXPECT_EQ(client->held(), (Held{.allocations = 1}));
  EXPECT_EQ(server->held().permissions + server->held().channels, 0u);
  const auto before = requests();
  pass(600s);
  EXPECT_LE(requests(), before + 2);  // the allocation itself
  EXPECT_TRUE(send(peer, "again"));
  bind(peer);
  EXPECT_EQ(client->held().channels, 1u);
  EXPECT_THAT(textsAt(peer), ElementsAre("again"));
}

TEST_F(Relaying, TakesStaleNoncesUpOnEveryMethod) {
  server->rotateNonces();
  send(peer, "one");
  server->rotateNonces();
  bind(other);
  server->rotateNonces();
  pass(1'000s);
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(server->stats().allocationsMade, 1u);
  EXPECT_TRUE(all<PeerRefused>().empty());
}

TEST_F(Relaying, RequestsThatTakeEachOthersNonceAllComeThrough) {
  server::Faults made;
  made.oneNoncePerRequest = true;
  server->setFaults(made);
  for (std::uint8_t i = 0; i < 40; ++i)
    client->permit(host.step(), {IpAddress::v4({203, 0, 113, i}), 6'000});
  bind(other);
  EXPECT_EQ(client->held(), (Held{.allocations = 1, .permissions = 40, .channels = 1}));
  EXPECT_EQ(server->held().permissions, 40u);
}

TEST_F(Relaying, RepeatsTheLastPacketThatAStaleNonceCost) {
  server->rotateNonces();
  client->send(host.step(), peer, host.pool.copyOf(bytesOf("first")));
  client->send(host.step(), peer, host.pool.copyOf(bytesOf("second")));
  settle();
  EXPECT_THAT(textsAt(peer), ElementsAre("second"));
  send(peer, "third");
  EXPECT_THAT(textsAt(peer), ElementsAre("second", "third"));
}

TEST_F(Relaying, RepeatsTheLastPacketThatALostRequestCost) {
  loseUp = 1;
  send(peer, "first");
  EXPECT_TRUE(textsAt(peer).empty());
  pass(1s);
  EXPECT_THAT(textsAt(peer), ElementsAre("first"));
}

TEST_F(Relaying, SaysWhoIsRefusedAndDropsWhatGoesThere) {
  const Address loopback = test::at("127.0.0.1:6000");
  EXPECT_TRUE(send(loopback, "hello"));
  ASSERT_EQ(all<PeerRefused>().size(), 1u);
  EXPECT_EQ(all<PeerRefused>()[0].peer, loopback);
  EXPECT_EQ(all<PeerRefused>()[0].code, 403);
  EXPECT_FALSE(send(loopback, "again"));
  EXPECT_EQ(client->stats().unsent, 1u);
  EXPECT_TRUE(textsAt(loopback).empty());
}

TEST_F(Relaying, WhoWasRefusedIsAskedForAgainOnceTheAllocationIsProved) {
  force(stun::ErrorCode::insufficientCapacity, stun::Method::createPermission, 1);
  EXPECT_TRUE(send(peer, "hello"));
  EXPECT_FALSE(send(peer, "again"));
  client->prove(host.step());
  pass(0s);
  EXPECT_TRUE(send(peer, "now"));
  pass(0s);
  EXPECT_EQ(client->held().permissions, 1u);
}

TEST_F(Relaying, OneOfSeveralIsRefusedAlone) {
  const Address loopback = test::at("127.0.0.1:6000");
  for (const Address& each : {peer, loopback, other}) client->permit(host.step(), each);
  pass(0s);
  ASSERT_EQ(all<PeerRefused>().size(), 1u);
  EXPECT_EQ(all<PeerRefused>()[0].peer, loopback);
  EXPECT_EQ(client->held().permissions, 2u);
}

TEST_F(Relaying, AnotherFamilyIsRefusedUnasked) {
  EXPECT_FALSE(send(test::at("[2001:db8::1]:6000"), "hello"));
  ASSERT_EQ(all<PeerRefused>().size(), 1u);
  EXPECT_EQ(all<PeerRefused>()[0].code, 443);
  EXPECT_EQ(requests(), 0u);
}

TEST_F(Relaying, WithoutAChannelDataGoesByIndication) {
  force(ErrorCode::insufficientCapacity, Method::channelBind);
  bind(peer);
  EXPECT_EQ(client->held(), (Held{.allocations = 1, .permissions = 1}));
  EXPECT_TRUE(send(peer, "hello"));
  EXPECT_THAT(textsAt(peer), ElementsAre("hello"));
  EXPECT_TRUE(all<PeerRefused>().empty());
}

TEST_F(Relaying, LearnsFromARefusedPermissionThatAllIsLost) {
  server->restart();
  send(peer, "hello");
  EXPECT_EQ(all<Lost>().size(), 1u);
  EXPECT_FALSE(send(peer, "hello"));
}

TEST_F(Relaying, AsksForNoMorePeersThanItsBound) {
  for (unsigned i = 0; i < limits::turn::kPeers + 10; ++i) {
    const Address each{IpAddress::v4({203, 0, 113, static_cast<std::uint8_t>(i)}), 6'000};
    client->send(host.step(), each, host.pool.copyOf(bytesOf("x")));
  }
  EXPECT_EQ(client->stats().tooMany, 10u);
  EXPECT_EQ(client->stats().unsent, 10u);
  EXPECT_LE(client->held().transactions, limits::turn::kTransactions);
  settle();
  pass(10s);
  EXPECT_EQ(client->held().transactions, 0u);
  EXPECT_EQ(client->held().permissions, 64u);  // as many as the server permits
  EXPECT_EQ(all<PeerRefused>().size(), 64u);
}

TEST_F(Relaying, ChannelsBeyondTheRequestsAtOnceFollow) {
  std::vector<Address> peers;
  for (std::uint8_t i = 0; i < 64; ++i) {
    peers.push_back({IpAddress::v4({203, 0, 113, i}), 6'000});
    client->bindChannel(host.step(), peers.back());
  }
  EXPECT_LE(client->held().transactions,
            limits::turn::kTransactions - limits::turn::kTransactionsKept);
  settle();
  EXPECT_EQ(client->held().channels, 64u);
}

TEST_F(Relaying, ALargePacketIsDroppedAndCounted) {
  send(peer, "x");
  Packet packet = host.pool.take();
  packet.append(packet.tailroom());
  EXPECT_TRUE(client->send(host.step(), peer, std::move(packet)));
  settle();
  // The client could frame it; the message is larger than a server takes.
  EXPECT_EQ(server->stats().malformed, 1u);
}

TEST_F(Relaying, DataWithoutHeadroomIsMoved) {
  send(peer, "x");
  ByteVector bytes = toVector(bytesOf("lent"));
  EXPECT_TRUE(client->send(host.step(), peer, Packet::lend(bytes)));
  settle();
  EXPECT_THAT(textsAt(peer), ElementsAre("x", "lent"));
}

TEST_F(Relaying, SurvivesLossForAnHour) {
  lossUp = lossDown = 0.2;
  bind(peer);
  for (int i = 0; i < 720; ++i) {
    pass(5s);
    if (!client->isAllocated()) break;
    send(peer, "tick");
  }
  EXPECT_TRUE(client->isAllocated());
  EXPECT_EQ(server->stats().allocationsMade, 1u);
  EXPECT_GT(textsAt(peer).size(), 520u);
}

}  // namespace
}  // namespace parley::turn
