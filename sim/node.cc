#include "sim/node.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/limits.h"
#include "sim/chance.h"
#include "sim/world.h"

namespace parley::sim {

namespace {
constexpr std::uint16_t kEphemeralMin = 49'152;  // RFC 6335 6
constexpr std::uint16_t kEphemeralMax = 65'535;
constexpr std::size_t kSockets = 1'024;  // as a process is allowed descriptors
}  // namespace

void SeededSecrets::fill(MutableBytes bytes) {
  if (favoursEdges_ && bytes.size() == sizeof(std::uint32_t) && random_.below(8) != 0) {
    const auto edge = ~static_cast<std::uint32_t>(random_.below(50));
    copyBytes(bytes, {reinterpret_cast<const std::uint8_t*>(&edge), sizeof edge});
    return;
  }
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
}

Node::Node(World& world, std::string name, std::vector<IpAddress> addresses, std::uint64_t seed,
           Realm realm)
    : Station(world, std::move(name), realm),
      dice_(seed),
      secrets_(dice_.u64()),
      tcp_(*this, ~seed, stats_, nextSocket_),
      loop_(*this, secrets_, world.trace().ofNode(Station::name()), {.seed = dice_.u64()}) {
  for (const IpAddress& address : addresses) addAddress(address);
}

Node::~Node() {
  for (const auto& [address, realm] : realms_) world().release(address, *this, realm);
}

void Node::post(std::move_only_function<void()> task) {
  posted_.push_back(std::move(task));
  scheduleTurn();
}

void Node::addAddress(const IpAddress& address, InterfaceKind kind) {
  addAddress(address, kind, realm());
}

void Node::addAddress(const IpAddress& address, InterfaceKind kind, Realm realm) {
  world().claim(address, *this, realm);
  realms_.emplace(address, realm);
  const std::uint32_t index = nextInterface_++;
  interfaces_.push_back({"sim" + std::to_string(index), index, kind, address});
  tellOfInterfaces();
}

void Node::removeAddress(const IpAddress& address) {
  if (!hasAddress(address)) return;
  world().release(address, *this, realmOf(address));
  realms_.erase(address);
  std::erase_if(interfaces_, [&](const auto& one) { return one.address == address; });
  tellOfInterfaces();
}

// As the system does, with a word for several changes at once.
void Node::tellOfInterfaces() {
  if (!isWatched_ || std::exchange(hasNewInterfaces_, true)) return;
  scheduleTurn();
}

const IpAddress* Node::published(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &found->second;
}

bool Node::hasAddress(const IpAddress& address) const {
  return std::ranges::any_of(interfaces_, [&](const auto& one) { return one.address == address; });
}

Realm Node::realmOf(const IpAddress& source) const {
  const auto found = realms_.find(source);
  return found == realms_.end() ? realm() : found->second;
}

bool Node::isIn(Realm realm) const {
  return realm == this->realm() ||
         std::ranges::any_of(realms_, [&](const auto& each) { return each.second == realm; });
}

std::optional<IpAddress> Node::firstAddress() const {
  if (interfaces_.empty()) return std::nullopt;
  return interfaces_.front().address;
}

void Node::receive(WireDatagram datagram) {
  if (!isOnline_) return;
  if (datagram.protocol == Protocol::tcp) {
    if (!isAsleep()) tcp_.receive(datagram);
    return;
  }
  const bool hasRoom = isAsleep() ? inbox_.size() < keepsAsleep_
                                  : inboxBytes_ + datagram.bytes.size() <= receiveBuffer_;
  if (!hasRoom) {
    ++dropped_;
    return;
  }
  inboxBytes_ += datagram.bytes.size();
  inbox_.push_back(std::move(datagram));
  scheduleTurn();
}

loop::ClockReading Node::readClock() {
  return {world().now(), wallClock_.at(world().wallMicros())};
}

void Node::sleep(Duration time, std::size_t keeps) {
  awakeAt_ = std::max(awakeAt_, world().now() + time);
  keepsAsleep_ = keeps;
}

bool Node::isAsleep() const { return world().now() < awakeAt_; }

std::optional<OpenError> Node::openRefused() {
  if (failOpens_) return failOpens_;
  if (++opens_ == failOpenAt_) return failOpenWith_;
  if (sockets_.size() + tcp_.sockets() >= kSockets) return OpenError::outOfResources;
  return std::nullopt;
}

Result<SocketId, OpenError> Node::connectTcp(const TcpOptions& options) {
  if (const auto refused = openRefused()) return Unexpected(*refused);
  const bool isKnown = options.local.isUnspecified() || hasAddress(options.local);
  if (!isKnown) return Unexpected(OpenError::addressNotAvailable);
  return tcp_.connect(options);
}

Result<BoundTcp, OpenError> Node::listenTcp(const TcpListenOptions& options) {
  if (const auto refused = openRefused()) return Unexpected(*refused);
  const bool isKnown = options.local.isUnspecified() || hasAddress(options.local);
  if (!isKnown) return Unexpected(OpenError::addressNotAvailable);
  return tcp_.listen(options);
}

Schedule& Node::schedule() { return world().schedule(); }

void Node::transmitSegment(WireDatagram segment) {
  bytesSent_ += segment.bytes.size();
  if (!isOnline_ || !hasAddress(segment.source.ip)) return;
  isSending_ = true;
  world().transmit(*this, std::move(segment));
  isSending_ = false;
}

std::optional<IpAddress> Node::sourceTowards(const IpAddress& local,
                                             const IpAddress& remote) const {
  const IpAddress any = remote.isV4() ? IpAddress::v4({}) : IpAddress::v6({});
  return sourceFor({{local.isUnspecified() ? any : local, 0}}, {.remote = {remote, 0}});
}

Result<BoundUdp, OpenError> Node::openUdp(const UdpOptions& options) {
  if (const auto refused = openRefused()) return Unexpected(*refused);
  const bool isKnown = options.local.isUnspecified() || hasAddress(options.local);
  if (!isKnown) return Unexpected(OpenError::addressNotAvailable);
  const auto port = choosePort(options);
  if (!port) return Unexpected(OpenError::addressInUse);
  const SocketId socket{nextSocket_++};
  const Address local{options.local, *port};
  sockets_.emplace(socket, Socket{local});
  bound_.emplace(local, socket);
  return BoundUdp{socket, local};
}

// Every port of the range once, in an order of the dice: steps of a width prime to its length.
std::optional<std::uint16_t> Node::choosePort(const UdpOptions& options) {
  const bool isAny = options.portMin == 0 && options.portMax == 0;
  const std::uint32_t first = isAny ? kEphemeralMin : options.portMin;
  const std::uint32_t last = isAny ? kEphemeralMax : options.portMax;
  if (first == 0 || last < first) return std::nullopt;
  const std::uint32_t count = last - first + 1;
  auto width = static_cast<std::uint32_t>(1 + dice_.below(count));
  while (std::gcd(width, count) != 1) ++width;
  auto offset = static_cast<std::uint32_t>(dice_.below(count));
  for (std::uint32_t i = 0; i < count; ++i, offset = (offset + width) % count) {
    const auto port = static_cast<std::uint16_t>(first + offset);
    const IpAddress any = options.local.isV4() ? IpAddress::v4({}) : IpAddress::v6({});
    const bool isTaken = std::ranges::any_of(bound_, [&](const auto& entry) {
      const Address& other = entry.first;
      return other.port == port && other.ip.family() == options.local.family() &&
             (other.ip == options.local || other.ip == any || options.local == any);
    });
    if (!isTaken) return port;
  }
  return std::nullopt;
}

void Node::closeUdp(SocketId socket) {
  const auto found = sockets_.find(socket);
  if (found == sockets_.end()) return;
  bound_.erase(found->second.local);
  sockets_.erase(found);
}

std::optional<SocketId> Node::socketFor(const Address& destination) const {
  const IpAddress any = destination.ip.isV4() ? IpAddress::v4({}) : IpAddress::v6({});
  for (const IpAddress& ip : {destination.ip, any}) {
    if (const auto found = bound_.find({ip, destination.port}); found != bound_.end()) {
      return found->second;
    }
  }
  return std::nullopt;
}

// What the datagram leaves with: the socket's address, the one asked for, or the first of the kind.
std::optional<IpAddress> Node::sourceFor(const Socket& socket, const Datagram& datagram) const {
  if (datagram.remote.ip.family() != socket.local.ip.family()) return std::nullopt;
  for (const IpAddress& wanted : {socket.local.ip, datagram.local.ip}) {
    if (wanted.isUnspecified()) continue;
    return hasAddress(wanted) ? std::optional(wanted) : std::nullopt;
  }
  const auto first = std::ranges::find(interfaces_, datagram.remote.ip.family(),
                                       [](const auto& one) { return one.address.family(); });
  return first == interfaces_.end() ? std::nullopt : std::optional(first->address);
}

std::vector<std::uint16_t> Node::ports() const {
  std::vector<std::uint16_t> open;
  open.reserve(bound_.size());
  for (const auto& [local, socket] : bound_) open.push_back(local.port);
  return open;
}

void Node::send(std::span<Datagram> batch) {
  isSending_ = true;
  for (const Datagram& datagram : batch) {
    bytesSent_ += datagram.packet.size();
    const auto socket = sockets_.find(datagram.socket);
    const auto source =
        socket == sockets_.end() ? std::nullopt : sourceFor(socket->second, datagram);
    if (!source) {
      ++stats_.sendErrors;
      continue;
    }
    ++stats_.datagramsSent;
    if (!isOnline_) continue;
    world().transmit(*this, {{*source, socket->second.local.port},
                             datagram.remote,
                             datagram.ecn,
                             toVector(datagram.packet.bytes())});
  }
  isSending_ = false;
}

void Node::resolve(ResolveId request, std::string hostname) {
  NameAnswer name = world().lookUp(*this, hostname);
  if (++lookUps_ == failLookUpAt_) name.addresses.clear();
  asking_.insert(request);
  if (name.isNever) return;
  world().schedule().after(name.delay, [this, request, found = name.addresses] {
    if (asking_.erase(request) == 0) return;
    answers_.push_back({request, isOnline_ ? found : std::vector<IpAddress>{}});
    scheduleTurn();
  });
}

void Node::scheduleTurn() {
  if (std::exchange(turnScheduled_, true)) return;
  const Duration late = slowness_ == Duration{} ? slowness_ : upTo(dice_, slowness_);
  world().schedule().after(late, [this] { turn(); });
}

void Node::turn() {
  if (isAsleep()) {
    world().schedule().at(awakeAt_, [this] { turn(); });
    return;
  }
  turnScheduled_ = false;
  ++turns_;
  if (inbox_.empty() && answers_.empty() && posted_.empty() && !hasNewInterfaces_ &&
      !tcp_.hasMore())
    ++timerTurns_;
  loop_.begin();
  if (std::exchange(hasNewInterfaces_, false)) loop_.interfacesChanged();
  deliverInbox();
  tcp_.deliver(loop_);
  for (Answer& answer : std::exchange(answers_, {})) {
    loop_.resolved(answer.request, std::move(answer.found));
  }
  loop_.expireTimers();
  for (auto& task : std::exchange(posted_, {})) loop_.run(std::move(task));
  loop_.end();
  sleepUntil(loop_.nextDeadline());
  for (const std::exception_ptr& thrown : loop_.takeUnhandled()) std::rethrow_exception(thrown);
}

void Node::deliverInbox() {
  std::vector<WireDatagram> lent;  // the bytes stay put until the turn is over
  lent.reserve(limits::loop::kDatagramsPerStep);
  while (!inbox_.empty() && lent.size() < limits::loop::kDatagramsPerStep) {
    WireDatagram& datagram = lent.emplace_back(std::move(inbox_.front()));
    inbox_.pop_front();
    inboxBytes_ -= datagram.bytes.size();
    const auto socket = socketFor(datagram.destination);
    if (!socket) continue;
    ++stats_.datagramsReceived;
    loop_.deliver(*socket, datagram.destination, datagram.source, datagram.ecn, datagram.bytes);
  }
  lent_ = std::move(lent);
  if (!inbox_.empty()) scheduleTurn();
}

// A wake-up that a later turn made needless finds its instant replaced.
void Node::sleepUntil(Instant due) {
  if (due <= world().now()) return scheduleTurn();
  if (due >= wakesAt_) return;
  wakesAt_ = due;
  world().schedule().at(due, [this, due] {
    if (wakesAt_ != due) return;
    wakesAt_ = never();
    scheduleTurn();
  });
}

}  // namespace parley::sim
