#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <string>
#include <tuple>

#include "core/packet.h"
#include "runtime/datagram_reader.h"
#include "runtime/datagram_writer.h"
#include "runtime/udp_socket.h"

namespace parley::runtime {
namespace {

struct Mode {
  bool useMmsg;
  bool useGso;
};

struct Heard {
  std::string text;
  Address local, remote;
  std::uint8_t ecn = 0;
  bool operator==(const Heard&) const = default;
};

// A sender and a receiver on the loopback of one family.
struct Pair {
  Pair(Mode mode, std::string_view bindTo, std::string_view sendTo)
      : tuning{.useMmsg = mode.useMmsg, .useGso = mode.useGso},
        sender(*UdpSocket::open({.local = *IpAddress::parse(sendTo)}, tuning, random)),
        receiver(*UdpSocket::open({.local = *IpAddress::parse(bindTo)}, tuning, random)),
        writer(mode.useMmsg, mode.useGso && sender.canSegment()),
        reader(mode.useMmsg),
        target{*IpAddress::parse(sendTo), receiver.local().port} {}

  void queue(std::string_view text, std::uint8_t ecn = 0) {
    out.push_back({.remote = target, .ecn = ecn, .packet = pool.copyOf(bytesOf(text))});
  }
  WriteOutcome write() { return writer.write(sender.descriptor(), sender.local(), out); }

