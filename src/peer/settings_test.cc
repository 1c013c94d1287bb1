#include "peer/settings.h"

#include <gmock/gmock.h>

#include "core/limits.h"
#include "parley/certificate.h"
#include "peer/test_peer.h"

namespace parley::peer {
namespace {

using testing::FakeRealm;
using testing::nameThrownBy;
using testing::negotiate;
using testing::TestPeer;

std::shared_ptr<RTCCertificate> certificate(std::int64_t madeAt = FakeRealm::kWall) {
  crypto::SystemSecrets secrets;
  return std::make_shared<RTCCertificate>(crypto::Identity::generate(secrets, madeAt).value());
}

std::string constructorThrows(RTCConfiguration configuration, Tuning tuning = {}) {
  return nameThrownBy([&] { TestPeer peer(1, configuration, tuning); });
}

std::string tuningThrows(void (*adjust)(Tuning&)) {
  Tuning tuning;
  adjust(tuning);
  return constructorThrows({}, tuning);
}

RTCConfiguration with(std::vector<RTCIceServer> servers) {
  RTCConfiguration configuration;
  configuration.iceServers = std::move(servers);
  return configuration;
}

// --- the constructor

TEST(Settings, ServersAreRefusedByTheNamesOfW3C) {
  EXPECT_EQ(constructorThrows(with({{{"stun:example.org"}, {}, {}}})), "");
  EXPECT_EQ(constructorThrows(with({{{"turn:example.org"}, "user", "secret"}})), "");
  EXPECT_EQ(constructorThrows(with({{{}, {}, {}}})), "SyntaxError");
  EXPECT_EQ(constructorThrows(with({{{"http://example.org"}, {}, {}}})), "SyntaxError");
  EXPECT_EQ(constructorThrows(with({{{"stun:a", "stun:a/b"}, {}, {}}})), "SyntaxError");
  EXPECT_EQ(constructorThrows(with({{{"turn:example.org"}, {}, "secret"}})), "InvalidAccessError");
  EXPECT_EQ(constructorThrows(with({{{"turn:example.org"}, "user", {}}})), "InvalidAccessError");
}

TEST(Settings, ServersBeyondWhatIsSupportedAreCutOffUnseen) {
  RTCConfiguration configuration;
  for (std::size_t i = 0; i < limits::ice::kServers; ++i)
    configuration.iceServers.push_back({{"stun:example.org"}, {}, {}});
  configuration.iceServers.push_back({{"nonsense"}, {}, {}});
  TestPeer peer(1, configuration);
  EXPECT_EQ(peer.pc->getConfiguration().iceServers.size(), limits::ice::kServers);
}

TEST(Settings, ACertificateMustBeThereAndLiveStill) {
  RTCConfiguration configuration;
  configuration.certificates = {certificate()};
  EXPECT_EQ(constructorThrows(configuration), "");
  configuration.certificates = {certificate(), certificate(0)};  // made in 1970
  EXPECT_EQ(constructorThrows(configuration), "InvalidAccessError");
  configuration.certificates = {nullptr};
  EXPECT_EQ(constructorThrows(configuration), "TypeError");
}

TEST(Settings, TheCertificateIsTheOneThatIsAnnounced) {
  RTCConfiguration configuration;
  configuration.certificates = {certificate()};
  TestPeer peer(1, configuration);
  peer.makeChannel("x");
  peer.settle(peer.pc->setLocalDescription());
  const auto identity = configuration.certificates[0]->identity();
  EXPECT_EQ(peer.engine().config.identity, identity);
  EXPECT_THAT(peer.pc->localDescription()->sdp,
              ::testing::HasSubstr(identity->fingerprint().hex()));
}

// A public header cannot name the limits; its defaults are them all the same.
TEST(Settings, TheDefaultsOfTheTuningAreTheLimits) {
  const Tuning tuning;
  EXPECT_EQ(tuning.maxMessageSize, limits::sctp::kMessageMax);
  EXPECT_EQ(tuning.receiveWindow, limits::sctp::kReceiveWindow);
  EXPECT_EQ(tuning.sendBufferPerChannel, limits::channel::kSendBufferPerChannel);
  EXPECT_EQ(tuning.sendBufferPerConnection, limits::channel::kSendBufferPerConnection);
  EXPECT_EQ(tuning.tail, limits::loop::kTail);
}

TEST(Settings, ATuningThatContradictsItselfIsATypeError) {
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.portMin = 2, t.portMax = 1; }), "TypeError");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.portMin = 1, t.portMax = 1; }), "");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.maxMessageSize = 0; }), "TypeError");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.maxMessageSize = 64u << 20; }), "");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.maxMessageSize = (64u << 20) + 1; }), "TypeError");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.tail = std::chrono::milliseconds(-1); }), "TypeError");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.addressMappings = {{"10.0.0.1", "example.org"}}; }),
            "TypeError");
  EXPECT_EQ(tuningThrows([](Tuning& t) { t.addressMappings = {{"10.0.0.1", "2001:db8::1"}}; }),
            "TypeError");
}

