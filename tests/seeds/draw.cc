// From a seed to a plan: a profile per scenario says how likely each fault and each act is, and
// each seed draws which of them exist at all and how strong they are, so that rare pairs meet.

#include <algorithm>

#include "core/random.h"
#include "plan.h"

namespace parley::seeds {
namespace {

using Kind = Fault::Kind;
using Verb = Act::Verb;

class Drawing {
 public:
  Drawing(std::uint64_t seed, Scenario wanted) : random_(seed) {
    plan_.seed = seed;
    const auto drawn = static_cast<Scenario>(random_.below(kScenarioCount));
    plan_.scenario = wanted == Scenario::mixed ? drawn : wanted;
    drawCommon();
  }

  Plan finish() && {
    switch (plan_.scenario) {
      case Scenario::call:
      case Scenario::mixed:
        drawCall();
        break;
      case Scenario::weather:
        drawWeather();
        break;
      case Scenario::outage:
        drawOutage();
        break;
      case Scenario::channels:
        drawChannels();
        break;
      case Scenario::glare:
        drawGlare();
        break;
      case Scenario::hostile:
        drawHostile();
        break;
      case Scenario::closing:
        drawClosing();
        break;
      case Scenario::rogue:
        drawRogue();
        break;
      case Scenario::nat:
        drawNat();
        break;
      case Scenario::clock:
        drawClock();
        break;
      case Scenario::order:
        drawOrder();
        break;
    }
    drawServer(plan_);
    drawTcp(plan_);
    settle();
    return std::move(plan_);
  }

 private:
  static constexpr std::uint64_t kScenarioCount = static_cast<std::uint64_t>(Scenario::mixed);

