#include "sim/world.h"

#include <algorithm>

#include "core/assert.h"
#include "core/local_name.h"

namespace parley::sim {

namespace {
constexpr std::int64_t kWallStart = 1'767'225'600'000'000;  // 2026-01-01T00:00:00Z
constexpr Duration kLoopback = 20us;
constexpr Duration kLan = 1ms;
}  // namespace

Station::Station(World& world, std::string name, Realm realm)
    : world_(world), name_(std::move(name)), realm_(realm), number_(world.nextStation_++) {}

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

Node& World::addNode(std::string name, std::vector<IpAddress> addresses, Nat& behind) {
  nodes_.push_back(std::make_unique<Node>(*this, std::move(name), std::move(addresses),
                                          random_.u64(), behind.inner()));
  connect(*nodes_.back(), behind, {.latency = kLan});
  return *nodes_.back();
}

Nat& World::addNat(std::string name, std::optional<IpAddress> outside, const NatOptions& options) {
  return addNat(std::move(name), outside, options, Realm{0});
}

Nat& World::addNat(std::string name, std::optional<IpAddress> outside, const NatOptions& options,
                   Nat& behind) {
  Nat& nat = addNat(std::move(name), outside, options, behind.inner());
  connect(nat, behind, {.latency = kLan});
  return nat;
}

Nat& World::addNat(std::string name, std::optional<IpAddress> outside, const NatOptions& options,
                   Realm realm) {
  const auto inner = static_cast<Realm>(nats_.size() + 1);
  nats_.push_back(
      std::make_unique<Nat>(*this, std::move(name), realm, inner, outside, options, random_.u64()));
  return *nats_.back();
}

Link& World::connect(Station& a, Station& b, const LinkOptions& options) {
  return connect(a, b, options, options);
}

Link& World::connect(Station& a, Station& b, const LinkOptions& there, const LinkOptions& back) {
  PARLEY_ASSERT(&a != &b);
  Station& from = a.sideTowards(b);
  Station& to = b.sideTowards(a);
  std::unique_ptr<Link>& link = links_[std::minmax(from.number(), to.number())];
  // What is under way holds on to the link, so a second call changes the one that is there.
  if (!link) link = std::make_unique<Link>(schedule_, random_, from, to, there);
  link->from(a).options() = there;
  link->from(b).options() = back;
  return *link;
}

Link* World::linkBetween(Station& a, Station& b) {
  const auto found = links_.find(std::minmax(a.sideTowards(b).number(), b.sideTowards(a).number()));
  return found == links_.end() ? nullptr : found->second.get();
}

OffPath& World::addOffPath(std::string name, const IpAddress& address) {
  offPaths_.push_back(std::make_unique<OffPath>(*this, std::move(name), address, random_.u64()));
  return *offPaths_.back();
}

OnPath& World::addOnPath(Link& link, const OnPathOptions& options) {
  onPaths_.push_back(std::make_unique<OnPath>(*this, link, options, random_.u64()));
  return *onPaths_.back();
}

void World::setName(std::string hostname, std::vector<IpAddress> addresses, Duration delay) {
  names_.set(std::move(hostname), {{std::move(addresses), delay}});
}

Segment& World::addSegment(std::string name, const SegmentOptions& options) {
  segments_.push_back(std::make_unique<Segment>(std::move(name), options, random_.u64()));
  return *segments_.back();
}

NameAnswer World::lookUp(const Node& asker, const std::string& hostname) {
  if (!isLocalName(hostname)) return names_.ask(hostname);
  NameAnswer answer{{}, SegmentOptions{}.timeout};
  for (const auto& segment : segments_) {
    if (!segment->has(asker)) continue;
    answer = segment->ask(asker, hostname);
    if (!answer.addresses.empty()) return answer;
  }
  return answer;
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
  Station* to = stationFor(from, datagram);
  if (to == &from) {
    schedule_.after(kLoopback, [&from, datagram = std::move(datagram)]() mutable {
      from.arrive(std::move(datagram));
    });
    return;
  }
  const auto link =
      to == nullptr ? links_.end() : links_.find(std::minmax(from.number(), to->number()));
  if (link == links_.end()) {
    ++unroutable_;
    return;
  }
  link->second->from(from).carry(std::move(datagram));
}

// Null where nobody has the address and there is nobody to hand it on to.
Station* World::stationFor(const Station& from, const WireDatagram& datagram) const {
  const Realm realm = from.realmOf(datagram.source.ip);
  const auto found = stations_.find({realm, datagram.destination.ip});
  if (found != stations_.end()) return found->second;
  if (realm == 0) return nullptr;
  Station& gateway = nats_.at(realm - 1)->inside();
  return &gateway == &from ? nullptr : &gateway;
}

// The NAT that stands for an address of a realm outside of it.
Nat* World::gatewayFor(Realm realm, const IpAddress& address) const {
  const bool isPublic = address.isV6() && !address.isPrivate() && !address.isLinkLocal();
  return realm == 0 || !isPublic ? nullptr : nats_.at(realm - 1).get();
}

void World::claim(const IpAddress& address, Station& station, Realm realm) {
  const bool isFree = stations_.try_emplace({realm, address}, &station).second;
  PARLEY_ASSERT(isFree);
  if (Nat* gateway = gatewayFor(realm, address)) claim(address, *gateway, gateway->realm());
}

void World::release(const IpAddress& address, Station& station, Realm realm) {
  const auto found = stations_.find({realm, address});
  if (found == stations_.end() || found->second != &station) return;
  stations_.erase(found);
  if (Nat* gateway = gatewayFor(realm, address)) release(address, *gateway, gateway->realm());
}

}  // namespace parley::sim
