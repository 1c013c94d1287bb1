#include "runtime/interface_watch.h"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "runtime/interfaces.h"

namespace parley::runtime {
namespace {

struct InterfaceWatchTest : testing::Test {
  boost::asio::io_context context;
  std::vector<NetworkInterface> list = {{.name = "one"}};
  int looks = 0;
  int changes = 0;
  InterfaceWatch::Options options{.list =
                                      [this] {
                                        ++looks;
                                        return list;
                                      },
                                  .useNetlink = false,
                                  .settle = 1ms,
                                  .poll = 1ms};

  template <class Condition>
  bool runUntil(Condition condition) {
    while (!condition())
      if (context.run_one_for(std::chrono::seconds(20)) == 0) return false;
    return true;
  }
};

TEST_F(InterfaceWatchTest, WithoutAWordOfTheSystemItLooksNowAndThen) {
  InterfaceWatch watch(context, options, [this] { ++changes; });
  EXPECT_EQ(looks, 0) << "not before it is started";
  watch.start();
  EXPECT_EQ(watch.sockets(), 0u);
  ASSERT_TRUE(runUntil([&] { return looks > 3; }));
  EXPECT_EQ(changes, 0) << "the list is what it was";
  list.push_back({.name = "two"});
  ASSERT_TRUE(runUntil([&] { return changes == 1; }));
  const int seen = looks;
  ASSERT_TRUE(runUntil([&] { return looks > seen + 3; }));
  EXPECT_EQ(changes, 1);
  watch.stop();
  context.restart();
  context.run();
  EXPECT_EQ(changes, 1);
}

TEST_F(InterfaceWatchTest, HasASocketWhileItIsStarted) {
  options.useNetlink = true;
  InterfaceWatch watch(context, options, [this] { ++changes; });
  EXPECT_EQ(watch.sockets(), 0u);
  watch.start();
  watch.start();
  if (watch.sockets() == 0) GTEST_SKIP() << "no netlink here";
  EXPECT_EQ(watch.sockets(), 1u);
  watch.stop();
  EXPECT_EQ(watch.sockets(), 0u);
  context.run();
}

TEST_F(InterfaceWatchTest, KnowsTheListWhileTheSystemWouldTellOfAChange) {
  InterfaceWatch polling(context, options, [this] { ++changes; });
  polling.start();
  EXPECT_EQ(polling.known(), nullptr) << "it may have changed since";
  polling.stop();
  options.useNetlink = true;
  InterfaceWatch watch(context, options, [this] { ++changes; });
  EXPECT_EQ(watch.known(), nullptr);
  watch.start();
  if (watch.sockets() == 0) GTEST_SKIP() << "no netlink here";
  const int seen = looks;
  ASSERT_TRUE(watch.known());
  EXPECT_EQ(*watch.known(), list);
  EXPECT_EQ(looks, seen);
  watch.stop();
  EXPECT_EQ(watch.known(), nullptr);
}

TEST_F(InterfaceWatchTest, AnAddressThatComesIsToldByTheSystem) {
  options.useNetlink = true;
  options.list = listInterfaces;
  InterfaceWatch watch(context, options, [this] { ++changes; });
  watch.start();
  if (watch.sockets() == 0) GTEST_SKIP() << "no netlink here";
  const auto change = [](const char* verb) {
    const std::string command = std::string("ip address ") + verb + " 127.83.71.9/32 dev lo 2>&-";
    return std::system(command.c_str()) == 0;
  };
  if (!change("add")) GTEST_SKIP() << "it takes root and iproute2 to add an address";
  EXPECT_TRUE(runUntil([&] { return changes == 1; }));
  ASSERT_TRUE(change("del"));
  EXPECT_TRUE(runUntil([&] { return changes == 2; }));
}

}  // namespace
}  // namespace parley::runtime
