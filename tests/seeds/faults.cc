#include "faults.h"

#include <algorithm>
#include <utility>

namespace parley::seeds {
namespace {

using Kind = Fault::Kind;

constexpr std::size_t kSeen = 64;
constexpr int kDirections = 2;

}  // namespace

Faults::Faults(sim::World& world, Network& network, const Plan& plan)
    : world_(world),
      network_(network),
      plan_(plan),
      calm_{.latency = plan.latency},
      server_(world, network, plan),
      random_(plan.seed ^ 0xfau),
      forger_(plan.seed ^ 0xf0),
      active_(plan.faults.size()) {
  const bool isWatching = std::ranges::any_of(plan.faults, [](const Fault& fault) {
    return fault.kind == Kind::inject || fault.kind == Kind::capture;
  });
  if (!isWatching) return;
  world.observe([this](const sim::Station&, const sim::WireDatagram& datagram) {
    if (isOver_ || datagram.protocol == sim::Protocol::tcp) return;
    seen_.push_back(datagram);
    if (seen_.size() > kSeen) seen_.pop_front();
  });
}

void Faults::schedule() {
  for (std::size_t i = 0; i < plan_.faults.size(); ++i) {
    world_.at(plan_.faults[i].from, [this, i] { begin(i); });
    world_.at(plan_.faults[i].until, [this, i] { end(i); });
  }
}

void Faults::begin(std::size_t index) {
  if (isOver_) return;
  const Fault& fault = plan_.faults[index];
  if (ServerFaults::concerns(fault.kind)) return server_.begin(index);
  active_[index] = true;
  switch (fault.kind) {
    case Kind::wallJump: {
      constexpr std::array<Duration, 3> kJumps = {1h, 24h, 10 * 365 * 24h};
      const Duration jump = kJumps.at(fault.number % kJumps.size());
      return node(fault).shiftWallClock(fault.strength < 0 ? -jump : jump);
    }
    case Kind::rebind:
      if (sim::Nat* nat = natOf(fault)) nat->rebind();
      return;
    case Kind::sleep:
      return node(fault).sleep(fault.until - fault.from);
    case Kind::newAddress: {
      sim::Node& moving = node(fault);
      const IpAddress old = moving.address();
      moving.addAddress(network_.spareAddress(fault.side, nextAddress_++));
      return moving.removeAddress(old);
    }
    case Kind::forge:
    case Kind::inject:
    case Kind::capture:
      return attack(index);
    case Kind::mangle:
      mischief_->share = fault.strength;
      return;
    default:
      return apply();
  }
}

void Faults::end(std::size_t index) {
  if (ServerFaults::concerns(plan_.faults[index].kind)) return server_.end(index);
  if (!active_[index]) return;
  active_[index] = false;
  if (plan_.faults[index].kind == Kind::mangle) mischief_->share = 0;
  apply();
}

void Faults::clear() {
  isOver_ = true;
  active_.assign(active_.size(), false);
  mischief_->share = 0;
  server_.clear();
  apply();
}

void Faults::silence(int side, bool isSilent) {
  for (sim::Pipe* pipe : network_.pipesFrom(static_cast<std::size_t>(side)))
    isSilent ? pipe->cut() : pipe->mend();
}

sim::Nat* Faults::natOf(const Fault& fault) const {
  sim::Nat* own = network_.nat(fault.side);
  return own ? own : network_.nat(1 - fault.side);
}

void Faults::apply() {
  std::array<sim::LinkOptions, kDirections> options = {calm_, calm_};
  std::array<bool, kDirections> isCut{}, isOffline{};
  for (std::size_t i = 0; i < active_.size(); ++i) {
    if (!active_[i]) continue;
    const Fault& fault = plan_.faults[i];
    if (fault.kind == Kind::offline) isOffline[fault.side] = true;
    if (fault.kind == Kind::cutOneWay) isCut[fault.side] = true;
    if (fault.kind == Kind::cut) isCut = {true, true};
    for (int way = 0; way < kDirections; ++way) {
      sim::LinkOptions& it = options[static_cast<std::size_t>(way)];
      switch (fault.kind) {
        case Kind::loss:
          it.loss = std::max(it.loss, fault.strength);
          break;
        case Kind::burst:
          it.bursts = {.start = 0.25 / static_cast<double>(fault.number),
                       .packets = static_cast<double>(fault.number),
                       .loss = fault.strength};
          break;
        case Kind::jitter:
          it.jitter = Duration(static_cast<Duration::rep>(fault.number));
          it.keepsOrder = fault.side == 0;
          break;
        case Kind::reorder:
          it.reorder = fault.strength;
          it.reorderDelay = Duration(static_cast<Duration::rep>(fault.number));
          break;
        case Kind::duplicate:
          it.duplicate = fault.strength;
          it.copiesMax = 1 + plan_.seed % 4;
          break;
        case Kind::corrupt:
          it.corrupt = fault.strength;
          it.truncate = fault.side == 0 ? fault.strength : 0;
          it.append = fault.side == 1 ? fault.strength : 0;
          break;
        case Kind::rate:
          it.bitsPerSecond = fault.number;
          break;
        case Kind::narrow:
          it.mtu = fault.number;
          break;
        default:
          break;
      }
    }
  }
  for (std::size_t way = 0; way < kDirections; ++way) {
    for (sim::Pipe* pipe : network_.pipesFrom(way)) {
      pipe->options() = options[way];
      isCut[way] ? pipe->cut() : pipe->mend();
    }
    network_.node(way).setOnline(!isOffline[way]);
  }
}

// `number` datagrams a second, until the fault is over.
void Faults::attack(std::size_t index) {
  if (!active_[index] || isOver_) return;
  const Fault& fault = plan_.faults[index];
  sim::Node& victim = node(fault);
  sim::Node& other = network_.node(1 - fault.side);
  if (fault.kind == Kind::forge) {
    // A stranger who knows the ports of the victim, if it has shown any.
    sim::WireDatagram datagram;
    const auto ports = victim.ports();
    if (!ports.empty()) {
      datagram.source = {other.address(),
                         static_cast<std::uint16_t>(1'024 + random_.below(60'000))};
      datagram.destination = {victim.address(), ports[random_.below(ports.size())]};
      datagram.bytes = forger_.any();
      world_.transmit(other, std::move(datagram));
    }
  } else {
    std::vector<const sim::WireDatagram*> towards;
    for (const sim::WireDatagram& each : seen_)
      if (each.destination.ip == victim.address()) towards.push_back(&each);
    if (!towards.empty()) {
      sim::WireDatagram datagram = *towards[random_.below(towards.size())];
      if (fault.kind == Kind::inject)
        datagram.bytes = forger_.any();
      else if (random_.unit() < fault.strength)
        datagram.bytes = forger_.spoil(datagram.bytes);
      world_.transmit(other, std::move(datagram));
    }
  }
  const auto gap =
      Duration(1s) / static_cast<Duration::rep>(std::max<std::uint64_t>(fault.number, 1));
  world_.at(gap, [this, index] { attack(index); });
}

}  // namespace parley::seeds