TEST(Settings, AllOfThemReachTheSession) {
  RTCConfiguration configuration;
  configuration.iceTransportPolicy = RTCIceTransportPolicy::relay;
  Tuning tuning;
  tuning.portMin = 10;
  tuning.portMax = 20;
  tuning.interfaces = {"eth0"};
  tuning.includeLoopback = tuning.includeLinkLocal = true;
  tuning.ipv6 = false;
  tuning.addressMappings = {{"10.0.0.1", "192.0.2.1"}};
  tuning.maxMessageSize = 1'000;
  tuning.receiveWindow = 2'000;
  tuning.tail = std::chrono::milliseconds(3);
  const session::Config config = sessionConfig(configuration, tuning, FakeRealm::sharedIdentity());
  EXPECT_EQ(config.gather.portMin, 10);
  EXPECT_EQ(config.gather.portMax, 20);
  EXPECT_EQ(config.gather.interfaces, tuning.interfaces);
  EXPECT_TRUE(config.gather.includeLoopback);
  EXPECT_TRUE(config.gather.includeLinkLocal);
  EXPECT_FALSE(config.gather.ipv6);
  EXPECT_TRUE(config.gather.relayOnly);
  ASSERT_EQ(config.gather.addressMappings.size(), 1u);
  EXPECT_EQ(config.gather.addressMappings[0].second.toString(), "192.0.2.1");
  EXPECT_EQ(config.messageMax, 1'000u);
  EXPECT_EQ(config.receiveWindow, 2'000u);
  EXPECT_EQ(config.tail, std::chrono::milliseconds(3));
  EXPECT_EQ(config.identity, FakeRealm::sharedIdentity());
}

TEST(Settings, WhatIsGatheredReachesTheSession) {
  Tuning tuning;
  tuning.addressFilter = [](const LocalAddress& one) {
    return one.interface == "eth0" && one.address == "192.0.2.1";
  };
  tuning.hideAddresses = tuning.ipv6Relays = true;
  tuning.gatherContinually = false;
  tuning.turnProxy = {Proxy::Kind::socks5, "proxy.example", 1'080, "ann", "secret"};
  const session::GatherConfig gather = sessionConfig({}, tuning, nullptr).gather;
  EXPECT_TRUE(gather.filter("eth0", *IpAddress::parse("192.0.2.1")));
  EXPECT_FALSE(gather.filter("eth1", *IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(gather.hideAddresses);
  EXPECT_TRUE(gather.ipv6Relays);
  EXPECT_FALSE(gather.gatherContinually);
  EXPECT_EQ(gather.tcp, session::TcpGathering::active);
  tuning.tcpCandidates = TcpCandidates::all;
  EXPECT_EQ(sessionConfig({}, tuning, nullptr).gather.tcp, session::TcpGathering::all);
  tuning.tcpCandidates = TcpCandidates::none;
  EXPECT_EQ(sessionConfig({}, tuning, nullptr).gather.tcp, session::TcpGathering::none);
  ASSERT_TRUE(gather.turnProxy);
  EXPECT_EQ(gather.turnProxy->kind, turn::ProxyConfig::Kind::socks5);
  EXPECT_EQ(gather.turnProxy->host, "proxy.example");
  EXPECT_EQ(gather.turnProxy->port, 1'080);
  EXPECT_EQ(gather.turnProxy->username, "ann");
  EXPECT_EQ(gather.turnProxy->password, "secret");
}

TEST(Settings, AProxyThatCannotBeAskedIsRefused) {
  const auto thrown = [](const Proxy& proxy) {
    return nameThrownBy([&] { validate(Tuning{.turnProxy = proxy}); });
  };
  constexpr auto kHttp = Proxy::Kind::http;
  constexpr auto kSocks = Proxy::Kind::socks5;
  const std::string longest(255, 'x');
  for (const Proxy& good : {Proxy{kHttp, "p", 1}, Proxy{kHttp, "p", 1, "ann"},
                            Proxy{kHttp, "p", 1, longest + 'x', "a:b"}, Proxy{kSocks, "p", 1},
                            Proxy{kSocks, "p", 1, longest, longest}})
    EXPECT_EQ(thrown(good), "");
  for (const Proxy& bad :
       {Proxy{kHttp, "", 1}, Proxy{kHttp, "p", 0}, Proxy{kHttp, "p", 1, "", "secret"},
        Proxy{kHttp, "p", 1, "a:b", "secret"}, Proxy{kHttp, "p", 1, "a\nb", "secret"},
        Proxy{kHttp, "p", 1, "ann", "sec\rret"}, Proxy{kSocks, "p", 1, "ann"},
        Proxy{kSocks, "p", 1, longest + 'x', "secret"},
        Proxy{kSocks, "p", 1, "ann", longest + 'x'}})
    EXPECT_EQ(thrown(bad), "TypeError") << bad.username << ' ' << bad.password;
}

// --- setConfiguration

struct SetConfiguration : ::testing::Test {
  template <class Adjust>
  std::string throws(Adjust adjust) {
    RTCConfiguration configuration = a.pc->getConfiguration();
    adjust(configuration);
    return nameThrownBy([&] { a.pc->setConfiguration(configuration); });
  }
  void setPolicy(RTCIceTransportPolicy policy) {
    EXPECT_EQ(throws([=](RTCConfiguration& c) { c.iceTransportPolicy = policy; }), "");
  }
  TestPeer a{1}, b{2};
};

TEST_F(SetConfiguration, RefusesWhatMayNotChange) {
  EXPECT_EQ(throws([](RTCConfiguration&) {}), "");
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.certificates = {certificate()}; }),
            "InvalidModificationError");
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.bundlePolicy = RTCBundlePolicy::maxBundle; }),
            "InvalidModificationError");
  EXPECT_EQ(a.pc->getConfiguration().bundlePolicy, RTCBundlePolicy::balanced);
}

