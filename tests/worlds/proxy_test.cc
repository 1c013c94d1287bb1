// TURN servers behind a proxy that is the only way out: what is asked of it, that calls work and
// end as they do without one, and what is told when it does not help.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/limits.h"
#include "proxy_server.h"
#include "relayed.h"

namespace parley::worlds {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kTcp = "turn:turn.example?transport=tcp";
constexpr const char* kTls = "turns:turn.example";

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

struct Proxied : testing::TestWithParam<ProxyServer::Kind> {
  static server::Config serverConfig(const char* address = "192.0.2.9") {
    return serverAt(ip(address), "DNS:turn.example");
  }

  // Nobody reaches the server but the proxy.
  Proxied() {
    world.connect(alice, gate, {.latency = 10ms});
    world.connect(bob, gate, {.latency = 10ms});
    world.connect(gate, middle, {.latency = 5ms});
    world.setName("turn.example", {ip("192.0.2.9")});
    world.setName("proxy.example", {ip("203.0.113.8")});
  }
  Proxy settings(const char* host = "203.0.113.8") const {
    return {.kind = GetParam() == ProxyServer::Kind::http ? Proxy::Kind::http : Proxy::Kind::socks5,
            .host = host,
            .port = 1'080};
  }
  Call& call(const char* url, std::optional<Proxy> through = std::nullopt) {
    Tuning tuning = trusting();
    tuning.turnProxy = through.value_or(settings());
    made = std::make_unique<Call>(
        world, alice, bob, RTCDataChannelInit{}, tuning,
        RTCConfiguration{.iceServers = {{{url}, "alice", "secret"}},
                         .iceTransportPolicy = RTCIceTransportPolicy::relay});
    return *made;
  }
  bool talks() { return isHeard(world, *made); }
  void close() {
    alice.post([&] { made->offerer.pc->close(); });
    bob.post([&] { made->answerer.pc->close(); });
  }
  std::string left() const {
    return heldBy({&alice, &bob}) + heldBy(server) +
           (proxy.streams() ? "the proxy holds something" : "");
  }
  // The one error of an offerer that waits so long.
  std::string errorAfter(Duration time) {
    made->start();
    world.runFor(time);
    EXPECT_THAT(made->offerer.candidateErrors, SizeIs(1));
    if (made->offerer.candidateErrors.empty()) return {};
    EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 701);
    EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
    EXPECT_EQ(server.stats().allocationsMade, 0u);
    return made->offerer.candidateErrors[0].errorText;
  }

