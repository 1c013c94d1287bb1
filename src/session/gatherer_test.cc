#include "session/gatherer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "session/test_host.h"

namespace parley::session {
namespace {

struct Nobody final : Host::Guest {
  void onDatagram(Step&, Datagram) override {}
  void onTimer(Step&) override {}
  void onStepEnd(Step&) override {}
};

struct GathererTest : testing::Test {
  test::Net net;
  test::TestHost host{net, {}};
  Nobody owner;
  GatherConfig config;

  GathererTest() { host.enter(owner); }

  std::vector<LocalSocket> open(std::span<const LocalSocket> held = {}) {
    return Gatherer(host, owner, config).open(host.step(), held);
  }
  std::vector<std::string> addresses() {
    std::vector<std::string> texts;
    for (const LocalSocket& socket : open()) texts.push_back(socket.local.ip.toString());
    return texts;
  }
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(GathererTest, OpensOneSocketPerAddressRankedByTheKindOfItsInterface) {
  host.addInterface("10.8.0.1", InterfaceKind::vpn);
  host.addInterface("192.168.1.2", InterfaceKind::wifi);
  host.addInterface("100.64.0.9", InterfaceKind::cellular);
  host.addInterface("192.168.1.3", InterfaceKind::ethernet);
  host.addInterface("2001:db8::1", InterfaceKind::wifi);
  const auto sockets = open();
  ASSERT_EQ(sockets.size(), 5u);
  EXPECT_EQ(sockets[0].local.ip.toString(), "192.168.1.3");
  EXPECT_EQ(sockets[1].local.ip.toString(), "192.168.1.2");
  EXPECT_EQ(sockets[2].local.ip.toString(), "2001:db8::1");
  EXPECT_EQ(sockets[3].local.ip.toString(), "100.64.0.9");
  EXPECT_EQ(sockets[4].local.ip.toString(), "10.8.0.1");
  for (unsigned i = 0; i < sockets.size(); ++i) EXPECT_EQ(sockets[i].rank, i);
  EXPECT_EQ(host.sockets.size(), 5u);
}

TEST_F(GathererTest, UsesLoopbackOnlyAsTheLastResort) {
  host.addInterface("127.0.0.1", InterfaceKind::loopback);
  host.addInterface("::1", InterfaceKind::loopback);
  EXPECT_THAT(addresses(), ElementsAre("127.0.0.1", "::1"));
  host.addInterface("192.168.1.2");
  EXPECT_THAT(addresses(), ElementsAre("192.168.1.2"));
}

TEST_F(GathererTest, PutsLoopbackLastWhenItIsAskedFor) {
  host.addInterface("127.0.0.1", InterfaceKind::ethernet);  // whatever the system calls it
  host.addInterface("10.8.0.1", InterfaceKind::vpn);
  config.includeLoopback = true;
  EXPECT_THAT(addresses(), ElementsAre("10.8.0.1", "127.0.0.1"));
}

TEST_F(GathererTest, LeavesOutLinkLocalAddressesUnlessAsked) {
  host.addInterface("fe80::1");
  host.addInterface("169.254.3.4");
  host.addInterface("192.168.1.2");
  EXPECT_THAT(addresses(), ElementsAre("192.168.1.2"));
  config.includeLinkLocal = true;
  EXPECT_THAT(addresses(), ElementsAre("fe80::1", "169.254.3.4", "192.168.1.2"));
}

TEST_F(GathererTest, LoopbackDoesNotStepInForAnAddressThatIsMerelyUnwanted) {
  host.addInterface("127.0.0.1", InterfaceKind::loopback);
  host.addInterface("192.168.1.2");
  config.interfaces = {"if1"};
  EXPECT_THAT(addresses(), ElementsAre("192.168.1.2"));
  config.interfaces = {"no such interface"};
  EXPECT_THAT(addresses(), IsEmpty());
}

TEST_F(GathererTest, LeavesOutIpv6WhenToldTo) {
  host.addInterface("2001:db8::1");
  host.addInterface("192.168.1.2");
  config.ipv6 = false;
  EXPECT_THAT(addresses(), ElementsAre("192.168.1.2"));
}

TEST_F(GathererTest, AsksTheFilterOfEveryAddressThatTheSettingsLeave) {
  host.addInterface("192.168.1.2");
  host.addInterface("10.0.0.2");
  host.addInterface("fe80::1");
  std::vector<std::string> asked;
  config.filter = [&](const std::string& interface, const IpAddress& address) {
    asked.push_back(interface + " " + address.toString());
    return interface != "if0";
  };
  EXPECT_THAT(addresses(), ElementsAre("10.0.0.2"));
  EXPECT_THAT(asked, ElementsAre("if0 192.168.1.2", "if1 10.0.0.2"));
  ASSERT_EQ(host.opens.size(), 1u);
}

TEST_F(GathererTest, LoopbackDoesNotStepInForAnAddressThatTheFilterRefuses) {
  host.addInterface("127.0.0.1", InterfaceKind::loopback);
  host.addInterface("192.168.1.2");
  config.filter = [](const std::string&, const IpAddress& address) { return address.isLoopback(); };
  EXPECT_THAT(addresses(), IsEmpty());
}

TEST_F(GathererTest, NeverUsesAnAddressThatIsNone) {
  for (const char* address : {"0.0.0.0", "::", "224.0.0.1", "ff02::1", "::ffff:192.0.2.1"})
    host.addInterface(address);
  EXPECT_THAT(addresses(), IsEmpty());
  EXPECT_THAT(host.opens, IsEmpty());
}

TEST_F(GathererTest, OpensAnAddressOnceHoweverManyInterfacesHaveIt) {
  host.addInterface("192.168.1.2");
  host.addInterface("192.168.1.2");
  EXPECT_THAT(addresses(), ElementsAre("192.168.1.2"));
}

TEST_F(GathererTest, StopsAtTheLimitOfCandidates) {
  for (int i = 1; i <= 100; ++i) host.addInterface("10.0.0." + std::to_string(i));
  EXPECT_EQ(open().size(), limits::ice::kLocalCandidates);
}

TEST_F(GathererTest, AnnouncesWhatAOneToOneNatMakesOfTheAddress) {
  host.addInterface("10.0.0.1");
  host.addInterface("10.0.0.2");
  config.addressMappings = {{*IpAddress::parse("10.0.0.1"), *IpAddress::parse("203.0.113.1")}};
  const auto sockets = open();
  ASSERT_EQ(sockets.size(), 2u);
  EXPECT_EQ(sockets[0].local.ip.toString(), "10.0.0.1");
  EXPECT_EQ(sockets[0].announced.ip.toString(), "203.0.113.1");
  EXPECT_EQ(sockets[0].announced.port, sockets[0].local.port);
  EXPECT_EQ(sockets[1].announced, sockets[1].local);
}

TEST_F(GathererTest, AsksForPortsOfTheRangeOnly) {
  host.addInterface("192.168.1.2");
  config.portMin = 40'000;
  config.portMax = 40'010;
  open();
  ASSERT_EQ(host.opens.size(), 1u);
  EXPECT_EQ(host.opens[0].portMin, 40'000);
  EXPECT_EQ(host.opens[0].portMax, 40'010);
}

TEST_F(GathererTest, LeavesOutWhatCannotBeOpened) {
  host.addInterface("192.168.1.2");
  host.addInterface("192.168.1.3");
  host.failOpen = [](const UdpOptions& options) {
    return options.local == *IpAddress::parse("192.168.1.2");
  };
  const auto sockets = open();
  ASSERT_EQ(sockets.size(), 1u);
  EXPECT_EQ(sockets[0].local.ip.toString(), "192.168.1.3");
  EXPECT_EQ(sockets[0].rank, 0u);
}

TEST_F(GathererTest, TellsNoAddressOfOursWhenOnlyRelaysAreAllowed) {  // I-9
  host.addInterface("192.168.1.2");
  config.relayOnly = true;
  EXPECT_THAT(addresses(), IsEmpty());
  EXPECT_THAT(host.opens, IsEmpty());
}

TEST_F(GathererTest, KeepsSocketsOfAddressesThatStayedAndOpensOnlyNewOnes) {
  host.addInterface("192.168.1.2", InterfaceKind::wifi);
  host.addInterface("192.168.1.3", InterfaceKind::wifi);
  const auto before = open();
  host.interfaceList.erase(host.interfaceList.begin());
  host.addInterface("192.168.1.4", InterfaceKind::ethernet);
  host.opens.clear();
  const auto after = open(before);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0].local.ip.toString(), "192.168.1.4");
  EXPECT_EQ(after[1].socket, before[1].socket);
  EXPECT_EQ(after[1].rank, 1u) << "ranked anew";
  EXPECT_EQ(host.opens.size(), 1u);
}

}  // namespace
}  // namespace parley::session
