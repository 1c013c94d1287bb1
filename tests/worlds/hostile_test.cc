#include "call.h"

namespace parley::worlds {
namespace {

// Every bit of the announced fingerprint's first byte turned over.
std::string withWrongFingerprint(std::string sdp) {
  const std::string name = "a=fingerprint:sha-256 ";
  const std::size_t at = sdp.find(name);
  EXPECT_NE(at, std::string::npos);
  for (std::size_t i = at + name.size(); i < at + name.size() + 2; ++i)
    sdp[i] = "FEDCBA9876543210"[std::string("0123456789ABCDEF").find(sdp[i])];
  return sdp;
}

struct Hostile : testing::Test {
  sim::World world{3};
  sim::Node& alice = world.addNode("alice");
  sim::Node& bob = world.addNode("bob");
  sim::Link& link = world.connect(alice, bob, {.latency = 10ms});

  // Sends as if it came from the other end of alice's connection, to whatever address she used.
  void forge(const sim::WireDatagram& seen, ByteVector bytes) {
    sim::WireDatagram datagram = seen;
    datagram.bytes = std::move(bytes);
    world.transmit(bob, std::move(datagram));
  }
};

TEST_F(Hostile, AWrongFingerprintInTheOfferLetsNotOneByteThrough) {  // D-3
  Call call(world, alice, bob);
  call.start(withWrongFingerprint);
  ASSERT_TRUE(world.runUntil(
      [&] { return !call.answerer.states.empty() && call.answerer.states.back() == "failed"; },
      60s));
  EXPECT_FALSE(call.isOpen());
  EXPECT_TRUE(call.answerer.received.empty());
  EXPECT_EQ(call.answerer.pc->sctp()->transport()->state(), RTCDtlsTransportState::failed);
}

TEST_F(Hostile, AWrongFingerprintInTheAnswerLetsNotOneByteThrough) {  // D-3
  Call call(world, alice, bob);
  call.start({}, withWrongFingerprint);
  ASSERT_TRUE(world.runUntil(
      [&] { return !call.offerer.states.empty() && call.offerer.states.back() == "failed"; }, 60s));
  EXPECT_FALSE(call.offerer.isOpen());
  EXPECT_EQ(call.offerer.pc->sctp()->transport()->state(), RTCDtlsTransportState::failed);
}

TEST_F(Hostile, GarbageOnTheSocketChangesNothing) {
  Call call(world, alice, bob);
  std::vector<sim::WireDatagram> seen;
  link.from(bob).dropIf([&](const sim::WireDatagram& datagram) {
    if (seen.size() < 8) seen.push_back(datagram);
    return false;
  });
  ASSERT_TRUE(call.connect());
  for (int i = 0; i < 3'000; ++i) {
    ByteVector bytes = seen[world.random().below(seen.size())].bytes;
    if (i % 3 == 0) bytes.resize(world.random().below(1'400));
    for (int flips = 0; flips < 4 && !bytes.empty(); ++flips)
      bytes[world.random().below(bytes.size())] = static_cast<std::uint8_t>(world.random().u32());
    forge(seen.front(), std::move(bytes));
    if (i % 50 == 0) world.runFor(1ms);
  }
  world.runFor(1s);
  call.offerer.channel->send("still talking");
  world.runFor(1s);
  EXPECT_THAT(call.answerer.received, testing::ElementsAre("still talking"));
  EXPECT_TRUE(call.isOpen());
}

TEST_F(Hostile, ReplayedTrafficIsHeardOnce) {
  Call call(world, alice, bob);
  ASSERT_TRUE(call.connect());
  std::vector<sim::WireDatagram> seen;
  link.from(bob).dropIf([&](const sim::WireDatagram& datagram) {
    seen.push_back(datagram);
    return false;
  });
  for (int i = 0; i < 20; ++i) call.answerer.channel->send(std::to_string(i));
  world.runFor(1s);
  link.from(bob).dropIf({});
  for (const sim::WireDatagram& datagram : seen) world.transmit(bob, datagram);
  world.runFor(1s);
  EXPECT_EQ(call.offerer.received.size(), 20u);
  EXPECT_TRUE(call.isOpen());
}

TEST_F(Hostile, AMalformedDescriptionIsAnErrorWithItsLine) {
  Call call(world, alice, bob);
  call.start([](std::string sdp) { return sdp + "this is no line\r\n"; });
  world.runFor(1s);
  EXPECT_NE(call.failure, "");
  EXPECT_FALSE(call.isOpen());
}

}  // namespace
}  // namespace parley::worlds