TEST_F(SetConfiguration, TheSameCertificatesAreNoChange) {
  RTCConfiguration configuration;
  configuration.certificates = {certificate()};
  TestPeer peer(1, configuration);
  EXPECT_EQ(nameThrownBy([&] { peer.pc->setConfiguration(configuration); }), "");
  configuration.certificates = {certificate()};  // another one, as good
  EXPECT_EQ(nameThrownBy([&] { peer.pc->setConfiguration(configuration); }),
            "InvalidModificationError");
  configuration.certificates = {};
  EXPECT_EQ(nameThrownBy([&] { peer.pc->setConfiguration(configuration); }),
            "InvalidModificationError");
}

TEST_F(SetConfiguration, ThePoolSizeIsFixedOnceSetLocalDescriptionWasCalled) {
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceCandidatePoolSize = 3; }), "");
  const auto pending = a.pc->setLocalDescription();
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceCandidatePoolSize = 3; }), "");
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceCandidatePoolSize = 4; }),
            "InvalidModificationError");
}

TEST_F(SetConfiguration, APoolIsGatheredFromTheStartAndItsSizeIsObeyed) {
  TestPeer peer(3, {.iceCandidatePoolSize = 2});
  EXPECT_EQ(peer.engine().last<session::SetPool>().size, 2u);
  EXPECT_EQ(peer.pc->iceGatheringState(), RTCIceGatheringState::new_);
  RTCConfiguration configuration = peer.pc->getConfiguration();
  configuration.iceCandidatePoolSize = 255;
  peer.pc->setConfiguration(configuration);
  EXPECT_EQ(peer.engine().last<session::SetPool>().size, 255u);
  EXPECT_EQ(peer.pc->getConfiguration().iceCandidatePoolSize, 255);
  EXPECT_EQ(peer.realm->sessionsOpened, 1);
}

TEST_F(SetConfiguration, WithoutAPoolNoSessionIsOpenedForIt) {
  EXPECT_EQ(a.realm->sessionsOpened, 0);
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceCandidatePoolSize = 1; }), "");
  EXPECT_EQ(a.realm->sessionsOpened, 1);
}