  sim::World world{71};
  sim::Node& middle = world.addNode("server", {ip("192.0.2.9")});
  sim::Node& gate = world.addNode("gate", {ip("203.0.113.8")});
  sim::Node& alice = world.addNode("alice", {ip("198.51.100.1")});
  sim::Node& bob = world.addNode("bob", {ip("198.51.100.2")});
  server::Server server{middle.host(), serverConfig()};
  ProxyServer proxy{gate.host(), GetParam(), {ip("203.0.113.8"), 1'080}};
  std::unique_ptr<Call> made;
};

TEST_P(Proxied, PeersMeetTalkAndLeaveNothing) {
  for (const char* url : {kTcp, kTls}) {
    SCOPED_TRACE(url);
    ASSERT_TRUE(call(url).connect());
    EXPECT_TRUE(talks());
    EXPECT_EQ(proxy.tunnels(), 2u);
    EXPECT_THAT(proxy.asked, Each(url == kTcp ? "turn.example:3478" : "turn.example:5349"));
    EXPECT_EQ(alice.lookUps(), 0u) << "the proxy looks up the server's name";
    EXPECT_EQ(server.held().allocations, 2u);
    server.allocations().forEach([](const server::Allocation& each) {
      EXPECT_EQ(each.tuple().client.ip.toString(), "203.0.113.8");
    });
    const auto expired = server.stats().allocationsExpired;
    close();
    world.runFor(8s);
    EXPECT_EQ(left(), "");
    EXPECT_EQ(server.stats().allocationsExpired, expired);
    EXPECT_THAT(proxy.logins, IsEmpty());
    proxy.asked.clear();
  }
}

TEST_P(Proxied, BytesThatComeOneByOneAreTheSame) {
  for (sim::Node* node : {&alice, &gate}) node->setTcpFaults({.dribbles = true});
  ASSERT_TRUE(call(kTls).connect());
  EXPECT_TRUE(talks());
}

TEST_P(Proxied, TheProxyIsToldWhoAsks) {
  proxy.demand("ann", "open sesame");
  Proxy known = settings("proxy.example");
  known.username = "ann";
  known.password = "open sesame";
  ASSERT_TRUE(call(kTls, known).connect());
  EXPECT_TRUE(talks());
  EXPECT_THAT(proxy.logins, AllOf(SizeIs(2), Each("ann:open sesame")));
  EXPECT_EQ(alice.lookUps(), 1u) << "of the proxy";
}

TEST_P(Proxied, AWrongPasswordIsToldWithoutIt) {
  proxy.demand("ann", "open sesame");
  Proxy known = settings();
  known.username = "ann";
  known.password = "something else";
  call(kTcp, known);
  EXPECT_THAT(errorAfter(5s), AllOf(HasSubstr("the proxy refused the user name or the password"),
                                    Not(HasSubstr("something"))));
}

TEST_P(Proxied, AProxyThatWantsToKnowWhoAsksIsNamed) {
  proxy.demand("ann", "open sesame");
  call(kTcp);
  EXPECT_THAT(errorAfter(5s), HasSubstr("the proxy asks for a user name and a password"));
}

TEST_P(Proxied, ARefusalIsToldAsTheProxySaidIt) {
  proxy.refuses = true;
  call(kTls);
  EXPECT_THAT(errorAfter(5s),
              HasSubstr(GetParam() == ProxyServer::Kind::http ? "the proxy answered 403 Filtered"
                                                              : "not allowed by its rules (2)"));
}

TEST_P(Proxied, AServerThatTheProxyDoesNotReachIsToldOf) {
  call("turn:none.example?transport=tcp");
  EXPECT_THAT(errorAfter(20s), HasSubstr("the proxy answered"));
}

TEST_P(Proxied, AProxyThatIsNotThereIsToldOf) {
  call(kTcp, settings("none.example"));
  EXPECT_EQ(errorAfter(5s), "the proxy's name is unknown");
  Proxy nobody = settings();
  nobody.port = 1;
  call(kTcp, nobody);
  EXPECT_EQ(errorAfter(5s), "the proxy refused the connection");
}

TEST_P(Proxied, AProxyThatSaysNothingIsWaitedForSoLong) {
  proxy.isMute = true;
  call(kTls).start();
  world.runFor(limits::turn::kProxy - 1s);
  EXPECT_THAT(made->offerer.candidateErrors, IsEmpty());
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::gathering);
  world.runFor(2s);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorText, "the proxy did not let us through in time");
  EXPECT_EQ(made->offerer.pc->iceGatheringState(), RTCIceGatheringState::complete);
  world.runFor(1s);
  EXPECT_EQ(proxy.streams(), 0u) << "the connection is closed";
}

TEST_P(Proxied, AProxyThatStallsDoesNotHoldUsLonger) {
  gate.setTcpFaults({.stalls = true});
  call(kTls);
  EXPECT_EQ(errorAfter(limits::turn::kProxy + 1s), "the proxy did not let us through in time");
}

TEST_P(Proxied, LiesAreNoWay) {
  for (const std::string& lie : {std::string("220 mail.example ESMTP\r\n"), std::string(3, '\0'),
                                 std::string(64u << 10, 'H'), std::string("\5\2\0\1", 4)}) {
    proxy.lie = lie;
    call(kTls);
    EXPECT_THAT(errorAfter(5s), HasSubstr("the proxy"));
    world.runFor(1s);
    EXPECT_EQ(proxy.streams(), 0u);
  }
}

TEST_P(Proxied, WhatStandsBehindTheAnswerIsTakenForTheServers) {
  proxy.preface = "I am no server";
  call(kTcp);
  EXPECT_EQ(errorAfter(5s), "the server does not speak TURN");
}

TEST_P(Proxied, ACertificateOfAnotherNameIsRefusedAllTheSame) {
  world.setName("other.example", {ip("192.0.2.9")});
  call("turns:other.example");
  EXPECT_THAT(errorAfter(5s), HasSubstr("another host"));
}

TEST_P(Proxied, ClosingAtAnyMomentLeavesNothing) {
  for (int moment = 0; moment < 120; moment += 3) {
    SCOPED_TRACE(moment);
    call(kTls).start();
    world.runFor(std::chrono::milliseconds(moment));
    close();
    world.runFor(8s);
    EXPECT_EQ(left(), "");
  }
}

TEST_P(Proxied, AnHourIsOneAllocation) {
  ASSERT_TRUE(call(kTls).connect());
  world.runFor(3'600s);
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 2u);
  EXPECT_THAT(proxy.asked, SizeIs(2));
}

TEST_P(Proxied, ARestartUsesWhatStandsAndReplacesWhatIsLost) {
  ASSERT_TRUE(call(kTcp).connect());
  const auto restart = [&] {
    alice.post([&] {
      made->offerer.pc->restartIce();
      made->start();
    });
    world.runFor(20s);
  };
  restart();
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 2u);
  gate.post([&] { proxy.cutTunnels(); });
  world.runFor(1s);
  restart();
  EXPECT_TRUE(talks());
  EXPECT_EQ(server.stats().allocationsMade, 4u);
  close();
  world.runFor(8s);
  EXPECT_EQ(left(), "");
}

