#include "runtime/mdns_service.h"

#include <boost/asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <map>

#include "core/local_name.h"
#include "runtime/clock.h"
#include "runtime/mdns_socket.h"

namespace parley::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Whether this machine carries multicast at all, to itself: some sandboxes do not.
bool hasMulticast() {
  static const bool is = [] {
    auto socket = MdnsSocket::open(IpAddress::Family::v4, MdnsSocket::Port::ours);
    if (!socket) return false;
    for (const LinkNetwork& network : listLinks())
      if (network.address.isV4()) socket->join(network.interface);
    socket->sendToGroup(bytesOf("probe"));
    pollfd one{socket->descriptor(), POLLIN, 0};
    return ::poll(&one, 1, 2'000) == 1;
  }();
  return is;
}

struct MdnsServiceTest : testing::Test {
  boost::asio::io_context context;
  std::map<std::uint64_t, std::vector<IpAddress>> answers;
  MdnsService::Answered note = [this](ResolveId request, std::vector<IpAddress> found) {
    answers[request.value] = std::move(found);
  };
  MdnsService alice{context, note}, bob{context, note};
  const IpAddress address = *IpAddress::parse("10.9.8.7");
  // Fresh ones, for whatever else is on the link.
  const std::string name = makeName();

  static std::string makeName() {
    struct Clocked final : Secrets {
      void fill(MutableBytes bytes) override {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.u32());
      }
      Random random{static_cast<std::uint64_t>(readClock().now.time_since_epoch().count())};
    } secrets;
    return makeCandidateName(secrets);
  }
  bool runUntil(const std::function<bool()>& condition) {
    const Instant end = readClock().now + 20s;
    while (!condition() && readClock().now < end) context.run_one_for(std::chrono::seconds(20));
    return condition();
  }
};

TEST_F(MdnsServiceTest, HasNoSocketsBeforeItIsNeededAndNoneAfterwards) {
  EXPECT_EQ(alice.sockets(), 0u);
  alice.publish(name, address);
  EXPECT_GT(alice.sockets(), 0u);
  alice.withdraw(name);
  EXPECT_EQ(alice.sockets(), 0u);
  alice.ask(ResolveId{1}, name);
  EXPECT_GT(alice.sockets(), 0u);
  alice.cancel(ResolveId{1});
  EXPECT_EQ(alice.sockets(), 0u);
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(MdnsServiceTest, FailsAtOnceForWhatIsNoNameOfACandidate) {
  alice.ask(ResolveId{1}, "printer.office.local");
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(alice.sockets(), 0u);
}

TEST_F(MdnsServiceTest, FindsWhatAnotherOnThisMachinePublishes) {
  if (!hasMulticast()) GTEST_SKIP() << "multicast does not come back to this machine";
  bob.publish(name, address);
  alice.ask(ResolveId{1}, name);
  ASSERT_TRUE(runUntil([&] { return answers.contains(1); }));
  EXPECT_THAT(answers[1], ElementsAre(address));
  EXPECT_EQ(alice.sockets(), 0u);
  bob.withdraw(name);
  EXPECT_EQ(bob.sockets(), 0u);
}

TEST_F(MdnsServiceTest, MayGoWhileItsQuestionsAreOpen) {
  {
    MdnsService gone(context, note);
    gone.publish(name, address);
    gone.ask(ResolveId{1}, makeName());
  }
  context.poll();
  EXPECT_THAT(answers, IsEmpty());
}

TEST(Links, AreWhatCanBeReachedWithoutARouter) {
  const auto ip = [](std::string_view text) { return *IpAddress::parse(text); };
  const std::vector<LinkNetwork> links = {{1, ip("192.168.4.7"), ip("255.255.255.0")},
                                          {1, ip("fd00:1::7"), ip("ffff:ffff:ffff:ffff::")}};
  EXPECT_TRUE(isOnLink(links, ip("192.168.4.200")));
  EXPECT_FALSE(isOnLink(links, ip("192.168.5.7")));
  EXPECT_FALSE(isOnLink(links, ip("203.0.113.5")));
  EXPECT_TRUE(isOnLink(links, ip("fd00:1::99")));
  EXPECT_FALSE(isOnLink(links, ip("fd00:2::99")));
  EXPECT_TRUE(isOnLink(links, ip("fe80::5")));
  EXPECT_FALSE(isOnLink({}, ip("10.0.0.1")));
}

TEST(Links, OfThisMachineHoldItsOwnAddresses) {
  const auto links = listLinks();
  if (links.empty()) GTEST_SKIP() << "no interface is up";
  for (const LinkNetwork& network : links) EXPECT_TRUE(isOnLink(links, network.address));
}

}  // namespace
}  // namespace parley::runtime