  // Waits until `count` have come; fewer when ten seconds were not enough.
  std::vector<Heard> hear(std::size_t count) {
    std::vector<Heard> heard;
    while (heard.size() < count) {
      pollfd wait{receiver.descriptor(), POLLIN, 0};
      if (::poll(&wait, 1, 10'000) != 1) break;
      reader.recycle();
      reader.read(receiver.descriptor(), receiver.local(), 64, [&](const ReceivedDatagram& one) {
        heard.push_back({std::string(textOf(one.bytes)), one.local, one.remote, one.ecn});
        newest = one.wallMicros;
        return true;
      });
    }
    return heard;
  }

  Random random{3};
  PacketPool pool{1'024};
  SocketTuning tuning;
  UdpSocket sender, receiver;
  DatagramWriter writer;
  DatagramReader reader;
  Address target;
  std::deque<Datagram> out;
  std::int64_t newest = 0;
};

std::vector<std::string> mixedTexts() {
  std::vector<std::string> texts;
  for (int i = 0; i < 70; ++i) texts.push_back(std::string(1'100, static_cast<char>('a' + i % 26)));
  texts.emplace_back("short tail");
  texts.emplace_back();
  for (std::size_t i = 0; i < 60; ++i) texts.emplace_back(1 + i * 7 % 900, 'm');
  for (int i = 0; i < 30; ++i) texts.emplace_back(1'191, 'f');
  return texts;
}

std::vector<std::string> carry(Mode mode, std::string_view address) {
  Pair pair(mode, address, address);
  const auto texts = mixedTexts();
  for (const std::string& text : texts) pair.queue(text);
  const WriteOutcome outcome = pair.write();
  EXPECT_EQ(outcome.sent, texts.size());
  EXPECT_EQ(pair.pool.inUse(), 0u);
  std::vector<std::string> heard;
  for (Heard& one : pair.hear(texts.size())) {
    EXPECT_EQ(one.local, pair.receiver.local());
    EXPECT_EQ(one.remote, pair.sender.local());
    heard.push_back(std::move(one.text));
  }
  return heard;
}

TEST(DatagramIo, EveryPathDeliversTheSameDatagramsInOrder) {
  const auto texts = mixedTexts();
  EXPECT_EQ(carry({.useMmsg = true, .useGso = true}, "127.0.0.1"), texts);
  EXPECT_EQ(carry({.useMmsg = true, .useGso = false}, "127.0.0.1"), texts);
  EXPECT_EQ(carry({.useMmsg = false, .useGso = false}, "127.0.0.1"), texts);
}

TEST(DatagramIo, EveryPathDeliversTheSameOverV6) {
  Random random(1);
  if (!UdpSocket::open({.local = *IpAddress::parse("::1")}, {}, random)) {
    GTEST_SKIP() << "no IPv6 here";
  }
  const auto texts = mixedTexts();
  EXPECT_EQ(carry({.useMmsg = true, .useGso = true}, "::1"), texts);
  EXPECT_EQ(carry({.useMmsg = true, .useGso = false}, "::1"), texts);
  EXPECT_EQ(carry({.useMmsg = false, .useGso = false}, "::1"), texts);
}

TEST(DatagramIo, TellsLocalAddressEcnAndArrivalOfEachDatagram) {
  Pair pair({true, true}, "0.0.0.0", "127.0.0.1");
  pair.queue("plain");
  pair.queue("marks", 1);
  pair.write();
  const auto heard = pair.hear(2);
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[0].local, pair.target) << "not 0.0.0.0, which it is bound to";
  EXPECT_EQ(heard[0].ecn, 0);
  EXPECT_EQ(heard[1].ecn, 1);
  EXPECT_GT(pair.newest, 1'600'000'000'000'000);
}

TEST(DatagramIo, ASocketBoundToNoAddressAnswersFromTheOneThatWasSpokenTo) {
  Pair pair({true, true}, "127.0.0.1", "127.0.0.1");
  const auto server = UdpSocket::open({}, pair.tuning, pair.random);
  ASSERT_TRUE(server);
  std::deque<Datagram> out;
  out.push_back({.local = *Address::parse("127.0.0.77:1"),
                 .remote = pair.target,
                 .packet = pair.pool.copyOf(bytesOf("answer"))});
  EXPECT_EQ(pair.writer.write(server->descriptor(), server->local(), out).sent, 1u);
  const auto heard = pair.hear(1);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].remote.ip.toString(), "127.0.0.77");
}

TEST(DatagramIo, DropsWhatIsTooLargeForAnyDatagramAndSendsTheRest) {
  for (const Mode mode : {Mode{true, true}, Mode{false, false}}) {
    Pair pair(mode, "127.0.0.1", "127.0.0.1");
    ByteVector huge(65'600);
    pair.queue("before");
    pair.out.push_back({.remote = pair.target, .packet = Packet::lend(huge)});
    pair.queue("after");
    const WriteOutcome outcome = pair.write();
    EXPECT_EQ(outcome.sent, 2u);
    EXPECT_EQ(outcome.errors, 1u);
    EXPECT_EQ(pair.hear(2).size(), 2u);
  }
}

TEST(DatagramReader, StopsAtItsBoundAndGoesOnWhereItStopped) {
  Pair pair({true, false}, "127.0.0.1", "127.0.0.1");
  for (int i = 0; i < 40; ++i) pair.queue(std::to_string(i));
  pair.write();
  ASSERT_EQ(pair.hear(0).size(), 0u);
  std::size_t heard = 0;
  const auto take = [&](const ReceivedDatagram& one) {
    EXPECT_EQ(textOf(one.bytes), std::to_string(heard));
    ++heard;
    return true;
  };
  const int descriptor = pair.receiver.descriptor();
  EXPECT_FALSE(pair.reader.read(descriptor, pair.receiver.local(), 16, take).isDrained);
  EXPECT_EQ(heard, 16u);
  EXPECT_TRUE(pair.reader.read(descriptor, pair.receiver.local(), 64, take).isDrained);
  EXPECT_EQ(heard, 40u);
}

TEST(DatagramReader, TakesARunOfDatagramsInOnePieceAndCutsIt) {
  Pair pair({true, true}, "127.0.0.1", "127.0.0.1");
  if (!pair.sender.canSegment()) GTEST_SKIP() << "the kernel has no segmentation offload";
  UdpSocket::joinRuns(pair.receiver.descriptor());
  for (int i = 0; i < 30; ++i) pair.queue(std::string(500, 'r'));
  pair.queue("end");
  pair.write();
  std::size_t heard = 0;
  const ReadOutcome outcome = pair.reader.read(
      pair.receiver.descriptor(), pair.receiver.local(), 64, [&](const ReceivedDatagram& one) {
        EXPECT_EQ(one.bytes.size(), heard < 30 ? 500u : 3u);
        one.bytes[0] = 'w';  // each slice is its guest's to write to
        return ++heard > 0;
      });
  EXPECT_TRUE(outcome.hasRuns);
  EXPECT_EQ(heard, 31u);
}

TEST(DatagramReader, StopsWhenTheTakerClosesTheSocket) {
  Pair pair({true, true}, "127.0.0.1", "127.0.0.1");
  for (int i = 0; i < 10; ++i) pair.queue("same");
  pair.write();
  int heard = 0;
  pair.reader.read(pair.receiver.descriptor(), pair.receiver.local(), 64,
                   [&](const ReceivedDatagram&) { return ++heard < 3; });
  EXPECT_EQ(heard, 3);
}

// Calls that answer as told and note what they were given.
struct Script {
  static inline std::vector<int> errors;            // one per call, 0: accept; the last one stays
  static inline std::vector<std::size_t> messages;  // per call
  static inline std::vector<std::size_t> segments;  // per accepted message

  static void reset(std::vector<int> list) {
    errors = std::move(list);
    messages.clear();
    segments.clear();
  }
  static int next() {
    const int error = errors.front();
    if (errors.size() > 1) errors.erase(errors.begin());
    return error;
  }
  static int sendmmsg(int, mmsghdr* vector, unsigned count, int) {
    messages.push_back(count);
    if (const int error = next()) return errno = error, -1;
    for (unsigned i = 0; i < count; ++i) segments.push_back(vector[i].msg_hdr.msg_iovlen);
    return static_cast<int>(count);
  }
  static ssize_t sendto(int, const void*, size_t size, int, const sockaddr*, socklen_t) {
    messages.push_back(1);
    if (const int error = next()) return errno = error, -1;
    segments.push_back(1);
    return static_cast<ssize_t>(size);
  }
};

struct ScriptedWriter : testing::Test {
  PacketPool pool{1'024};
  std::deque<Datagram> queue;
  Address remote = *Address::parse("192.0.2.1:9");

  void add(std::size_t size, int count = 1) {
    for (int i = 0; i < count; ++i) {
      queue.push_back({.remote = remote, .packet = pool.copyOf(ByteVector(size))});
    }
  }
  WriteOutcome write(bool useMmsg, bool useGso) {
    DatagramWriter writer(useMmsg, useGso, {&Script::sendmmsg, &Script::sendto});
    return writer.write(-1, {}, queue);
  }
};

TEST_F(ScriptedWriter, JoinsRunsOfEqualSizeWithAShorterLastOne) {
  Script::reset({0});
  add(1'000, 10);
  add(400);
  add(1'000, 2);
  remote.port = 10;
  add(1'000, 3);
  add(1'001);
  EXPECT_EQ(write(true, true).sent, 17u);
  EXPECT_EQ(Script::messages, std::vector<std::size_t>{4});
  EXPECT_EQ(Script::segments, (std::vector<std::size_t>{11, 2, 3, 1}));
}

TEST_F(ScriptedWriter, SendsAtMost64DatagramsPerCallAndStaysUnderOneIpPacketPerRun) {
  Script::reset({0});
  add(100, 130);
  add(1'500, 44);
  EXPECT_EQ(write(true, true).sent, 174u);
  EXPECT_EQ(Script::segments, (std::vector<std::size_t>{64, 64, 2, 43, 1}));
}

TEST_F(ScriptedWriter, KeepsWhatWouldBlock) {
  for (const bool useMmsg : {true, false}) {
    Script::reset({0, EAGAIN});
    queue.clear();
    add(100, 100);
    const WriteOutcome outcome = write(useMmsg, false);
    EXPECT_TRUE(outcome.wouldBlock);
    EXPECT_EQ(outcome.sent, useMmsg ? 64u : 1u);
    EXPECT_EQ(queue.size(), 100 - outcome.sent);
  }
}

TEST_F(ScriptedWriter, TriesARefusedRunAgainAsSingleDatagramsAndOnlyThatRun) {
  Script::reset({EINVAL, 0});
  add(1'000, 3);
  add(1'400, 4);
  const WriteOutcome outcome = write(true, true);
  EXPECT_EQ(outcome.sent, 7u);
  EXPECT_EQ(outcome.errors, 0u);
  EXPECT_EQ(Script::segments, (std::vector<std::size_t>{1, 1, 1, 4}));
}

TEST_F(ScriptedWriter, GivesSegmentationUpWhereTheDeviceHasNone) {
  Script::reset({EIO, 0});
  add(1'000, 3);
  add(1'400, 2);
  EXPECT_EQ(write(true, true).sent, 5u);
  EXPECT_EQ(Script::segments, (std::vector<std::size_t>{1, 1, 1, 1, 1}));
}

TEST_F(ScriptedWriter, DropsOnlyTheDatagramThatWasRefused) {  // L-8
  for (const bool useMmsg : {true, false}) {
    Script::reset({ENETUNREACH, ECONNREFUSED, EINTR, 0});
    queue.clear();
    add(100, 5);
    const WriteOutcome outcome = write(useMmsg, false);
    EXPECT_EQ(outcome.errors, 1u);
    EXPECT_EQ(outcome.refused, 1u);
    EXPECT_EQ(outcome.sent, 4u);
    EXPECT_TRUE(queue.empty());
  }
}

}  // namespace
}  // namespace parley::runtime
