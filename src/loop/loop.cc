#include "loop/loop.h"

#include <algorithm>
#include <cstddef>

#include "core/assert.h"
#include "core/planted.h"

namespace parley::loop {
namespace {

void tap(Step& step, TracedPacket::Direction direction, const Address& local, const Address& remote,
         Bytes bytes) {
  step.trace.packet({.when = step.now,
                     .layer = TracedPacket::Layer::datagram,
                     .direction = direction,
                     .local = local,
                     .remote = remote,
                     .bytes = bytes});
}

}  // namespace

Loop::Loop(Driver& driver, Secrets& secrets, TraceSink& trace, const Config& config)
    : driver_(driver),
      packets_(config.packetsMax),
      random_(config.seed),
      step_{driver.readClock().now, 0, packets_, random_, secrets, trace},
      wheel_(step_.now) {}

Loop::~Loop() {
  PARLEY_ASSERT(!turning_);
  turning_ = open_ = true;  // the dying may still call, but no turn will follow
  tasks_.clear();
  while (guests_ > 0) {  // a dying resident may adopt another
    for (std::size_t i = 0; i < seats_.size(); ++i) {
      if (seats_[i].guest) vacate(seats_[i]);
    }
    bury();
  }
  tasks_.clear();
  unhandled_.clear();
  batch_.clear();
}

void Loop::open() {
  if (open_) return;
  open_ = true;
  refreshClock();
  if (!turning_) driver_.scheduleTurn();
}

void Loop::refreshClock() {
  const ClockReading reading = driver_.readClock();
  step_.now = std::max(step_.now, reading.now);
  step_.wallMicros = reading.wallMicros;
}

Step& Loop::step() {
  open();
  if (!turning_) refreshClock();
  return step_;
}

Loop::Seat* Loop::seatOf(const Guest& guest) {
  return guest.place_ == 0 ? nullptr : &seatAt(guest.place_);
}

Loop::Seat& Loop::takeSeat() {
  if (freeSeat_ == 0) {
    Seat& seat = seats_.emplace_back();
    seat.place = static_cast<std::uint32_t>(seats_.size());
    return seat;
  }
  Seat& seat = seatAt(freeSeat_);
  freeSeat_ = seat.nextFree;
  return seat;
}

void Loop::enter(Guest& guest) {
  if (guest.place_ != 0) return;
  Seat& seat = takeSeat();
  seat.guest = &guest;
  guest.place_ = seat.place;
  ++guests_;
}

void Loop::vacate(Seat& seat) {
  while (!seat.sockets.empty()) close(seat.sockets.back());
  for (const ResolveId request : seat.requests) {
    asking_.erase(request);
    driver_.cancel(request);
  }
  seat.requests.clear();
  while (!seat.names.empty()) withdraw(seat, seat.names.back());
  if (std::exchange(seat.isWatching, false) && --watching_ == 0) driver_.watchInterfaces(false);
  if (!isPlanted(PlantedBug::timerAfterClose)) wheel_.clear(seat);
  if (seat.isTouched) touched_[seat.touchedAt] = 0;
  seat.isTouched = false;
  std::exchange(seat.guest, nullptr)->place_ = 0;
  --guests_;
  if (seat.resident) {
    --residents_;
    dismissed_.push_back(std::move(seat.resident));
  }
  seat.nextFree = std::exchange(freeSeat_, seat.place);
}

void Loop::leave(Guest& guest) {
  Seat* seat = seatOf(guest);
  if (!seat) return;
  open();
  vacate(*seat);
}

void Loop::touch(Guest& guest) {
  if (Seat* seat = seatOf(guest)) touchSeat(*seat);
}

void Loop::touchSeat(Seat& seat) {
  open();
  if (seat.isTouched) return;
  seat.isTouched = true;
  seat.touchedAt = touched_.size();
  touched_.push_back(seat.place);
}

void Loop::wakeAt(Guest& guest, Instant due) {
  Seat* seat = seatOf(guest);
  if (!seat) return;
  open();
  // A timer fires once per step, however eager its owner.
  if (expiring_ && due <= step_.now) due = step_.now + Duration{1};
  wheel_.arm(*seat, due, step_.now);
}

void Loop::adopt(std::unique_ptr<Guest> resident) {
  enter(*resident);
  Seat& seat = *seatOf(*resident);
  PARLEY_ASSERT(!seat.resident);
  seat.resident = std::move(resident);
  ++residents_;
}

void Loop::dismiss(Guest& resident) { leave(resident); }

Result<BoundUdp, OpenError> Loop::openUdp(Guest& guest, const UdpOptions& options) {
  Seat* seat = seatOf(guest);
  if (!seat) return Unexpected(OpenError::outOfResources);
  open();
  auto bound = driver_.openUdp(options);
  if (!bound) {
    PARLEY_TRACE(step_, Topic::loop, "socket_refused",
                 {"error", static_cast<std::int64_t>(bound.error())});
    return bound;
  }
  own(*seat, bound->socket, {.place = seat->place, .local = bound->local});
  PARLEY_TRACE(step_, Topic::loop, "socket_opened", {"socket", bound->socket.value},
               {"port", bound->local.port});
  return bound;
}

void Loop::own(Seat& seat, SocketId socket, Owner owner) {
  const bool isNew = owners_.emplace(socket, owner).second;
  PARLEY_ASSERT(isNew);
  seat.sockets.push_back(socket);
}

void Loop::forget(Owners::iterator owner) {
  if (owner->second.place != 0) std::erase(seatAt(owner->second.place).sockets, owner->first);
  owners_.erase(owner);
}

void Loop::handOver(SocketId socket, Guest& heir) {
  const auto owner = owners_.find(socket);
  Seat* seat = seatOf(heir);
  if (owner == owners_.end() || !seat || owner->second.place == seat->place) return;
  if (owner->second.place == 0) return;
  std::erase(seatAt(owner->second.place).sockets, socket);
  seat->sockets.push_back(socket);
  owner->second.place = seat->place;
}

void Loop::close(SocketId socket) {
  const auto owner = owners_.find(socket);
  if (owner == owners_.end()) return;
  open();
  if (owner->second.shared != SocketId{}) return closeShare(owner);
  if (owner->second.shares == 0) return shut(owner);
  if (owner->second.place != 0) std::erase(seatAt(owner->second.place).sockets, socket);
  owner->second.place = 0;
}

void Loop::shut(Owners::iterator owner) {
  const SocketId socket = owner->first;
  if (owner->second.batch == batchNumber_) flush();
  const bool isTcp = owner->second.isTcp;
  forget(owner);
  if (isTcp) {
    driver_.closeTcp(socket);
  } else if (!isPlanted(PlantedBug::socketNotClosed)) {
    driver_.closeUdp(socket);
  }
  PARLEY_TRACE(step_, Topic::loop, "socket_closed", {"socket", socket.value});
}

void Loop::send(Datagram datagram) {
  auto owner = owners_.find(datagram.socket);
  if (owner != owners_.end() && owner->second.shared != SocketId{}) {
    datagram.socket = owner->second.shared;
    owner = owners_.find(datagram.socket);
  }
  datagram.packet = std::move(datagram.packet).keep(packets_);
  if (owner == owners_.end() || !datagram.packet) {
    ++dropped_;
    return;
  }
  open();
  owner->second.batch = batchNumber_;
  batch_.push_back(std::move(datagram));
}

ResolveId Loop::resolve(Guest& guest, std::string hostname) {
  const ResolveId request{++lastRequest_};
  Seat* seat = seatOf(guest);
  if (!seat) return request;
  open();
  asking_.emplace(request, seat->place);
  seat->requests.push_back(request);
  driver_.resolve(request, std::move(hostname));
  return request;
}

void Loop::queueTask(std::move_only_function<void()> task) {
  open();
  tasks_.push_back(std::move(task));
}

void Loop::begin() {
  PARLEY_ASSERT(!turning_);
  turning_ = open_ = true;
  refreshClock();
  ++steps_;
}

void Loop::deliver(SocketId socket, const Address& local, const Address& remote, std::uint8_t ecn,
                   MutableBytes bytes, Instant arrival) {
  PARLEY_ASSERT(turning_);
  socket = recipientOf(socket, remote);
  Seat* seat = touchOwner(socket);
  if (!seat) {
    ++dropped_;
    return;
  }
  if (step_.trace.wantsPackets()) tap(step_, TracedPacket::Direction::in, local, remote, bytes);
  const Instant when = arrival == Instant{} ? step_.now : std::min(arrival, step_.now);
  seat->guest->onDatagram(step_, {socket, local, remote, ecn, when, Packet::lend(bytes)});
  bury();
}

void Loop::resolved(ResolveId request, std::vector<IpAddress> found) {
  PARLEY_ASSERT(turning_);
  const auto asking = asking_.find(request);
  if (asking == asking_.end()) return;
  Seat& seat = seatAt(asking->second);
  asking_.erase(asking);
  std::erase(seat.requests, request);
  touchSeat(seat);
  seat.guest->onResolved(step_, request, std::move(found));
  bury();
}

void Loop::expireTimers() {
  PARLEY_ASSERT(turning_);
  expiring_ = true;
  for (std::size_t fired = 0; fired < limits::loop::kTimersPerStep; ++fired) {
    TimerWheel::Entry* entry = wheel_.expire(step_.now);
    if (!entry) break;
    Seat& seat = static_cast<Seat&>(*entry);
    if (isPlanted(PlantedBug::timerAfterClose) && !seat.guest) continue;  // it fires into nothing
    touchSeat(seat);
    seat.guest->onTimer(step_);
    bury();
  }
  expiring_ = false;
}

void Loop::run(std::move_only_function<void()> task) {
  PARLEY_ASSERT(turning_);
  runTask(task);
}

void Loop::end() {
  PARLEY_ASSERT(turning_);
  for (int round = 0; round < limits::loop::kSettleRounds && hasWork(); ++round) {
    settleTouched();
    runQueued();
  }
  bury();
  flush();
  turning_ = open_ = false;
}

// Only those touched before the round began: who is touched while others settle has the next one.
void Loop::settleTouched() {
  for (const std::size_t end = touched_.size(); settledTo_ < end;) {
    const std::uint32_t place = touched_[settledTo_++];
    if (place == 0) continue;
    seatAt(place).isTouched = false;
    seatAt(place).guest->onStepEnd(step_);
    bury();
  }
  touched_.erase(touched_.begin(), touched_.begin() + static_cast<std::ptrdiff_t>(settledTo_));
  settledTo_ = 0;
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    if (touched_[i] != 0) seatAt(touched_[i]).touchedAt = i;
  }
}

