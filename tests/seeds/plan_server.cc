// What a plan's server and NATs allow.

#include <algorithm>
#include <array>
#include <cstdio>

#include "plan.h"

namespace parley::seeds {
namespace {

constexpr std::array<const char*, 3> kDependences = {"one", "by address", "by port"};

// RFC 5128 3.3: both sides learn how they are seen, and are seen so by everybody.
bool meetsDirectly(const Plan& plan, bool mayAsk) {
  const auto isSeen = [&](std::size_t side) {
    const Asking& asking = plan.server->sides.at(side);
    const bool isTold = asking.stun || (asking.turn && asking.way == Asking::Way::udp);
    return mayAsk && plan.nats.at(side)->isCone() && isTold;
  };
  if (plan.server && (plan.server->sides[0].relayOnly || plan.server->sides[1].relayOnly))
    return false;
  // The one that has a NAT goes to the one that has none.
  if (!plan.nats[0] || !plan.nats[1]) return true;
  return plan.server && isSeen(0) && isSeen(1);
}

// A relay asks for permission by address, so it has to be told where its peer comes from.
bool meetsOverRelayOf(const Plan& plan, std::size_t side) {
  const Asking& mine = plan.server->sides.at(side);
  const Asking& other = plan.server->sides.at(1 - side);
  if (!mine.turn) return false;
  if (other.turn) return true;
  return !other.relayOnly && (!plan.nats.at(1 - side) || other.stun);
}

std::string nameOf(const Asking& asking) {
  std::string text = asking.stun   ? asking.turn ? "stun turn" : "stun"
                     : asking.turn ? "turn"
                                   : "none";
  if (asking.turn && asking.way != Asking::Way::udp)
    text += asking.way == Asking::Way::tcp ? " over-tcp" : " over-tls";
  if (asking.named) text += " by-name";
  if (asking.ahead) text += " ahead-" + std::to_string(asking.ahead);
  if (asking.nobody) text += " nobody";
  if (asking.relayOnly) text += " relay-only";
  return text;
}

std::string inSeconds(const char* what, std::optional<Duration> time) {
  if (!time || *time == Duration{}) return {};
  return std::string(", ") + what + " " + std::to_string(*time / 1s) + " s";
}

}  // namespace

bool Plan::canMeet() const {
  if (meetsDirectly(*this, true)) return true;
  // RFC 8656 fixes how long permissions and channels live, so nobody asks again sooner.
  if (server && (server->permissions || server->channels)) return false;
  return server && (meetsOverRelayOf(*this, 0) || meetsOverRelayOf(*this, 1));
}

bool Plan::needsServer() const { return !meetsDirectly(*this, false); }

// A Refresh with lifetime 0 is repeated for as long as the tail may live. A copy of an Allocate
// that comes after it allocates once more, and nobody can know.
bool Plan::mayStrand() const {
  return std::ranges::any_of(faults, [](const Fault& fault) {
    using Kind = Fault::Kind;
    switch (fault.kind) {
      case Kind::loss:
      case Kind::serverLoses:
        return fault.strength > 0.06;
      case Kind::jitter:
      case Kind::reorder:
        return fault.number > 100'000;
      case Kind::wallJump:
      case Kind::forge:
      case Kind::mangle:
      case Kind::nonces:
      case Kind::nonceOnce:
      case Kind::forgedAnswers:
      case Kind::serverRestarts:
        return false;
      default:
        return true;
    }
  });
}

std::string Plan::describeServer() const {
  std::string text;
  for (std::size_t side = 0; side < 2; ++side) {
    if (server) text += "  " + std::to_string(side) + " asks: " + nameOf(server->sides.at(side));
    if (const auto& nat = nats.at(side))
      text += std::string("; NAT maps ") + kDependences.at(nat->mapping % 3) + ", filters " +
              kDependences.at(nat->filtering % 3) + ", ports " + std::to_string(nat->ports) +
              inSeconds("for", nat->lifetime);
    if (server || nats.at(side)) text += "\n";
  }
  if (server)
    text += "  the server" + inSeconds("allocates for", server->allocations) +
            inSeconds("permits for", server->permissions) +
            inSeconds("binds for", server->channels) +
            inSeconds("first answer late by", server->late) +
            (canMeet() ? "\n" : "; no way between them\n");
  return text;
}

}  // namespace parley::seeds
