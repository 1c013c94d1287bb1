#include "session/tcp_mux.h"

#include <gmock/gmock.h>

#include "core/limits.h"
#include "session/test_host.h"
#include "stun/builder.h"

namespace parley::session {
namespace {

using testing::IsEmpty;

struct Taker final : Host::Guest, TcpMux::Taker {
  explicit Taker(Host& to) : host(to) { host.enter(*this); }
  ~Taker() override { host.leave(*this); }

  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  Host::Guest& guest() override { return *this; }
  void takeStream(Step&, TransportId transport, const IpAddress& local,
                  std::unique_ptr<FramedStream> stream) override {
    locals.push_back(local);
    transports.push_back(transport);
    while (const auto packet = stream->next()) packets.push_back(toVector(*packet));
    streams.push_back(std::move(stream));
  }

  Host& host;
  std::vector<IpAddress> locals;
  std::vector<TransportId> transports;
  std::vector<std::unique_ptr<FramedStream>> streams;
  std::vector<ByteVector> packets;
};

struct TcpMuxTest : testing::Test {
  test::Net net;
  test::TestHost host{net, {"10.0.0.1"}};
  std::unique_ptr<TcpMux> mux = std::make_unique<TcpMux>(host);
  Taker alice{host}, bob{host};
  Step& step = host.step();
  BoundTcp listener = mux->open({.local = *IpAddress::parse("10.0.0.1"), .portMin = 443}).value();