void Loop::runQueued() {
  for (std::size_t count = tasks_.size(); count > 0; --count) {
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    runTask(task);
  }
}

// Tasks run handlers of users, and those may throw; everything else below peer/ does not.
void Loop::runTask(std::move_only_function<void()>& task) {
  try {
    task();
  } catch (...) {
    unhandled_.push_back(std::current_exception());
  }
  task = nullptr;  // what it held dies here, before the dismissed do
  bury();
}

void Loop::bury() {
  while (!dismissed_.empty()) {
    const auto dead = std::exchange(dismissed_, {});
  }
}

void Loop::flush() {
  ++batchNumber_;
  if (std::exchange(hasWritten_, false)) driver_.pushStreams();
  if (batch_.empty()) return;
  if (step_.trace.wantsPackets())
    for (const Datagram& out : batch_)
      tap(step_, TracedPacket::Direction::out, out.local, out.remote, out.packet.bytes());
  driver_.send(batch_);
  batch_.clear();
}

Instant Loop::nextDeadline() const { return hasWork() ? step_.now : wheel_.next(); }

const char* Loop::inconsistency() const {
  for (const Seat& seat : seats_)
    if (const char* found = seat.guest ? seat.guest->inconsistency() : nullptr) return found;
  return nullptr;
}

void Loop::trim() {
  packets_.trim();
  if (batch_.empty()) batch_.shrink_to_fit();
  if (touched_.empty()) touched_.shrink_to_fit();
  owners_.rehash(0);
  asking_.rehash(0);
  if (!turning_) removeSeats();
}