  bool oneIn(std::uint64_t n) { return random_.below(n) == 0; }
  Duration between(Duration low, Duration high) {
    return low + Duration(static_cast<Duration::rep>(
                     random_.below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }
  double upTo(double most) { return random_.unit() * most; }
  std::uint8_t side() { return static_cast<std::uint8_t>(random_.below(2)); }

  void drawCommon() {
    plan_.latency = oneIn(4) ? between(50ms, 300ms) : between(200us, 40ms);
    plan_.signalling = between(1ms, 400ms);
    plan_.ipv6 = oneIn(4);
    plan_.nearWrap = oneIn(2);
    plan_.smallWindow = oneIn(3);
    plan_.losesFarewell = oneIn(4);
    // Half of all ends are W3C objects behind a port with delays.
    plan_.behindPort = {oneIn(2), oneIn(2)};
  }

  void fault(Kind kind, Duration from, Duration until, double strength = 0,
             std::uint64_t number = 0) {
    plan_.faults.push_back({kind, from, until, strength, number, side()});
  }
  void act(Verb verb, Duration at, std::uint32_t a = 0, std::uint32_t b = 0) {
    actOf(side(), verb, at, a, b);
  }
  void actOf(std::uint8_t who, Verb verb, Duration at, std::uint32_t a = 0, std::uint32_t b = 0) {
    plan_.acts.push_back({verb, at, who, a, b});
  }

  void begin() {
    actOf(0, Verb::open, between(0ms, 50ms), random_.u32(), random_.u32());
    if (oneIn(4)) actOf(1, Verb::open, between(0ms, 500ms), random_.u32(), random_.u32());
  }
  // Acts that any scenario may have; the later ones are rarer.
  void live(Duration until, std::uint64_t acts) {
    const std::uint64_t count = acts / 2 + random_.below(acts);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Duration at = between(0ms, until);
      const std::uint64_t dice = random_.below(100);
      const std::uint32_t a = random_.u32(), b = random_.u32();
      if (dice < 55)
        act(Verb::send, at, a, b);
      else if (dice < 59)
        act(Verb::flood, at, a);
      else if (dice < 67)
        act(Verb::open, at, a, b);
      else if (dice < 72)
        act(Verb::openAgreed, at, a, b);
      else if (dice < 80)
        act(Verb::closeChannel, at, a);
      else if (dice < 84)
        act(Verb::pause, at, a);
      else if (dice < 90)
        act(Verb::resume, at, a);
      else if (dice < 93)
        act(Verb::restartIce, at);
      else if (dice < 95)
        act(Verb::negotiate, at);
      else if (dice < 98)
        act(Verb::misuse, at, a);
      else
        act(Verb::trap, at, a % 4);  // nothing that ends the connection
    }
  }
  // A reader that takes nothing for a while, and a writer that does not mind.
  void besiege(Duration until) {
    const std::uint8_t reader = side();
    const Duration from = between(1s, until);
    actOf(reader, Verb::pauseAll, from);
    for (std::uint64_t i = 0, n = 1 + random_.below(6); i < n; ++i)
      actOf(reader ^ 1, Verb::flood, from + between(0s, 2s), random_.u32());
    actOf(reader, Verb::resume, from + between(1s, 5s));
  }
  void mildWeather(Duration until) {
    if (oneIn(2)) fault(Kind::loss, 0s, until, upTo(0.05));
    if (oneIn(2)) fault(Kind::jitter, 0s, until, 0, random_.below(40'000));
    if (oneIn(3)) fault(Kind::reorder, 0s, until, upTo(0.1), random_.below(50'000));
    if (oneIn(3)) fault(Kind::duplicate, 0s, until, upTo(0.1));
  }

  void drawCall() {
    begin();
    mildWeather(20s);
    live(15s, 30);
    if (oneIn(4)) besiege(12s);
  }
  void drawWeather() {
    begin();
    for (int i = 0; i < 6; ++i) {
      const Duration from = oneIn(2) ? 0s : between(0s, 10s);
      const Duration until = from + between(1s, 15s);
      switch (random_.below(9)) {
        case 0:
          fault(Kind::loss, from, until, upTo(oneIn(3) ? 0.6 : 0.2));
          break;
        case 1:
          fault(Kind::burst, from, until, 0.2 + upTo(0.8), 2 + random_.below(60));
          break;
        case 2:
          fault(Kind::jitter, from, until, 0, random_.below(500'000));
          break;
        case 3:
          fault(Kind::reorder, from, until, upTo(0.5), random_.below(500'000));
          break;
        case 4:
          fault(Kind::duplicate, from, until, upTo(0.3));
          break;
        case 5:
          fault(Kind::corrupt, from, until, upTo(0.05));
          break;
        case 6:
          fault(Kind::rate, from, until, 0, 8'000u << random_.below(14));
          break;
        case 7:
          fault(Kind::narrow, from, until, 0, 576 + random_.below(925));
          break;
        default:
          break;
      }
    }
    live(20s, 30);
  }
  void drawOutage() {
    begin();
    if (oneIn(2)) mildWeather(40s);
    for (std::uint64_t i = 0, n = 1 + random_.below(3); i < n; ++i) {
      const Duration from = between(0s, 30s);
      const Duration length = oneIn(3) ? between(20s, 45s) : between(100ms, 15s);
      constexpr std::array kinds = {Kind::cut, Kind::cutOneWay, Kind::offline, Kind::newAddress};
      fault(kinds.at(random_.below(kinds.size())), from, from + length);
    }
    live(40s, 25);
  }
  void drawChannels() {
    begin();
    mildWeather(20s);
    for (std::uint64_t i = 0, n = 20 + random_.below(60); i < n; ++i) {
      const Duration at = between(100ms, 15s);
      const std::uint32_t a = random_.u32(), b = random_.u32();
      switch (random_.below(5)) {
        case 0:
        case 1:
          act(oneIn(4) ? Verb::openAgreed : Verb::open, at, a, b);
          break;
        case 2:
          act(Verb::send, at, a, b & 0xff);
          break;
        default:
          act(Verb::closeChannel, at, a);
          break;
      }
    }
    if (oneIn(2)) fault(Kind::loss, 1s, 15s, upTo(0.25));
  }
  void drawGlare() {
    begin();
    actOf(1, Verb::open, between(0ms, 100ms), random_.u32(), random_.u32());
    mildWeather(15s);
    for (std::uint64_t i = 0, n = 6 + random_.below(20); i < n; ++i) {
      const Duration at = between(0s, 12s);
      switch (random_.below(6)) {
        case 0:
        case 1:
          act(Verb::restartIce, at);
          break;
        case 2:
        case 3:
          act(Verb::negotiate, at);
          break;
        case 4:
          act(Verb::rollback, at);
          break;
        default:
          act(Verb::send, at, random_.u32(), random_.u32() & 0xfff);
          break;
      }
      if (oneIn(3)) {  // at the same moment on the other side
        const Act& last = plan_.acts.back();
        actOf(last.who ^ 1, Verb::restartIce, last.at);
      }
    }
    live(12s, 10);
  }
  void drawHostile() {
    begin();
    mildWeather(20s);
    plan_.spoiltFingerprint = oneIn(6);
    for (std::uint64_t i = 0, n = 1 + random_.below(3); i < n; ++i) {
      constexpr std::array kinds = {Kind::forge, Kind::inject, Kind::capture, Kind::corrupt};
      const Kind kind = kinds.at(random_.below(kinds.size()));
      const Duration from = oneIn(2) ? 0s : between(0s, 8s);
      fault(kind, from, from + between(500ms, 10s), upTo(kind == Kind::corrupt ? 0.05 : 1),
            1 + random_.below(300));
    }
    live(15s, 25);
  }
  void drawClosing() {
    begin();
    if (oneIn(2)) mildWeather(20s);
    if (oneIn(4)) fault(Kind::cut, between(0s, 5s), between(5s, 9s));
    live(8s, 20);
    const Duration at = oneIn(2) ? between(0ms, 1s) : between(0s, 8s);
    switch (random_.below(4)) {
      case 0:
        act(Verb::close, at);
        break;
      case 1:
        act(Verb::drop, at);
        break;
      case 2:
        act(Verb::trap, at, 4 + random_.u32() % 2);
        break;  // close or drop in a handler
      default:
        actOf(0, Verb::close, at);
        actOf(1, Verb::close, at + between(0ms, 2 * plan_.latency));
        break;
    }
  }
  void drawRogue() {
    plan_.rogue = side();
    plan_.faults.push_back({Kind::mangle, between(0s, 5s), 20s, upTo(0.3), 0, *plan_.rogue});
    begin();
    live(20s, 40);
  }
  void drawNat() {
    plan_.ipv6 = false;
    plan_.nats[1] = NatPlan{.mapping = static_cast<std::uint8_t>(random_.below(3)),
                            .filtering = static_cast<std::uint8_t>(random_.below(3)),
                            .lifetime = between(20s, 120s)};
    begin();
    mildWeather(25s);
    if (oneIn(2)) fault(Kind::rebind, between(1s, 20s), 20s);
    live(20s, 25);
  }
  void drawClock() {
    begin();
    mildWeather(20s);
    for (std::uint64_t i = 0, n = 1 + random_.below(4); i < n; ++i) {
      const Duration from = between(0s, 15s);
      if (oneIn(2))
        fault(Kind::wallJump, from, from, upTo(2) - 1, random_.below(3));
      else
        fault(Kind::sleep, from, from + (oneIn(3) ? between(30s, 3'600s) : between(1s, 20s)));
    }
    live(20s, 25);
  }
  // Acts so far apart that the one has done its work before the next begins.
  void drawOrder() {
    plan_.behindPort = {true, true};
    plan_.latency = between(200us, 20ms);
    actOf(0, Verb::open, between(0ms, 50ms), 6, random_.u32());
    Duration at = 5s;
    for (std::uint64_t i = 0, n = 4 + random_.below(8); i < n; ++i, at += 5s) {
      constexpr std::array verbs = {Verb::send,      Verb::send,         Verb::send,
                                    Verb::open,      Verb::closeChannel, Verb::restartIce,
                                    Verb::openAgreed};
      // Reliable channels only: what a lifetime lets go depends on time.
      const std::uint32_t reliable = (random_.u32() >> 8) * 12 + 6 + random_.u32() % 3;
      act(verbs.at(random_.below(verbs.size())), at, reliable, random_.u32() & 0xfff);
    }
  }

  void settle() {
    std::ranges::stable_sort(plan_.acts, {}, &Act::at);
    for (const Fault& each : plan_.faults) plan_.trouble = std::max(plan_.trouble, each.until);
    for (const Act& each : plan_.acts) plan_.trouble = std::max(plan_.trouble, each.at);
  }

  Random random_;
  Plan plan_;
};

}  // namespace

Plan draw(std::uint64_t seed, Scenario scenario) { return Drawing(seed, scenario).finish(); }

}  // namespace parley::seeds
