#include "plan.h"

#include <algorithm>
#include <cstdio>

namespace parley::seeds {
namespace {

constexpr std::array<std::string_view, 12> kScenarios = {"call",  "weather", "outage",  "channels",
                                                         "glare", "hostile", "closing", "rogue",
                                                         "nat",   "clock",   "order",   "mixed"};

constexpr std::array<std::string_view, static_cast<std::size_t>(Fault::Kind::count)> kFaults = {
    "loss",          "burst",           "jitter",
    "reorder",       "duplicate",       "corrupt",
    "rate",          "narrow",          "cut",
    "cut one way",   "offline",         "rebind",
    "new address",   "wall clock jump", "sleep",
    "forge",         "inject",          "capture",
    "mangle",        "server loses",    "server refuses",
    "server stalls", "server restarts", "stale nonces",
    "a nonce once",  "forged answers"};

constexpr std::array<std::string_view, static_cast<std::size_t>(Act::Verb::count)> kVerbs = {
    "open",      "open agreed", "send",   "flood",       "close channel",
    "pause",     "pause all",   "resume", "restart ICE", "negotiate",
    "roll back", "misuse",      "trap",   "close",       "drop"};

double seconds(Duration time) { return static_cast<double>(time.count()) / 1e6; }

template <class... Values>
std::string format(const char* how, Values... values) {
  std::array<char, 200> line{};
  std::snprintf(line.data(), line.size(), how, values...);
  return line.data();
}

}  // namespace

std::string_view nameOf(Scenario scenario) {
  return kScenarios.at(static_cast<std::size_t>(scenario));
}

std::optional<Scenario> scenarioNamed(std::string_view name) {
  const auto found = std::ranges::find(kScenarios, name);
  if (found == kScenarios.end()) return std::nullopt;
  return static_cast<Scenario>(found - kScenarios.begin());
}

Plan Plan::without(const std::vector<std::size_t>& items) const {
  Plan smaller = *this;
  smaller.faults.clear();
  smaller.acts.clear();
  const auto isKept = [&](std::size_t item) {
    return std::ranges::find(items, item) == items.end();
  };
  for (std::size_t i = 0; i < faults.size(); ++i)
    if (isKept(i)) smaller.faults.push_back(faults[i]);
  for (std::size_t i = 0; i < acts.size(); ++i)
    if (isKept(faults.size() + i)) smaller.acts.push_back(acts[i]);
  return smaller;
}

bool Plan::has(Act::Verb verb) const {
  return std::ranges::find(acts, verb, &Act::verb) != acts.end();
}

// A handshake may take 30 s, and consent lives for 30 s without an answer: what denies the path
// for that long, or most of it, may end a connection of honest peers. So may a ClientHello that is
// changed on the path itself: DTLS proves it at its end only.
bool Plan::mayLoseConnection() const {
  // An answer to an offer that was taken back may be taken for another's: both then have their own
  // idea of who is who.
  if (server && (server->permissions || server->channels)) return true;  // RFC 8656 fixes those
  // Whoever asks a server does not ask for ever.
  if (server && needsServer() && isEverSilent()) return true;
  return spoiltFingerprint || rogue || has(Act::Verb::rollback) ||
         std::ranges::any_of(faults, [this](const Fault& fault) {
           using Kind = Fault::Kind;
           switch (fault.kind) {
             case Kind::loss:
             case Kind::burst:
               return fault.strength > (server ? 0.06 : 0.3);  // some ways have four legs
             case Kind::serverLoses:
               return fault.strength > 0.06;
             case Kind::cut:
             case Kind::cutOneWay:
             case Kind::offline:
             case Kind::sleep:
               return fault.until - fault.from > 8s;
             case Kind::rate:
             case Kind::narrow:
             case Kind::newAddress:
             case Kind::capture:
             case Kind::corrupt:
             case Kind::rebind:
             case Kind::serverRefuses:
             case Kind::serverStalls:
             case Kind::serverRestarts:
               return true;
             default:
               return false;
           }
         });
}

bool Plan::mayForgeAddresses() const {
  return std::ranges::any_of(faults, [](const Fault& fault) {
    using Kind = Fault::Kind;
    return fault.kind == Kind::inject || fault.kind == Kind::capture ||
           fault.kind == Kind::corrupt || fault.kind == Kind::mangle;
  });
}

bool Plan::isEverSilent() const {
  return std::ranges::any_of(faults, [](const Fault& fault) {
    using Kind = Fault::Kind;
    return fault.kind == Kind::cut || fault.kind == Kind::cutOneWay ||
           fault.kind == Kind::offline || fault.kind == Kind::sleep;
  });
}

bool Plan::cutsThePath() const {
  return isEverSilent() ||
         std::ranges::find(faults, Fault::Kind::loss, &Fault::kind) != faults.end();
}

// A relay that is gone is noticed when it is used.
bool Plan::movesThePath() const {
  if (server && (isEverSilent() || server->permissions || server->channels)) return true;
  return std::ranges::any_of(faults, [](const Fault& fault) {
    using Kind = Fault::Kind;
    return fault.kind == Kind::rebind || fault.kind == Kind::newAddress ||
           fault.kind == Kind::serverStalls || fault.kind == Kind::serverRestarts ||
           fault.kind == Kind::serverRefuses;
  });
}

std::string Plan::describe() const {
  std::string text = format(
      "scenario %s, latency %.1f ms, signalling %.1f ms%s%s%s%s%s%s%s\n", nameOf(scenario).data(),
      seconds(latency) * 1e3, seconds(signalling) * 1e3, ipv6 ? ", IPv6" : "",
      nearWrap ? ", near the wrap" : "", smallWindow ? ", small window" : "",
      rogue ? ", a rogue" : "", spoiltFingerprint ? ", spoilt fingerprint" : "",
      behindPort[0] ? ", 0 behind a port" : "", behindPort[1] ? ", 1 behind a port" : "");
  if (listens[0] || listens[1])
    text += format("TCP: %s%s%s\n", listens[0] ? "0 listens " : "", listens[1] ? "1 listens " : "",
                   blocksUdp ? "UDP is blocked" : "");
  text += describeServer();
  std::size_t item = 0;
  for (const Fault& fault : faults)
    text += format("  %2zu  %7.3f to %7.3f  %s, side %d, %.3g, %llu\n", item++, seconds(fault.from),
                   seconds(fault.until), kFaults.at(static_cast<std::size_t>(fault.kind)).data(),
                   int{fault.side}, fault.strength, static_cast<unsigned long long>(fault.number));
  for (const Act& act : acts)
    text += format("  %2zu  %7.3f  %d: %s %u %u\n", item++, seconds(act.at), int{act.who},
                   kVerbs.at(static_cast<std::size_t>(act.verb)).data(), act.a, act.b);
  return text;
}

}  // namespace parley::seeds
