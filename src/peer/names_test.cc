#include "parley/names.h"

#include <gtest/gtest.h>

#include <set>

namespace parley {
namespace {

// Every enumerator from 0 to `last` has a name of its own that leads back to it.
template <class Enum>
void expectBothWays(Enum last) {
  std::set<std::string_view> seen;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Enum>(i);
    EXPECT_FALSE(toString(value).empty()) << i;
    EXPECT_EQ(parse<Enum>(toString(value)), value) << toString(value);
    seen.insert(toString(value));
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(last) + 1);
  EXPECT_EQ(toString(static_cast<Enum>(static_cast<int>(last) + 1)), "");
  EXPECT_FALSE(parse<Enum>(""));
  EXPECT_FALSE(parse<Enum>("nonsense"));
}

TEST(Names, GoBothWaysForEveryEnumerator) {
  expectBothWays(RTCIceTransportPolicy::all);
  expectBothWays(RTCBundlePolicy::maxBundle);
  expectBothWays(RTCRtcpMuxPolicy::require);
  expectBothWays(TcpCandidates::all);
  expectBothWays(RTCSdpType::rollback);
  expectBothWays(RTCIceComponent::rtcp);
  expectBothWays(RTCIceProtocol::tcp);
  expectBothWays(RTCIceTcpCandidateType::so);
  expectBothWays(RTCIceCandidateType::relay);
  expectBothWays(RTCIceServerTransportProtocol::tls);
  expectBothWays(RTCErrorDetailType::hardwareEncoderError);
  expectBothWays(RTCDataChannelState::closed);
  expectBothWays(RTCPriorityType::high);
  expectBothWays(BinaryType::arraybuffer);
  expectBothWays(RTCIceTransportState::connected);
  expectBothWays(RTCIceGathererState::complete);
  expectBothWays(RTCIceRole::controlled);
  expectBothWays(RTCDtlsTransportState::failed);
  expectBothWays(DtlsCloseReason::remote);
  expectBothWays(RTCSctpTransportState::closed);
  expectBothWays(RTCSignalingState::closed);
  expectBothWays(RTCIceGatheringState::complete);
  expectBothWays(RTCPeerConnectionState::connected);
  expectBothWays(RTCIceConnectionState::connected);
  expectBothWays(Proxy::Kind::socks5);
}

TEST(Names, AreThoseOfW3C) {
  EXPECT_EQ(toString(RTCSignalingState::haveRemotePranswer), "have-remote-pranswer");
  EXPECT_EQ(toString(RTCBundlePolicy::maxCompat), "max-compat");
  EXPECT_EQ(toString(RTCErrorDetailType::sdpSyntaxError), "sdp-syntax-error");
  EXPECT_EQ(toString(RTCPriorityType::veryLow), "very-low");
  EXPECT_EQ(parse<RTCIceTransportState>("new"), RTCIceTransportState::new_);
}

}  // namespace
}  // namespace parley
