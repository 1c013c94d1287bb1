#include "session/tcp_port.h"

#include <gmock/gmock.h>

#include "core/limits.h"
#include "session/test_host.h"

namespace parley::session {
namespace {

using testing::ElementsAre;

struct Owner final : Host::Guest {
  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
};

struct TcpPortTest : testing::Test {
  test::Net net;
  test::TestHost host{net, {"10.0.0.1"}};
  Owner owner;
  Step& step = host.step();
  TcpPort passive{host, owner, {ice::TcpType::passive, *IpAddress::parse("10.0.0.1")}};
  TcpPort active{host, owner, {ice::TcpType::active, *IpAddress::parse("10.0.0.1")}};
  const Address peer = *Address::parse("10.0.0.2:5000");
  const Address listening = *Address::parse("10.0.0.1:4000");

  TcpPortTest() { host.enter(owner); }
  ~TcpPortTest() override { host.leave(owner); }

  static Address from(int source, int port) {
    return {IpAddress::v4({10, 0, 1, static_cast<std::uint8_t>(source)}),
            static_cast<std::uint16_t>(port)};
  }
  SocketId accept(const Address& remote) {
    const SocketId stream = host.acceptTcp(owner, listening, remote);
    passive.accept(step, stream, remote);
    return stream;
  }
  static ByteVector frame(std::uint8_t first, std::size_t size = 20) {
    ByteVector bytes{static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    bytes.resize(2 + size);
    if (size > 0) bytes[2] = first;
    return bytes;
  }
  // What comes out for the bytes that come in: the first byte of each packet.
  std::vector<int> hear(TcpPort& port, SocketId stream, const ByteVector& bytes) {
    std::vector<int> heard;
    port.onBytes(step, stream, bytes);
    while (const auto arrival = port.next(step)) heard.push_back(arrival->payload[0]);
    return heard;
  }
  Packet packet(std::uint8_t first, std::size_t size = 20) {
    ByteVector bytes(size);
    bytes[0] = first;
    return net.pool.copyOf(bytes);
  }
  bool isOpen(SocketId stream) const { return host.sockets.contains(stream); }
  void advance(Duration by) {
    net.now += by;
    (void)host.step();
    passive.onTimer(step);
    active.onTimer(step);
  }
  SocketId connected() {
    active.send(step, peer, packet(0));
    const SocketId stream = host.streams.rbegin()->first;
    active.onOpened(stream);
    return stream;
  }
};

constexpr std::uint8_t kStun = 0;
constexpr std::uint8_t kRecord = 22;

TEST_F(TcpPortTest, ConnectsForACheckAndForNothingElse) {
  active.send(step, peer, packet(kRecord));
  EXPECT_EQ(active.size(), 0u);
  active.send(step, peer, packet(kStun));
  active.send(step, peer, packet(kStun));
  ASSERT_EQ(active.size(), 1u);
  EXPECT_EQ(host.streams.begin()->second.remote, peer);
  EXPECT_EQ(host.streams.begin()->second.written.size(), 44u) << "two packets with their lengths";
  passive.send(step, peer, packet(kStun));
  EXPECT_EQ(passive.size(), 0u) << "only the other side connects";
}

TEST_F(TcpPortTest, TakesAStrangersChecksAndNothingElse) {
  const SocketId stream = accept(peer);
  EXPECT_THAT(hear(passive, stream, frame(kStun)), ElementsAre(kStun));
  EXPECT_TRUE(isOpen(stream));
  EXPECT_THAT(hear(passive, stream, frame(kRecord)), ElementsAre());
  EXPECT_FALSE(isOpen(stream));
  EXPECT_EQ(passive.size(), 0u);
}

TEST_F(TcpPortTest, WhoHasProvedHimselfIsHeard) {
  const SocketId stream = accept(peer);
  passive.prove(step, peer);
  ByteVector two = frame(kStun);
  const ByteVector record = frame(kRecord, 300);
  two.insert(two.end(), record.begin(), record.end());
  const ByteVector head(two.begin(), two.begin() + 100);
  EXPECT_THAT(hear(passive, stream, head), ElementsAre(kStun));
  EXPECT_THAT(hear(passive, stream, {two.begin() + 100, two.end()}), ElementsAre(kRecord));
  EXPECT_TRUE(isOpen(stream));
}

TEST_F(TcpPortTest, AFrameThatIsTooLargeEndsTheStream) {
  const SocketId stream = accept(peer);
  passive.prove(step, peer);
  EXPECT_THAT(hear(passive, stream, frame(kRecord, limits::turn::kMessage + 1)), ElementsAre());
  EXPECT_FALSE(isOpen(stream));
  EXPECT_EQ(passive.nextLost(), peer);
}

TEST_F(TcpPortTest, AStrangerHasLittleTimeHoweverMuchHeSays) {
  const SocketId stream = accept(peer);
  advance(limits::ice::kTcpProof - 1ms);
  hear(passive, stream, frame(kStun));
  EXPECT_TRUE(isOpen(stream));
  advance(1ms);
  EXPECT_FALSE(isOpen(stream));
}

TEST_F(TcpPortTest, WhatNobodyUsesIsClosed) {
  const SocketId stream = accept(peer);
  passive.prove(step, peer);
  for (int i = 0; i < 3; ++i) {
    advance(limits::ice::kTcpIdle - 1ms);
    passive.send(step, peer, packet(kStun));
  }
  EXPECT_TRUE(isOpen(stream));
  EXPECT_EQ(passive.deadline(), net.now + limits::ice::kTcpIdle);
  advance(limits::ice::kTcpIdle);
  EXPECT_FALSE(isOpen(stream));
  EXPECT_EQ(passive.nextLost(), peer);
}

TEST_F(TcpPortTest, OneSourceHasFewStreamsUnproved) {
  for (int i = 0; i < 10; ++i) accept(from(1, 1'000 + i));
  EXPECT_EQ(passive.size(), limits::ice::kTcpUnprovedBySource);
  passive.prove(step, from(1, 1'000));
  EXPECT_TRUE(isOpen(accept(from(1, 2'000)))) << "those that are proved do not count";
}

TEST_F(TcpPortTest, TheOldestStrangerGivesWay) {
  const SocketId first = accept(from(0, 1'000));
  passive.prove(step, from(0, 1'000));
  const SocketId second = accept(from(1, 1'000));
  for (int i = 2; i < 40; ++i) accept(from(i, 1'000));
  EXPECT_TRUE(isOpen(first));
  EXPECT_FALSE(isOpen(second));
  EXPECT_EQ(passive.size(), limits::ice::kTcpUnproved + 1);
}

TEST_F(TcpPortTest, ThereIsABoundForAll) {
  for (int i = 0; i < 200; ++i) {
    accept(from(i, 1'000));
    passive.prove(step, from(i, 1'000));
  }
  EXPECT_EQ(passive.size(), limits::ice::kTcpStreams);
  for (int i = 0; i < 200; ++i) active.send(step, from(i, 1'000), packet(kStun));
  EXPECT_EQ(active.size(), limits::ice::kTcpStreams);
}

TEST_F(TcpPortTest, MoreThanMayWaitIsLost) {
  const SocketId stream = connected();
  for (int i = 0; i < 1'000; ++i) active.send(step, peer, packet(kRecord, 1'000));
  const std::size_t waiting = host.streams.at(stream).written.size();
  EXPECT_LE(waiting, limits::ice::kTcpUnsent);
  EXPECT_GT(waiting, limits::ice::kTcpUnsent - 1'002);
}

TEST_F(TcpPortTest, TellsOfPathsThatLedSomewhere) {
  active.send(step, peer, packet(kStun));
  active.onClosed(host.streams.rbegin()->first);
  EXPECT_EQ(active.nextLost(), std::nullopt) << "it never stood, and the next check tries again";
  active.onClosed(connected());
  EXPECT_EQ(active.nextLost(), peer);
  EXPECT_EQ(active.size(), 0u);
}

TEST_F(TcpPortTest, WhatIsReleasedIsItsNoMore) {
  const SocketId stream = connected();
  EXPECT_EQ(active.release(from(1, 1)), nullptr);
  const auto link = active.release(peer);
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->id(), stream);
  active.closeAll();
  EXPECT_TRUE(isOpen(stream));
  EXPECT_FALSE(active.has(stream));
}

}  // namespace
}  // namespace parley::session
