#include "parley/tcp_mux.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "parley/test_call.h"

namespace parley {
namespace {

using test::kPatience;

// Over real sockets, and told of nothing but TCP.
struct OverTcp {
  OverTcp(Loop& loop, int count, const std::function<Tuning(bool isAnswerer)>& tuning) {
    for (int i = 0; i < count; ++i) {
      bool isAnswerer = false;
      calls.emplace_back(
          [&] {
            return std::make_unique<RTCPeerConnection>(loop, RTCConfiguration{},
                                                       tuning(std::exchange(isAnswerer, true)));
          },
          [](const RTCIceCandidate& candidate) {
            return candidate.protocol() != RTCIceProtocol::udp;
          });
    }
  }
  bool areOpen() const {
    return std::ranges::all_of(calls, [](const test::Call& call) { return call.isOpen(); });
  }
  bool haveHeard() const {
    return std::ranges::all_of(calls, [](const test::Call& call) {
      return call.atAnswerer.size() == 1 && call.atOfferer.size() == 1;
    });
  }
  void talk() {
    for (test::Call& call : calls) {
      call.offered->send(std::string(100'000, 'u'));
      call.announced->send("down");
    }
  }

  std::deque<test::Call> calls;
};

TEST(TcpCandidatesTest, CarryCallsOverRealSockets) {
  Loop loop;
  auto calls = std::make_unique<OverTcp>(loop, 2, [](bool isAnswerer) {
    return Tuning{.tcpCandidates = isAnswerer ? TcpCandidates::all : TcpCandidates::active};
  });
  ASSERT_TRUE(loop.runUntil([&] { return calls->areOpen(); }, kPatience));
  calls->talk();
  ASSERT_TRUE(loop.runUntil([&] { return calls->haveHeard(); }, kPatience));
  const auto pair =
      calls->calls[0].offerer->sctp()->transport()->iceTransport()->getSelectedCandidatePair();
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->local.tcpType(), RTCIceTcpCandidateType::active);
  EXPECT_EQ(pair->remote.tcpType(), RTCIceTcpCandidateType::passive);
  calls->calls[0].offerer->close();
  calls->calls[1].answerer->close();
  ASSERT_TRUE(loop.runUntil([&] { return calls->calls[0].closes == 1; }, kPatience));
  calls.reset();
  EXPECT_TRUE(loop.drain(kPatience));
  EXPECT_TRUE(loop.releaseReport().isZero()) << loop.releaseReport().toString();
}

TEST(TcpMuxTest, ManyConnectionsHaveOnePort) {
  Loop loop;
  auto mux = std::make_unique<TcpMux>(loop);
  EXPECT_NE(mux->port(), 0);
  EXPECT_FALSE(mux->addresses().empty());
  auto calls = std::make_unique<OverTcp>(loop, 4, [&](bool isAnswerer) {
    return isAnswerer ? Tuning{.tcpMux = mux.get()} : Tuning{};
  });
  ASSERT_TRUE(loop.runUntil([&] { return calls->areOpen(); }, kPatience));
  calls->talk();
  ASSERT_TRUE(loop.runUntil([&] { return calls->haveHeard(); }, kPatience));
  EXPECT_GE(mux->stats().assigned, 4u);
  calls.reset();
  EXPECT_TRUE(loop.drain(kPatience));
  mux.reset();
  EXPECT_TRUE(loop.releaseReport().isZero()) << loop.releaseReport().toString();
}

TEST(TcpMuxTest, ItsLoopMayEndBeforeIt) {
  auto loop = std::make_unique<Loop>();
  const TcpMux mux(*loop);
  loop.reset();
  EXPECT_EQ(mux.port(), 0);
  EXPECT_EQ(mux.stats().assigned, 0u);
}

}  // namespace
}  // namespace parley
