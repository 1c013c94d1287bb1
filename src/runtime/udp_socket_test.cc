#include "runtime/udp_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "runtime/descriptor.h"
#include "runtime/socket_address.h"

namespace parley::runtime {
namespace {

const IpAddress kLoopback4 = *IpAddress::parse("127.0.0.1");
const IpAddress kLoopback6 = *IpAddress::parse("::1");

struct UdpSocketTest : testing::Test {
  Random random{5};
  Result<UdpSocket, OpenError> open(const UdpOptions& options) {
    return UdpSocket::open(options, {}, random);
  }
};

TEST_F(UdpSocketTest, OpensOnAnyPortNonBlockingAndNotInherited) {
  const auto socket = open({.local = kLoopback4});
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->local().ip, kLoopback4);
  EXPECT_NE(socket->local().port, 0);
  EXPECT_TRUE(::fcntl(socket->descriptor(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(socket->descriptor(), F_GETFD) & FD_CLOEXEC);
}

TEST_F(UdpSocketTest, TriesEveryPortOfARangeOnceAndThenSaysThatItIsInUse) {
  // Whether others use ports of the range is not ours to know; what we hold is.
  std::vector<UdpSocket> held;
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 9; ++i) {
    auto socket = open({kLoopback4, 39'210, 39'217});
    if (!socket) {
      EXPECT_EQ(socket.error(), OpenError::addressInUse);
      break;
    }
    EXPECT_GE(socket->local().port, 39'210);
    EXPECT_LE(socket->local().port, 39'217);
    EXPECT_TRUE(ports.insert(socket->local().port).second);
    held.push_back(std::move(*socket));
  }
  EXPECT_LE(held.size(), 8u);
  EXPECT_GE(held.size(), 1u);
  EXPECT_EQ(open({kLoopback4, 39'210, 39'217}).error(), OpenError::addressInUse);
}

TEST_F(UdpSocketTest, ChoosesPortsOfARangeInNoFixedOrder) {
  std::set<std::uint16_t> first;
  for (int i = 0; i < 20; ++i) {
    if (const auto socket = open({kLoopback4, 39'300, 39'399})) first.insert(socket->local().port);
  }
  EXPECT_GT(first.size(), 5u);
}

TEST_F(UdpSocketTest, RefusesAnAddressThatIsNotOursAndARangeThatIsNone) {
  EXPECT_EQ(open({.local = *IpAddress::parse("192.0.2.1")}).error(),
            OpenError::addressNotAvailable);
  EXPECT_EQ(open({kLoopback4, 40'001, 40'000}).error(), OpenError::addressNotAvailable);
}

TEST_F(UdpSocketTest, AV6SocketLeavesThePortOfTheSameNumberToV4) {
  const auto v6 = open({.local = IpAddress::v6({})});
  if (!v6) GTEST_SKIP() << "no IPv6 here";
  const std::uint16_t port = v6->local().port;
  const auto v4 = open({IpAddress::v4({}), port, port});
  EXPECT_TRUE(v4);
}

TEST(OpenErrors, SayWhatTheUserCanDoAboutThem) {
  EXPECT_EQ(openErrorOf(EMFILE), OpenError::outOfResources);
  EXPECT_EQ(openErrorOf(ENFILE), OpenError::outOfResources);
  EXPECT_EQ(openErrorOf(EACCES), OpenError::permissionDenied);
  EXPECT_EQ(openErrorOf(EADDRINUSE), OpenError::addressInUse);
  EXPECT_EQ(openErrorOf(EAFNOSUPPORT), OpenError::unsupported);
}

TEST(SocketAddress, GoesToTheSystemAndBack) {
  for (const char* text : {"192.0.2.7:443", "[2001:db8::5]:1", "[::]:0", "0.0.0.0:65535"}) {
    const Address address = *Address::parse(text);
    EXPECT_EQ(SocketAddress(address).toAddress(), address) << text;
  }
  EXPECT_EQ(SocketAddress().toAddress(), Address{});
}

TEST(SocketAddress, KeepsTheZoneOfLinkLocalAddressesOnly) {
  std::array<std::uint8_t, 16> bytes{0xfe, 0x80};
  bytes[15] = 1;
  const Address local{IpAddress::v6(bytes, 3), 9};
  EXPECT_EQ(SocketAddress(local).toAddress(), local);
  bytes[0] = 0x20;
  const Address global{IpAddress::v6(bytes, 3), 9};
  EXPECT_EQ(SocketAddress(global).toAddress().ip.scope(), 0u);
}

}  // namespace
}  // namespace parley::runtime
