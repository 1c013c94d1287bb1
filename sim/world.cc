#include "sim/world.h"

#include <algorithm>

#include "core/assert.h"

namespace parley::sim {

namespace {
constexpr std::int64_t kWallStart = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
constexpr Duration kLoopback = 20us;
constexpr Duration kUnknownNameDelay = 50ms;
}  // namespace

Station::Station(World& world, std::string name)
    : world_(world), name_(std::move(name)), number_(world.nextStation_++) {}

World::World(std::uint64_t seed, TraceSink* trace)
    : trace_(trace ? *trace : noTrace_),
      random_(seed),
      openssl_(~seed, [this] { return wallMicros(); }) {}

void Station::arrive(WireDatagram datagram) {
  world_.announceArrival(*this, datagram);
  receive(std::move(datagram));
}

// Events hold what belongs to nodes and links.
World::~World() { schedule_.clear(); }

Node& World::addNode(std::string name) {
  const auto number = static_cast<std::uint8_t>(nodes_.size() + 1);
  return addNode(std::move(name), {IpAddress::v4({10, 0, 0, number})});
}

Node& World::addNode(std::string name, std::vector<IpAddress> addresses) {
  nodes_.push_back(
      std::make_unique<Node>(*this, std::move(name), std::move(addresses), random_.u64()));
  return *nodes_.back();
}

Link& World::connect(Station& a, Station& b, const LinkOptions& options) {
  return connect(a, b, options, options);
}

Link& World::connect(Station& a, Station& b, const LinkOptions& there, const LinkOptions& back) {
  PARLEY_ASSERT(&a != &b);
  std::unique_ptr<Link>& link = links_[std::minmax(a.number(), b.number())];
  // What is under way holds on to the link, so a second call changes the one that is there.
  if (!link) link = std::make_unique<Link>(schedule_, random_, a, b, there);
  link->from(a).options() = there;
  link->from(b).options() = back;
  return *link;
}

Link* World::linkBetween(const Station& a, const Station& b) {
  const auto found = links_.find(std::minmax(a.number(), b.number()));
  return found == links_.end() ? nullptr : found->second.get();
}

void World::setName(std::string hostname, std::vector<IpAddress> addresses, Duration delay) {
  names_[std::move(hostname)] = {std::move(addresses), delay};
}

World::Name World::lookUp(const std::string& hostname) const {
  if (const auto literal = IpAddress::parse(hostname)) return {{*literal}, Duration{}};
  const auto found = names_.find(hostname);
  return found == names_.end() ? Name{{}, kUnknownNameDelay} : found->second;
}

void World::at(Duration after, std::function<void()> what) {
  schedule_.after(after, std::move(what));
}

bool World::runUntil(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now() + limit;
  while (!condition()) {
    if (schedule_.next() > end) {
      schedule_.moveTo(end);
      return false;
    }
    schedule_.runNext();
  }
  return true;
}

void World::runFor(Duration time) {
  runUntil([] { return false; }, time);
}

std::int64_t World::wallMicros() const { return kWallStart + now().time_since_epoch().count(); }

void World::stopObserving() {
  observers_.clear();
  arrivalObservers_.clear();
}

void World::announceArrival(const Station& at, const WireDatagram& datagram) {
  for (const Observer& observer : arrivalObservers_) observer(at, datagram);
}

void World::transmit(Station& from, WireDatagram datagram) {
  for (const Observer& observer : observers_) observer(from, datagram);
  const auto to = stations_.find(datagram.destination.ip);
  if (to == stations_.end()) {
    ++unroutable_;
    return;
  }
  if (to->second == &from) {
    schedule_.after(kLoopback, [&from, datagram = std::move(datagram)]() mutable {
      from.arrive(std::move(datagram));
    });
    return;
  }
  if (Link* link = linkBetween(from, *to->second)) {
    link->from(from).carry(std::move(datagram));
  } else {
    ++unroutable_;
  }
}

void World::claim(const IpAddress& address, Station& station) {
  const bool isFree = stations_.emplace(address, &station).second;
  PARLEY_ASSERT(isFree);
}

void World::release(const IpAddress& address) { stations_.erase(address); }

}  // namespace parley::sim
