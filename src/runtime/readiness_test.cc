#include "runtime/readiness.h"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <set>
#include <vector>

#include "runtime/descriptor.h"

namespace parley::runtime {
namespace {

// A datagram socket and who talks to it.
struct Line {
  Line() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0)
      std::abort();
    heard = ends[0], talking = ends[1];
  }
  ~Line() { ::close(heard), ::close(talking); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void say() const { EXPECT_EQ(::send(talking, "x", 1, 0), 1); }
  int read() const {
    int count = 0;
    for (char one = 0; ::recv(heard, &one, 1, 0) == 1;) ++count;
    return count;
  }

  int heard = -1;
  int talking = -1;
};

struct ReadinessTest : testing::Test {
  boost::asio::io_context context;
  std::vector<Readiness::Ready> told;
  std::function<void(const Readiness::Ready&)> then = [](const auto&) {};
  Readiness readiness{context, [this](const Readiness::Ready& ready) {
                        told.push_back(ready);
                        then(ready);
                      }};

  template <class Condition>
  bool runUntil(Condition condition) {
    context.restart();
    while (!condition())
      if (context.run_one_for(std::chrono::seconds(20)) == 0) return false;
    return true;
  }
};

TEST_F(ReadinessTest, TellsOfWhatComesOnce) {
  const Line line;
  ASSERT_EQ(readiness.add(line.heard, SocketId{7}), 0);
  line.say();
  ASSERT_TRUE(runUntil([&] { return told.size() == 1; }));
  EXPECT_EQ(told[0].socket, SocketId{7});
  EXPECT_TRUE(told[0].canRead);
  EXPECT_FALSE(told[0].canWrite);
  context.poll();
  EXPECT_EQ(told.size(), 1u) << "nothing new came";
  line.say();
  ASSERT_TRUE(runUntil([&] { return told.size() == 2; })) << "though the first is still unread";
  EXPECT_EQ(line.read(), 2);
  readiness.remove(line.heard);
}

TEST_F(ReadinessTest, FindsAllThatAreReadyHoweverMany) {
  std::deque<Line> lines(300);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(readiness.add(lines[i].heard, SocketId{static_cast<std::uint32_t>(i)}), 0);
    lines[i].say();
  }
  std::set<std::uint32_t> ids;
  ASSERT_TRUE(runUntil([&] {
    for (const auto& ready : told) ids.insert(ready.socket.value);
    return ids.size() == lines.size();
  }));
  EXPECT_EQ(told.size(), lines.size());
  for (const Line& line : lines) readiness.remove(line.heard);
}

TEST_F(ReadinessTest, TellsOnceThatASocketCanBeWritten) {
  const Line line;
  ASSERT_EQ(readiness.add(line.talking, SocketId{3}), 0);
  while (::send(line.talking, "x", 1, 0) == 1) {
  }
  readiness.awaitWritable(line.talking, SocketId{3});
  context.poll();
  EXPECT_TRUE(told.empty());
  EXPECT_GT(line.read(), 0);
  ASSERT_TRUE(runUntil([&] { return !told.empty(); }));
  EXPECT_TRUE(told[0].canWrite);
  told.clear();
  line.say();
  EXPECT_EQ(line.read(), 1);
  context.restart();
  context.poll();
  EXPECT_TRUE(told.empty()) << "it was not asked for again";
  readiness.remove(line.talking);
}

TEST_F(ReadinessTest, LeavesAContextWithoutSocketsNothingToWaitFor) {
  const Line line;
  ASSERT_EQ(readiness.add(line.heard, SocketId{1}), 0);
  readiness.remove(line.heard);
  line.say();
  context.run();  // returns
  EXPECT_TRUE(told.empty());
  ASSERT_EQ(readiness.add(line.heard, SocketId{2}), 0);
  ASSERT_TRUE(runUntil([&] { return !told.empty(); })) << "what was there before is told as well";
  EXPECT_EQ(told[0].socket, SocketId{2});
  readiness.remove(line.heard);
}

TEST_F(ReadinessTest, MembersMayComeAndGoWhileTheyAreTold) {
  const Line first, second;
  ASSERT_EQ(readiness.add(first.heard, SocketId{1}), 0);
  then = [&](const Readiness::Ready& ready) {
    if (ready.socket == SocketId{2}) return readiness.remove(second.heard);
    readiness.remove(first.heard);
    EXPECT_EQ(readiness.add(second.heard, SocketId{2}), 0);
  };
  first.say();
  second.say();
  ASSERT_TRUE(runUntil([&] { return told.size() == 2; }));
  context.restart();
  context.run();  // returns
}

TEST_F(ReadinessTest, RefusesWhatCannotBeWaitedFor) {
  EXPECT_EQ(readiness.add(-1, SocketId{1}), EBADF);
  context.run();  // returns
}

TEST(Readiness, HandlersMayOutliveIt) {
  boost::asio::io_context context;
  const Line line;
  {
    Readiness readiness(context, [](const auto&) { FAIL(); });
    ASSERT_EQ(readiness.add(line.heard, SocketId{1}), 0);
    line.say();
  }
  context.run();
}

}  // namespace
}  // namespace parley::runtime
