#include "server/peer_policy.h"

#include <gtest/gtest.h>

namespace parley::server {
namespace {

bool allows(const PeerPolicy& policy, std::string_view text) {
  return policy.allows(IpAddress::parse(text).value());
}

TEST(PeerPolicy, T10RefusesWhatMeansTheServerItselfOrItsLinkInEveryForm) {
  const PeerPolicy policy;
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "127.0.0.1",
                           "127.255.0.9",
                           "169.254.169.254",
                           "224.0.0.1",
                           "239.1.2.3",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:0.0.0.0",
                           "::ffff:169.254.1.1",
                           "::ffff:224.0.0.1",
                           "::127.0.0.1",
                           "64:ff9b::127.0.0.1",
                           "64:ff9b::169.254.169.254",
                           "64:ff9b::",
                           "2002:7f00:1::1",
                           "2002:a9fe:a9fe::"})
    EXPECT_FALSE(allows(policy, text)) << text;
}

TEST(PeerPolicy, AllowsTheRest) {
  const PeerPolicy policy;
  for (const char* text : {"192.0.2.1", "10.0.0.1", "223.255.255.255", "2001:db8::1", "fd00::1",
                           "::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1"})
    EXPECT_TRUE(allows(policy, text)) << text;
}

TEST(PeerPolicy, RefusesPrivateAddressesWhereToldSo) {
  const PeerPolicy policy{.allowsPrivate = false};
  for (const char* text : {"10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1",
                           "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"})
    EXPECT_FALSE(allows(policy, text)) << text;
  EXPECT_TRUE(allows(policy, "192.0.2.1"));
}

TEST(PeerPolicy, AllowsLoopbackForTestsOnly) {
  const PeerPolicy policy{.allowsLoopback = true};
  EXPECT_TRUE(allows(policy, "127.0.0.1"));
  EXPECT_TRUE(allows(policy, "::1"));
  EXPECT_FALSE(allows(policy, "0.0.0.0"));
}

TEST(PeerPolicy, T10TheServersOwnAddressIsAPeerOnlyWhereARelayIs) {
  const std::array own{*IpAddress::parse("192.0.2.9")};
  const Address ssh{own[0], 22}, elsewhere{*IpAddress::parse("192.0.2.1"), 22};
  PeerPolicy policy;
  EXPECT_FALSE(policy.allows(ssh, own, false));
  EXPECT_TRUE(policy.allows(ssh, own, true));
  EXPECT_TRUE(policy.allows(elsewhere, own, false));
  EXPECT_FALSE(policy.allows({elsewhere.ip, 0}, own, false)) << "no port";
  policy.allowsOwn = true;
  EXPECT_TRUE(policy.allows(ssh, own, false));
}

}  // namespace
}  // namespace parley::server
