// A listener and one who connects to it on a real loop, and each system call refused once.

#include <gmock/gmock.h>

#include <map>
#include <stdexcept>
#include <string>

#include "failing/system_calls.h"
#include "runtime/loop_runner.h"
#include "support/process.h"

namespace parley::failing {
namespace {

constexpr std::size_t kMuch = 600'000;

class TestSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override { std::ranges::fill(bytes, std::uint8_t{9}); }
};

// One end: says `kMuch` bytes, wants as many, and closes then.
class End final : public Host::Guest {
 public:
  explicit End(Host& host) : host_(host) { host_.enter(*this); }
  ~End() override { host_.leave(*this); }

  void begin(SocketId stream) {
    stream_ = stream;
    isOver = !host_.write(stream, ByteVector(kMuch));
  }
  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
  void onStreamAccepted(Step&, SocketId, SocketId stream, const Address&, const Address&) override {
    begin(stream);
  }
  void onStreamBytes(Step&, SocketId, MutableBytes bytes) override {
    heard += bytes.size();
    if (heard < kMuch) return;
    host_.close(stream_);
    isOver = true;
  }
  void onStreamClosed(Step&, SocketId, StreamEnd) override { isOver = true; }

  std::size_t heard = 0;
  bool isOver = false;

 private:
  Host& host_;
  SocketId stream_;
};

// What is asked of it: that it ends, well or with a word, and that nothing stays behind.
bool exchange(Duration limit, bool mustEnd = true) {
  TestSecrets secrets;
  runtime::LoopRunner runner({.secrets = &secrets});
  std::size_t heard = 0;
  {
    End bob(runner.host());
    End alice(runner.host());
    const IpAddress here = *IpAddress::parse("127.0.0.1");
    const auto bound = runner.host().listenTcp(bob, {.local = here});
    if (!bound) return false;
    const auto stream = runner.host().connectTcp(alice, {.local = here, .remote = bound->local});
    if (!stream) return false;
    alice.begin(*stream);
    // An end that was never accepted has nothing to end.
    const bool isEnded = runner.runUntil([&] { return alice.isOver; }, limit);
    EXPECT_TRUE(isEnded || !mustEnd);
    runner.runUntil([&] { return bob.isOver; }, alice.heard == kMuch ? limit : 10ms);
    heard = alice.heard + bob.heard;
  }
  EXPECT_TRUE(runner.drain(limit));
  EXPECT_EQ(runner.report().sockets, 0u);
  return heard == 2 * kMuch;
}

bool isReported(const Call& refused) {
  try {
    // Asio does not look at what EPOLL_CTL_MOD answers; a kernel without memory grants that one.
    const bool mustEnd = refused.name != "epoll_ctl";
    return exchange(mustEnd ? 10s : 500ms, mustEnd) || refused.isVital;
  } catch (const std::runtime_error&) {  // a loop that could not be made
    return refused.isVital;
  }
}

TEST(StreamCalls, EachRefusedOnceEndsInAnExchangeOrInAFailureAndNothingStays) {
  ASSERT_TRUE(exchange(10s));
  startCounting();
  ASSERT_TRUE(exchange(10s));
  std::map<std::string_view, std::uint64_t> asked;
  for (const Call& each : streamCalls()) asked[each.name] = countOf(each.name);
  const std::size_t files = support::openFiles();
  int tried = 0;
  for (const Call& each : streamCalls()) {
    EXPECT_GT(asked[each.name], 0u) << each.name;
    for (std::uint64_t nth = 1; nth <= std::min<std::uint64_t>(asked[each.name], 12); ++nth) {
      for (const int error : each.errors) {
        SCOPED_TRACE(std::string(each.name) + " " + std::to_string(nth) + ", error " +
                     std::to_string(error));
        refuse(each.name, nth, error);
        EXPECT_TRUE(isReported(each));
        EXPECT_EQ(support::openFiles(), files);
        ++tried;
      }
    }
  }
  std::printf("%d refusals\n", tried);
}

}  // namespace
}  // namespace parley::failing
