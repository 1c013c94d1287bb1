// NATs, a server, what both sides ask of it and what becomes of it. The dice are others than those
// of the rest, so a seed without a server is what it was before there were any.

#include <algorithm>

#include "core/random.h"
#include "plan.h"

namespace parley::seeds {
namespace {

using Kind = Fault::Kind;
using Verb = Act::Verb;

class ServerDrawing {
 public:
  explicit ServerDrawing(Plan& plan)
      : plan_(plan), random_(plan.seed ^ 0x7475'726e), ways_(plan.seed ^ 0x7761'7973) {}

  void draw() {
    if (plan_.scenario == Scenario::order || random_.below(100) >= 40) return;
    plan_.ipv6 = false;
    plan_.server.emplace();
    drawAsking();
    drawNats();
    drawLifetimes();
    for (std::uint64_t i = 0, n = random_.below(4); i < n; ++i) drawFault();
    drawWays();
    if (plan_.scenario == Scenario::closing) return moveClose();
    // So long that permissions and channels have to be renewed.
    if (isMild() && oneIn(16)) addAct(Verb::send, between(320s, 700s));
  }

 private:
  bool oneIn(std::uint64_t n) { return random_.below(n) == 0; }
  Duration between(Duration low, Duration high) {
    return low + Duration(static_cast<Duration::rep>(
                     random_.below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }
  std::uint8_t side() { return static_cast<std::uint8_t>(random_.below(2)); }
  bool isMild() const {
    return plan_.scenario == Scenario::call || plan_.scenario == Scenario::nat ||
           plan_.scenario == Scenario::channels;
  }
  void addAct(Verb verb, Duration at, std::uint8_t who = 0) {
    plan_.acts.push_back({verb, at, who, random_.u32(), random_.u32()});
  }
  void addFault(Kind kind, Duration from, Duration until, double strength = 0,
                std::uint64_t number = 0) {
    plan_.faults.push_back({kind, from, until, strength, number, side()});
  }

  void drawAsking() {
    auto& [first, second] = plan_.server->sides;
    switch (random_.below(6)) {
      case 0:
        first.stun = second.stun = true;
        break;
      case 1:
      case 2:
        first.turn = second.turn = true;
        break;
      case 3:
        first = second = {.stun = true, .turn = true};
        break;
      case 4:
        plan_.server->sides.at(side()).turn = true;
        break;
      default:
        for (Asking& each : plan_.server->sides) each = {.stun = oneIn(2), .turn = oneIn(2)};
        break;
    }
    for (Asking& each : plan_.server->sides) {
      each.nobody = oneIn(10);
      each.relayOnly = oneIn(each.turn ? 5 : 40);
    }
  }
  // Whoever forges stands in the same network.
  void drawNats() {
    plan_.nats = {};
    if (plan_.scenario == Scenario::hostile) return;
    const bool isGentle = oneIn(3);
    for (auto& nat : plan_.nats) {
      if (oneIn(5)) continue;
      const bool isCone = isGentle || oneIn(2);
      nat = NatPlan{.mapping = static_cast<std::uint8_t>(isCone ? 0 : 1 + random_.below(2)),
                    .filtering = static_cast<std::uint8_t>(random_.below(3)),
                    .ports = static_cast<std::uint8_t>(random_.below(3)),
                    .lifetime = between(20s, 120s)};
    }
  }
  void drawLifetimes() {
    ServerPlan& server = *plan_.server;
    if (oneIn(3)) server.allocations = between(16s, 40s);
    if (oneIn(20)) server.permissions = between(10s, 40s);
    if (oneIn(20)) server.channels = between(10s, 40s);
    if (!isMild() || !oneIn(5)) return;
    // Longer than a NAT remembers, and less than a handshake may take.
    server.late = between(22s, 27s);
    if (oneIn(2)) {  // all hangs on how the first one is seen
      server.sides[0] = server.sides[1] = {.stun = true};
      for (auto& nat : plan_.nats) nat = NatPlan{.filtering = 2, .ports = 2};
    }
    for (auto& nat : plan_.nats)
      if (nat) nat->lifetime = 20s;
  }
  void drawFault() {
    const Duration from = oneIn(2) ? between(0s, 1s) : between(0s, 18s);
    const Duration until = from + between(500ms, 15s);
    switch (random_.below(9)) {
      case 0:
        return addFault(Kind::serverLoses, from, until, random_.unit() * (oneIn(2) ? 0.06 : 0.7));
      case 1:
      case 2:
        return addFault(Kind::serverRefuses, from, until, random_.unit(), random_.u32());
      case 3:
        return addFault(Kind::serverStalls, from, until);
      case 4:
        return addFault(Kind::serverRestarts, from, from);
      case 5:
      case 6:
        return addFault(Kind::nonces, from, until, 0, 1 + random_.below(5));
      case 7:
        return addFault(Kind::nonceOnce, from, until);
      default:
        return addFault(Kind::forgedAnswers, from, until, random_.unit());
    }
  }

  // How the server is reached, by dice of its own.
  void drawWays() {
    const auto has = [this](Kind kind) {
      return std::ranges::find(plan_.faults, kind, &Fault::kind) != plan_.faults.end();
    };
    // Over a stream nothing is said twice: what the server loses stays lost, and so does an answer
    // that it gave unsigned, which is not believed.
    const bool losesAnswers =
        has(Kind::serverLoses) || has(Kind::serverRefuses) || has(Kind::serverStalls);
    for (Asking& each : plan_.server->sides) {
      const std::uint64_t way = ways_.below(6);
      each.named = ways_.below(3) == 0;
      if (ways_.below(3) == 0) each.ahead = static_cast<std::uint8_t>(1 + ways_.below(3));
      if (way < 3 || losesAnswers) continue;
      // A certificate is right by the clock on the wall.
      const bool isTls = way == 5 && !has(Kind::wallJump);
      each.way = isTls ? Asking::Way::tls : Asking::Way::tcp;
    }
  }

  // Close and drop while something is renewed, and sometimes with a restart under way.
  void moveClose() {
    const auto isEnd = [](const Act& act) {
      return act.verb == Verb::close || act.verb == Verb::drop ||
             (act.verb == Verb::trap && act.a >= 4);
    };
    Duration later{};
    if (plan_.server->allocations && oneIn(2))
      later = *plan_.server->allocations / 2 * (1 + random_.below(2)) - 300ms;
    std::vector<Act> ends;
    for (Act& act : plan_.acts) {
      if (!isEnd(act)) continue;
      act.at = later > 0s ? later + act.at % 1s : act.at;
      ends.push_back(act);
    }
    if (!ends.empty() && oneIn(3))
      addAct(Verb::restartIce, std::max<Duration>(0s, ends[0].at - between(0s, 400ms)), side());
    if (oneIn(2)) addFault(Kind::nonces, 0s, plan_.acts.back().at, 0, 1 + random_.below(8));
  }

  Plan& plan_;
  Random random_;
  Random ways_;
};

}  // namespace

void drawServer(Plan& plan) { ServerDrawing(plan).draw(); }

// Where UDP is blocked the way has to be an honest one: what a plan may do to datagrams a model of
// TCP bears less of.
void drawTcp(Plan& plan) {
  Random random(plan.seed ^ 0x7463'70);
  if (plan.scenario == Scenario::order || random.below(100) >= 25) return;
  plan.listens.at(random.below(2)) = true;
  if (random.below(3) == 0) plan.listens = {true, true};
  const bool isCalm = plan.scenario == Scenario::call || plan.scenario == Scenario::channels ||
                      plan.scenario == Scenario::glare || plan.scenario == Scenario::closing;
  const bool isOpen = !plan.server && !plan.nats[0] && !plan.nats[1];
  plan.blocksUdp = isCalm && isOpen && random.below(2) == 0;
}

}  // namespace parley::seeds
