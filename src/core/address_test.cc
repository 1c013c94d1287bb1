#include "core/address.h"

namespace parley {
namespace {

std::string roundTrip(std::string_view text) {
  const auto ip = IpAddress::parse(text);
  return ip ? ip->toString() : "refused";
}

TEST(IpAddress, WritesRfc5952Text) {
  EXPECT_EQ(roundTrip("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(roundTrip("::"), "::");
  EXPECT_EQ(roundTrip("::1"), "::1");
  EXPECT_EQ(roundTrip("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(roundTrip("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");  // one group stays
  EXPECT_EQ(roundTrip("2001:0:0:1:0:0:0:1"), "2001:0:0:1::1");           // the longer run
  EXPECT_EQ(roundTrip("fe80::"), "fe80::");
  EXPECT_EQ(roundTrip("::ffff:192.0.2.1"), "::ffff:192.0.2.1");
  EXPECT_EQ(roundTrip("64:ff9b::192.0.2.33"), "64:ff9b::c000:221");
}

TEST(IpAddress, RefusesWhatIsNotAnAddress) {
  for (const char* text : {"",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "1.2.3.04",
                           "1.2.3.",
                           ".1.2.3",
                           "1.2.3.4 ",
                           "::1::",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "12345::",
                           ":1",
                           "1:",
                           "1:2:3:4:5:6:7:",
                           "::g",
                           "1::2:3:4:5:6:7:8",
                           "::1.2.3",
                           "1.2.3.4::",
                           "example.org",
                           "fe80::1%eth0",
                           "0x7f.1.1.1"})
    EXPECT_EQ(roundTrip(text), "refused") << text;
}

TEST(IpAddress, KnowsItsKind) {
  EXPECT_TRUE(IpAddress::parse("127.8.9.1")->isLoopback());
  EXPECT_TRUE(IpAddress::parse("::1")->isLoopback());
  EXPECT_TRUE(IpAddress::parse("::ffff:127.0.0.1")->isLoopback());
  EXPECT_FALSE(IpAddress::parse("::2")->isLoopback());
  EXPECT_TRUE(IpAddress::parse("169.254.1.1")->isLinkLocal());
  EXPECT_TRUE(IpAddress::parse("febf::1")->isLinkLocal());
  EXPECT_TRUE(IpAddress::parse("172.31.0.1")->isPrivate());
  EXPECT_FALSE(IpAddress::parse("172.32.0.1")->isPrivate());
  EXPECT_TRUE(IpAddress::parse("fd00::1")->isPrivate());
  EXPECT_TRUE(IpAddress::parse("ff02::fb")->isMulticast());
  EXPECT_TRUE(IpAddress::parse("::")->isUnspecified());
}

TEST(Address, ParsesAndWritesPorts) {
  EXPECT_EQ(Address::parse("192.0.2.1:80")->toString(), "192.0.2.1:80");
  EXPECT_EQ(Address::parse("[::1]:65535")->toString(), "[::1]:65535");
  for (const char* text : {"192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "::1:80", "[192.0.2.1]:8"})
    EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(Address, HashesDifferentlyUnderAnotherSeed) {
  const Address address = *Address::parse("192.0.2.1:80");
  EXPECT_EQ(hashOf(address, 1), hashOf(address, 1));
  EXPECT_NE(hashOf(address, 1), hashOf(address, 2));
  EXPECT_NE(hashOf(address, 1), hashOf(*Address::parse("192.0.2.1:81"), 1));
}

}  // namespace
}  // namespace parley