  void SetUp() override {
    ASSERT_TRUE(mux->name(alice, TransportId{1}, std::vector<std::string>{"alic"}));
    ASSERT_TRUE(mux->name(bob, TransportId{2}, std::vector<std::string>{"bobb", "bob2"}));
  }
  static Address from(int source, int port) {
    return {IpAddress::v4(
                {10, 1, static_cast<std::uint8_t>(source >> 8), static_cast<std::uint8_t>(source)}),
            static_cast<std::uint16_t>(port)};
  }
  SocketId accept(const Address& remote) {
    const SocketId stream = host.acceptTcp(*mux, listener.local, remote);
    host.touch(*mux);
    mux->onStreamAccepted(step, listener.socket, stream, listener.local, remote);
    host.settle();
    return stream;
  }
  void bring(SocketId stream, ByteVector bytes) {
    mux->onStreamBytes(step, stream, bytes);
    host.touch(*mux);
    host.settle();
  }
  ByteVector check(std::string_view username, stun::Class kind = stun::Class::request) {
    stun::MessageBuilder message(net.pool.take(), kind, stun::Method::binding,
                                 stun::newTransactionId(net.secrets));
    message.addText(stun::Attribute::username, username);
    const Packet packet = message.finish();
    ByteVector framed{0, static_cast<std::uint8_t>(packet.size())};
    framed.insert(framed.end(), packet.bytes().begin(), packet.bytes().end());
    return framed;
  }
  bool isOpen(SocketId stream) const { return host.sockets.contains(stream); }
};

TEST_F(TcpMuxTest, AStreamIsWhoseItsFirstCheckNames) {
  const SocketId first = accept(from(1, 1));
  const SocketId second = accept(from(1, 2));
  bring(second, check("bob2:remote"));
  bring(first, check("alic:remote"));
  ASSERT_EQ(alice.streams.size(), 1u);
  ASSERT_EQ(bob.streams.size(), 1u);
  EXPECT_EQ(alice.streams[0]->id(), first);
  EXPECT_EQ(bob.streams[0]->remote(), from(1, 2));
  EXPECT_EQ(bob.transports[0], TransportId{2});
  EXPECT_EQ(bob.locals[0], listener.local.ip);
  EXPECT_EQ(host.sockets.at(first).owner, &alice);
  EXPECT_EQ(mux->stats().waiting, 0u);
  EXPECT_EQ(mux->stats().assigned, 2u);
}

TEST_F(TcpMuxTest, NothingOfTheStreamIsLostHoweverItComes) {
  const SocketId stream = accept(from(1, 1));
  ByteVector bytes = check("alic:x");
  const ByteVector next = check("alic:y");
  bytes.insert(bytes.end(), next.begin(), next.end());
  const std::size_t half = next.size() / 2;
  bring(stream, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(half)});
  EXPECT_THAT(alice.streams, IsEmpty());
  bring(stream, {bytes.begin() + static_cast<std::ptrdiff_t>(half), bytes.end()});
  ASSERT_EQ(alice.packets.size(), 2u);
  EXPECT_EQ(alice.packets[1], ByteVector(next.begin() + 2, next.end()));
}

TEST_F(TcpMuxTest, WhatBeginsOtherwiseIsClosed) {
  const ByteVector garbage(200, 'x');
  const ByteVector record{0, 3, 22, 254, 253};
  for (const ByteVector& bytes :
       {garbage, record, check("nobody:x"), check(""), check(":alic"),
        check("alic:x", stun::Class::indication), check("alic:x", stun::Class::success)}) {
    const SocketId stream = accept(from(1, 1));
    bring(stream, bytes);
    EXPECT_FALSE(isOpen(stream));
  }
}

TEST_F(TcpMuxTest, AFragmentIsOnesOwnUntilAnotherIsNamed) {
  EXPECT_FALSE(mux->name(alice, TransportId{1}, std::vector<std::string>{"new1", "bobb"}));
  EXPECT_EQ(mux->stats().fragmentTaken, 1u);
  EXPECT_TRUE(mux->name(bob, TransportId{2}, std::vector<std::string>{"bob2"}));
  EXPECT_TRUE(mux->name(alice, TransportId{1}, std::vector<std::string>{"new1", "bobb"}));
  const SocketId stream = accept(from(1, 1));
  bring(stream, check("bobb:x"));
  EXPECT_EQ(alice.streams.size(), 1u);
  mux->forget(bob);
  const SocketId late = accept(from(1, 2));
  bring(late, check("bob2:x"));
  EXPECT_FALSE(isOpen(late));
}

TEST_F(TcpMuxTest, OneSourceHasAFewAtATime) {
  for (int i = 0; i < 40; ++i) accept(from(1, 1'000 + i));
  EXPECT_EQ(mux->stats().waiting, limits::mux::kStreamsBySource);
  EXPECT_TRUE(isOpen(accept(from(2, 1))));
}

TEST_F(TcpMuxTest, TheOldestGivesWay) {
  const SocketId first = accept(from(1, 1));
  for (int i = 0; i < static_cast<int>(limits::mux::kStreams); ++i) accept(from(i + 2, 1));
  EXPECT_FALSE(isOpen(first));
  EXPECT_EQ(mux->stats().waiting, limits::mux::kStreams);
}

TEST_F(TcpMuxTest, WhoTakesHisTimeIsClosed) {
  const SocketId slow = accept(from(1, 1));
  net.runFor(limits::ice::kTcpProof - 1ms);
  ByteVector bytes = check("alic:x");
  bytes.pop_back();
  bring(slow, bytes);
  const SocketId late = accept(from(1, 2));
  EXPECT_TRUE(isOpen(slow));
  net.runFor(1ms);
  EXPECT_FALSE(isOpen(slow));
  EXPECT_TRUE(isOpen(late));
  net.runFor(limits::ice::kTcpProof);
  EXPECT_FALSE(isOpen(late));
}

TEST_F(TcpMuxTest, WhatIsAssignedOutlivesIt) {
  const SocketId given = accept(from(1, 1));
  bring(given, check("alic:x"));
  const SocketId waiting = accept(from(1, 2));
  mux.reset();
  EXPECT_TRUE(isOpen(given));
  EXPECT_FALSE(isOpen(waiting));
  EXPECT_FALSE(isOpen(listener.socket));
}

}  // namespace
}  // namespace parley::session
