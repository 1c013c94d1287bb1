#pragma once

// What worlds with a TURN server have in common.

#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include "call.h"
#include "server/server.h"
#include "sim/world.h"
#include "tls/test_authority.h"

namespace parley::worlds {

inline constexpr sim::NatOptions kSymmetric{
    .mapping = sim::NatDependence::addressAndPortDependent,
    .filtering = sim::NatDependence::addressAndPortDependent};

// Whose certificates the servers have.
inline const tls::testing::Authority& authority() {
  static const tls::testing::Authority made;
  return made;
}

// Over UDP, TCP and TLS; alice has an account. `names`: those of its certificate.
inline server::Config serverAt(const IpAddress& ip, const std::string& names) {
  server::Config config;
  config.listen = config.listenTcp = {{ip, 3'478}};
  config.listenTls = {{ip, 5'349}};
  config.authentication.users = {{"alice", "secret"}};
  const tls::testing::IssuedChain chain = authority().issue({.names = names});
  config.tls =
      tls::Context::ofServer({.privateKeyPem = chain.privateKeyPem, .chainPem = chain.chainPem});
  return config;
}

inline Tuning trusting() {
  Tuning tuning;
  tuning.turnAuthorities = authority().pem();
  return tuning;
}

// Of all that close() gives back; empty: nothing.
inline std::string heldBy(std::initializer_list<const sim::Node*> nodes) {
  std::string text;
  for (const sim::Node* node : nodes) {
    const loop::LoopReport held = node->report();
    const std::size_t sum = held.guests + held.residents + held.sockets + held.timersArmed +
                            held.allocations + held.permissions + held.channels +
                            held.transactions + held.packetsInUse + held.namesPublished;
    if (sum) text += node->name() + " holds " + std::to_string(sum) + " things; ";
  }
  return text;
}

inline std::string heldBy(const server::Server& server) {
  const server::Held held = server.held();
  return held.allocations + held.permissions + held.channels ? "a server holds something; " : "";
}

// One more message to the answerer arrives.
inline bool isHeard(sim::World& world, Call& call) {
  const std::size_t before = call.answerer.received.size();
  call.offerer.channel->send("hello");
  return world.runUntil([&] { return call.answerer.received.size() == before + 1; }, 30s);
}

// After so many steps each, spread over all of them; each of them where PARLEY_CUTS is "all".
template <class Cut>
void cutAlong(std::size_t steps, std::size_t cuts, const Cut& cutAfter) {
  EXPECT_GT(steps, 100u);
  const char* wanted = std::getenv("PARLEY_CUTS");
  const bool all = wanted && std::string_view(wanted) == "all";
  for (std::size_t at = 0; at <= steps; at += all ? 1 : std::max<std::size_t>(steps / cuts, 1)) {
    SCOPED_TRACE("after step " + std::to_string(at));
    cutAfter(at);
  }
}

// The ways to a server that cuts are made on.
inline auto waysToServer() {
  return testing::Values("turn:192.0.2.9", "turn:192.0.2.9?transport=tcp", "turns:192.0.2.9");
}
inline std::string nameOfWay(const testing::TestParamInfo<const char*>& info) {
  constexpr const char* kNames[] = {"Udp", "Tcp", "Tls"};
  return kNames[info.index];
}

}  // namespace parley::worlds