TEST_P(Proxied, ARedirectLeadsThroughTheProxyToo) {
  sim::Node& elsewhere = world.addNode("other", {ip("192.0.2.10")});
  world.connect(gate, elsewhere, {.latency = 5ms});
  server::Server other(elsewhere.host(), serverConfig("192.0.2.10"));
  const auto redirect = [&](const char* to) {
    server::Faults faults;
    faults.errors = {{.code = stun::ErrorCode::tryAlternate,
                      .method = stun::Method::allocate,
                      .probability = 1,
                      .isBeforeCredentials = true}};
    faults.alternate = *Address::parse(to);
    server.setFaults(std::move(faults));
  };
  redirect("192.0.2.10:3478");
  ASSERT_TRUE(call(kTcp).connect());
  EXPECT_THAT(proxy.asked, Contains("192.0.2.10:3478"));
  EXPECT_EQ(other.stats().allocationsMade, 2u);
  close();
  world.runFor(8s);
  redirect("127.0.0.1:22");  // of the proxy's machine
  call(kTcp).start();
  world.runFor(10s);
  ASSERT_THAT(made->offerer.candidateErrors, SizeIs(1));
  EXPECT_EQ(made->offerer.candidateErrors[0].errorCode, 300);
  EXPECT_THAT(proxy.asked, Not(Contains("127.0.0.1:22")));
}

TEST_P(Proxied, WhatGoesByUdpGoesPastTheProxy) {
  world.connect(alice, middle, {.latency = 5ms});
  world.connect(bob, middle, {.latency = 5ms});
  ASSERT_TRUE(call("turn:turn.example").connect());
  EXPECT_THAT(proxy.asked, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, Proxied,
                         testing::Values(ProxyServer::Kind::http, ProxyServer::Kind::socks),
                         [](const auto& kind) {
                           return kind.param == ProxyServer::Kind::http ? "Http" : "Socks";
                         });

}  // namespace
}  // namespace parley::worlds
