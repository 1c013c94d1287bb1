#include "jsep/bundle.h"

#include <gtest/gtest.h>

#include "jsep/test_peer.h"

namespace parley::jsep {
namespace {

using namespace test;

TEST(Bundle, TheFirstLiveMemberCarriesTheOthers) {
  sdp::SessionDescription description = parsed(mediaOffer("a=group:BUNDLE 1 2\r\n"));
  EXPECT_EQ(carrierOf(description, 0), 0u);
  EXPECT_EQ(carrierOf(description, 1), 1u);
  EXPECT_EQ(carrierOf(description, 2), 1u);
  EXPECT_EQ(bundleOf(description, 0), nullptr);
  description.media[1].port = 0;
  EXPECT_EQ(carrierOf(description, 2), 2u);
}

TEST(Bundle, OtherGroupsAreNotBundles) {
  const sdp::SessionDescription description = parsed(mediaOffer("a=group:LS 0 1 2\r\n"));
  EXPECT_EQ(carrierOf(description, 2), 2u);
}

TEST(Bundle, PortZeroIsDeadUnlessBundleOnly) {
  sdp::SessionDescription description = parsed(mediaOffer());
  description.media[2].port = 0;
  EXPECT_FALSE(isAlive(description, 2));
  description.media[2].bundleOnly = true;
  EXPECT_TRUE(isAlive(description, 2));
  description.groups.clear();
  EXPECT_FALSE(isAlive(description, 2));
}

TEST(Bundle, ASilentMemberSpeaksThroughItsCarrier) {
  sdp::SessionDescription description = parsed(mediaOffer());
  static_cast<sdp::TransportAttributes&>(description.media[2]) = {};
  const sdp::TransportAttributes transport = transportOf(description, 2);
  EXPECT_EQ(transport.iceUfrag, "remo");
  EXPECT_EQ(transport.fingerprints.size(), 1u);
  EXPECT_EQ(transport.setup, sdp::Setup::actpass);
  description.media[2].iceUfrag = "mine";
  description.media[2].icePassword = "minepasswordminepassword";
  EXPECT_EQ(transportOf(description, 2).iceUfrag, "mine");
}

}  // namespace
}  // namespace parley::jsep