// As far as nobody sits behind them; a turn may still look at one whose guest has just left.
void Loop::removeSeats() {
  while (!seats_.empty() && !seats_.back().guest) seats_.pop_back();
  freeSeat_ = 0;
  for (Seat& seat : seats_)
    if (!seat.guest) seat.nextFree = std::exchange(freeSeat_, seat.place);
  seats_.shrink_to_fit();
}

LoopReport Loop::report() const {
  LoopReport report;
  report.guests = guests_;
  report.residents = residents_;
  report.driver = driver_.stats();
  report.sockets =
      owners_.size() - shares_ + report.driver.streamsLingering + report.driver.socketsOfItsOwn;
  report.shares = shares_;
  report.routes = routes_ ? routes_->size() : 0;
  report.routesRefused = routesRefused_;
  report.timersArmed = wheel_.armed();
  report.resolving = asking_.size();
  report.packetsInUse = packets_.inUse();
  report.tasksQueued = tasks_.size();
  report.datagramsBatched = batch_.size();
  report.namesPublished = published_;
  report.datagramsDropped = dropped_ + report.driver.unsentDropped + report.driver.sendErrors +
                            report.driver.receivedTruncated;
  report.packetsRefused = packets_.refused();
  report.steps = steps_;
  for (const Seat& seat : seats_) {
    if (!seat.guest) continue;
    const Host::Guest::Holdings held = seat.guest->holdings();
    report.transactions += held.transactions;
    report.bytesUnread += held.bytesUnread;
    report.allocations += held.allocations;
    report.permissions += held.permissions;
    report.channels += held.channels;
  }
  return report;
}

}  // namespace parley::loop