TEST_F(SetConfiguration, ThePoolEndsWithTheFirstAnswerForGood) {
  TestPeer offerer(3, {.iceCandidatePoolSize = 2}), answerer(4, {.iceCandidatePoolSize = 1});
  offerer.makeChannel("chat");
  offerer.settle(offerer.pc->setLocalDescription());
  EXPECT_EQ(offerer.engine().last<session::SetPool>().size, 2u);
  const RTCSessionDescriptionInit offer{RTCSdpType::offer, offerer.pc->localDescription()->sdp};
  answerer.settle(answerer.pc->setRemoteDescription(offer));
  EXPECT_EQ(answerer.engine().last<session::SetPool>().size, 1u);
  answerer.settle(answerer.pc->setLocalDescription());
  EXPECT_EQ(answerer.engine().last<session::SetPool>().size, 0u);
  const RTCSessionDescriptionInit answer{RTCSdpType::answer, answerer.pc->localDescription()->sdp};
  offerer.settle(offerer.pc->setRemoteDescription(answer));
  EXPECT_EQ(offerer.engine().last<session::SetPool>().size, 0u);
  const std::size_t before = offerer.engine().commands.size();
  RTCConfiguration same = offerer.pc->getConfiguration();
  EXPECT_EQ(same.iceCandidatePoolSize, 2);
  offerer.pc->setConfiguration(same);
  EXPECT_EQ(offerer.engine().commands.size(), before);
}

TEST_F(SetConfiguration, AServerThatIsRefusedLeavesTheOldOnes) {
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceServers = {{{"stun:a"}, {}, {}}}; }), "");
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceServers = {{{"stun:?"}, {}, {}}}; }),
            "SyntaxError");
  EXPECT_EQ(throws([](RTCConfiguration& c) { c.iceServers = {{{"turn:a"}, {}, {}}}; }),
            "InvalidAccessError");
  EXPECT_EQ(a.pc->getConfiguration().iceServers.at(0).urls.at(0), "stun:a");
}

TEST_F(SetConfiguration, APolicySetBeforeTheFirstGatheringIsWhatTheSessionOpensWith) {
  setPolicy(RTCIceTransportPolicy::relay);
  EXPECT_EQ(a.realm->sessionsOpened, 0);  // a policy alone opens none
  a.makeChannel("x");
  a.settle(a.pc->setLocalDescription());
  EXPECT_TRUE(a.engine().config.gather.relayOnly);
  EXPECT_EQ(a.engine().count<session::SetGatherPolicy>(), 0u);
}

TEST_F(SetConfiguration, ALaterPolicyReachesTheSessionBeforeTheGatheringItIsFor) {
  a.makeChannel("x");
  negotiate(a, b);
  EXPECT_FALSE(a.engine().config.gather.relayOnly);
  setPolicy(RTCIceTransportPolicy::relay);
  setPolicy(RTCIceTransportPolicy::relay);
  ASSERT_EQ(a.engine().count<session::SetGatherPolicy>(), 1u);
  EXPECT_TRUE(a.engine().last<session::SetGatherPolicy>().relayOnly);
  EXPECT_EQ(a.engine().count<session::RestartIce>(), 0u);  // "no action until the next phase"
  negotiate(a, b);
  EXPECT_EQ(a.engine().count<session::RestartIce>(), 1u);
  setPolicy(RTCIceTransportPolicy::all);
  EXPECT_FALSE(a.engine().last<session::SetGatherPolicy>().relayOnly);
}

TEST_F(SetConfiguration, UnderRelayNamesToResolveAreNotTried) {
  a.makeChannel("x");
  negotiate(a, b);
  const RTCIceCandidateInit named("candidate:1 1 udp 1 a.local 5000 typ host", "0");
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(named)).text(), "fulfilled");
  EXPECT_EQ(a.engine().count<session::AddRemoteCandidate>(), 1u);
  setPolicy(RTCIceTransportPolicy::relay);
  const RTCIceCandidateInit other("candidate:1 1 udp 1 b.local 5000 typ host", "0");
  EXPECT_EQ(a.settle(a.pc->addIceCandidate(other)).text(), "fulfilled");
  EXPECT_EQ(a.engine().count<session::AddRemoteCandidate>(), 1u);
}

}  // namespace
}  // namespace parley::peer
