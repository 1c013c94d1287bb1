#include "runtime/asio_driver.h"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <cerrno>

#include "core/limits.h"
#include "runtime/interfaces.h"

namespace parley::runtime {
namespace {

// A send call that blocks until it is told otherwise.
struct Valve {
  static inline bool isOpen = true;
  static int sendmmsg(int descriptor, mmsghdr* messages, unsigned count, int flags) {
    if (!isOpen) return errno = EAGAIN, -1;
    return ::sendmmsg(descriptor, messages, count, flags);
  }
};

struct AsioDriverTest : testing::Test {
  boost::asio::io_context context;
  Mailbox mailbox{[] {}};
  int wakes = 0;
  PacketPool pool{4'096};
  AsioDriver driver{context,
                    {.tuning = {}, .seed = 1, .calls = {.sendmmsg = &Valve::sendmmsg}},
                    [this] { ++wakes; },
                    mailbox};

  BoundUdp open() { return *driver.openUdp({.local = *IpAddress::parse("127.0.0.1")}); }
  void send(const BoundUdp& from, const BoundUdp& to, std::size_t count) {
    std::vector<Datagram> batch;
    for (std::size_t i = 0; i < count; ++i) {
      batch.push_back(
          {.socket = from.socket, .remote = to.local, .packet = pool.copyOf(bytesOf("x"))});
    }
    driver.send(batch);
  }
  std::vector<IpAddress> answerTo(const std::string& hostname) {
    driver.resolve(ResolveId{1}, hostname);
    const Instant end = driver.readClock().now + 30s;
    while (driver.readClock().now < end) {
      for (auto& task : mailbox.take()) task();
      for (auto& [request, found] : driver.takeAnswers()) return found;
    }
    ADD_FAILURE() << "no answer";
    return {};
  }
};

TEST_F(AsioDriverTest, KeepsABoundedNumberWhileTheSocketWouldBlockAndSendsThemAfterwards) {
  const BoundUdp one = open();
  const BoundUdp two = open();
  Valve::isOpen = false;
  send(one, two, 10);
  EXPECT_EQ(pool.inUse(), 10u);
  send(one, two, 2 * limits::loop::kUnsentPerSocket);
  EXPECT_EQ(pool.inUse(), limits::loop::kUnsentPerSocket);
  EXPECT_EQ(driver.stats().unsentDropped, limits::loop::kUnsentPerSocket + 10);
  Valve::isOpen = true;
  while (pool.inUse() > 0) ASSERT_GT(context.run_one_for(10s), 0u);
  EXPECT_EQ(driver.stats().datagramsSent, limits::loop::kUnsentPerSocket);
}

TEST_F(AsioDriverTest, MoreMayWaitForASocketThatIsForMany) {
  const BoundUdp one =
      *driver.openUdp({.local = *IpAddress::parse("127.0.0.1"), .isForMany = true});
  Valve::isOpen = false;
  send(one, one, 2 * limits::loop::kUnsentPerSocket);
  EXPECT_EQ(driver.stats().unsentDropped, 0u);
  Valve::isOpen = true;
}

TEST_F(AsioDriverTest, ClosingABlockedSocketFreesWhatItHeld) {
  const BoundUdp one = open();
  Valve::isOpen = false;
  send(one, one, 5);
  driver.closeUdp(one.socket);
  Valve::isOpen = true;
  EXPECT_EQ(pool.inUse(), 0u);
  EXPECT_EQ(driver.stats().unsentDropped, 5u);
  context.poll();
  EXPECT_EQ(driver.stats().datagramsSent, 0u);
}

TEST_F(AsioDriverTest, SaysThatASocketIsReadyAndOnlyThat) {
  const BoundUdp one = open();
  const BoundUdp two = open();
  send(one, two, 3);
  while (wakes == 0) ASSERT_GT(context.run_one_for(10s), 0u);
  EXPECT_TRUE(driver.hasMore());
  EXPECT_EQ(driver.stats().datagramsReceived, 0u);
}

TEST_F(AsioDriverTest, ResolvesLiteralsAndLocalhostAndFailsForNamesThatCannotBe) {
  EXPECT_EQ(answerTo("192.0.2.9"), std::vector{*IpAddress::parse("192.0.2.9")});
  for (const IpAddress& ip : answerTo("localhost")) EXPECT_TRUE(ip.isLoopback());
  EXPECT_TRUE(answerTo("not a host name at all").empty());
}

TEST_F(AsioDriverTest, LocalNamesDoNotReachTheSystemsResolver) {
  driver.resolve(ResolveId{7}, "nobody.Local");
  EXPECT_GT(driver.stats().socketsOfItsOwn, 0u);
  driver.cancel(ResolveId{7});
  EXPECT_EQ(driver.stats().socketsOfItsOwn, 0u);
  EXPECT_TRUE(answerTo("printer.office.local").empty());
  driver.publishName("a.local", *IpAddress::parse("10.0.0.1"));
  EXPECT_GT(driver.stats().socketsOfItsOwn, 0u);
  EXPECT_EQ(answerTo("a.local"), std::vector{*IpAddress::parse("10.0.0.1")});
  driver.withdrawName("a.local");
  EXPECT_EQ(driver.stats().socketsOfItsOwn, 0u);
}

TEST_F(AsioDriverTest, WatchesInterfacesOnlyWhileSomebodyWants) {
  driver.watchInterfaces(true);
  EXPECT_LE(driver.stats().socketsOfItsOwn, 1u);
  driver.watchInterfaces(false);
  EXPECT_EQ(driver.stats().socketsOfItsOwn, 0u);
  EXPECT_FALSE(driver.takeInterfacesChanged());
}

TEST_F(AsioDriverTest, ListsTheLoopbackInterface) {
  const auto all = driver.interfaces();
  const auto loopback = std::ranges::find(all, *IpAddress::parse("127.0.0.1"),
                                          [](const auto& one) { return one.address; });
  ASSERT_NE(loopback, all.end());
  EXPECT_EQ(loopback->kind, InterfaceKind::loopback);
  EXPECT_NE(loopback->index, 0u);
}

TEST(Interfaces, TellTheirKindByTheirName) {
  EXPECT_EQ(kindByName("eth0"), InterfaceKind::ethernet);
  EXPECT_EQ(kindByName("enp3s0"), InterfaceKind::ethernet);
  EXPECT_EQ(kindByName("wlp2s0"), InterfaceKind::wifi);
  EXPECT_EQ(kindByName("wwan0"), InterfaceKind::cellular);
  EXPECT_EQ(kindByName("wg1"), InterfaceKind::vpn);
  EXPECT_EQ(kindByName("br-42"), InterfaceKind::unknown);
}

TEST(Resolver, MayGoWhileItsQuestionsAreOpen) {
  Resolver resolver([](ResolveId, std::vector<IpAddress>) {});
  for (std::uint64_t i = 0; i < 20; ++i) resolver.ask(ResolveId{i}, "localhost");
  resolver.cancel(ResolveId{19});
}

}  // namespace
}  // namespace parley::runtime
