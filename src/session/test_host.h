#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/host.h"
#include "core/limits.h"
#include "core/random.h"

// What the tests of sessions stand on: hosts with sockets, timers and residents, and a network of
// one delay between them, all in virtual time. No loop: that has tests of its own.

namespace parley::session::test {

class SeededSecrets final : public Secrets {
 public:
  explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
  }

 private:
  Random random_;
};

struct Flight {
  Address from;
  Address to;
  ByteVector bytes;
  Instant sent;

  std::uint8_t first() const { return bytes.empty() ? 0 : bytes.front(); }
  bool isStun() const { return first() < 4; }
  bool isDtls() const { return first() >= 20 && first() < 64; }
};

class TestHost;

class Net {
 public:
  Net() = default;
  Net(const Net&) = delete;
  Net& operator=(const Net&) = delete;

  void send(Flight flight);
  void inject(Flight flight) { flying_.emplace(now, std::move(flight)); }  // forged, arrives now
  void runFor(Duration time);
  bool runUntil(const std::function<bool()>& condition, Duration limit);

  Instant now{1s};
  Duration delay = 10ms;
  std::function<bool(const Flight&)> passes;  // empty: all do
  std::vector<Flight> sent;                   // whether they passed or not
  PacketPool pool{4'096};
  Random random{1};
  SeededSecrets secrets{2};
  NoTrace trace;
  std::vector<TestHost*> hosts;

 private:
  bool turn(Instant until);

  std::multimap<Instant, Flight> flying_;
};

class TestHost final : public Host {
 public:
  TestHost(Net& net, std::vector<std::string> addresses) : net_(net) {
    net_.hosts.push_back(this);
    for (const std::string& address : addresses) addInterface(address);
  }
  ~TestHost() {
    std::erase(net_.hosts, this);
    tasks_.clear();
    while (!residents_.empty()) leave(*residents_.back());
    dismissed_.clear();
  }

  void addInterface(const std::string& address, InterfaceKind kind = InterfaceKind::ethernet) {
    interfaceList.push_back({.name = "if" + std::to_string(interfaceList.size()),
                             .kind = kind,
                             .address = *IpAddress::parse(address)});
  }

  Step& step() override {
    step_.now = net_.now;
    return step_;
  }
  void enter(Guest& guest) override {
    if (!seatOf(guest)) seats_.push_back({.guest = &guest});
  }
  void leave(Guest& guest) override {
    std::vector<SocketId> mine;
    for (const auto& [id, socket] : sockets)
      if (socket.owner == &guest) mine.push_back(id);
    for (const SocketId id : mine) close(id);
    std::erase_if(seats_, [&](const Seat& seat) { return seat.guest == &guest; });
    std::erase_if(asked, [&](const Question& question) { return question.guest == &guest; });
    const auto resident = std::ranges::find(residents_, &guest, &std::unique_ptr<Guest>::get);
    if (resident == residents_.end()) return;
    dismissed_.push_back(std::move(*resident));
    residents_.erase(resident);
  }
  void touch(Guest& guest) override {
    if (Seat* seat = seatOf(guest)) seat->touched = true;
  }
  void wakeAt(Guest& guest, Instant due) override {
    if (Seat* seat = seatOf(guest)) seat->due = due;
  }
  void adopt(std::unique_ptr<Guest> resident) override {
    enter(*resident);
    residents_.push_back(std::move(resident));
  }
  void dismiss(Guest& resident) override { leave(resident); }
  std::size_t residents() const override { return residents_.size() + strangers; }

  Result<BoundUdp, OpenError> openUdp(Guest& guest, const UdpOptions& options) override {
    opens.push_back(options);
    if (failOpen && failOpen(options)) return Unexpected(OpenError::addressInUse);
    const std::uint16_t port = options.portMin ? options.portMin : nextPort_++;
    const SocketId id{++lastSocket_};
    sockets[id] = {&guest, {options.local, port}};
    return BoundUdp{id, {options.local, port}};
  }
  void handOver(SocketId socket, Guest& heir) override {
    if (const auto found = sockets.find(socket); found != sockets.end())
      found->second.owner = &heir;
  }
  void close(SocketId socket) override {
    const auto found = sockets.find(socket);
    if (found == sockets.end()) return;
    const SocketId shared = found->second.shared;
    sockets.erase(found);
    unroute(socket);
    if (const auto port = sockets.find(shared); port != sockets.end())
      port->second.owner->onShareClosed(socket);
  }
  Result<BoundUdp, OpenError> shareUdp(Guest& guest, SocketId shared) override {
    const SocketId id{++lastSocket_};
    const Address local = sockets.at(shared).local;
    sockets[id] = {&guest, local, shared};
    return BoundUdp{id, local};
  }
  bool route(SocketId share, const Address& remote) override {
    return routes.emplace(remote, share).first->second == share;
  }
  bool isRouted(SocketId share, const Address& remote) const override {
    const auto found = routes.find(remote);
    return found != routes.end() && found->second == share;
  }
  void unroute(SocketId share) override {
    std::erase_if(routes, [share](const auto& each) { return each.second == share; });
  }
  void forward(SocketId share, Datagram datagram) override {
    Guest& guest = *sockets.at(share).owner;
    touch(guest);
    datagram.socket = share;
    guest.onDatagram(step(), std::move(datagram));
  }
  void send(Datagram datagram) override {
    const auto socket = sockets.find(datagram.socket);
    ASSERT_NE(socket, sockets.end()) << "sent on a socket that is closed";
    net_.send({.from = socket->second.local,
               .to = datagram.remote,
               .bytes = toVector(datagram.packet.bytes()),
               .sent = net_.now});
  }
  // Streams lead nowhere: what was written is kept, and tests say what comes.
  Result<SocketId, OpenError> connectTcp(Guest& guest, const TcpOptions& options) override {
    const SocketId id{++lastSocket_};
    sockets[id] = {&guest, {options.local, nextPort_++}};
    streams[id] = {options.remote, {}};
    return id;
  }
  Result<BoundTcp, OpenError> listenTcp(Guest& guest, const TcpListenOptions& options) override {
    if (failListen) return Unexpected(OpenError::addressInUse);
    const SocketId id{++lastSocket_};
    const std::uint16_t port = options.portMin ? options.portMin : nextPort_++;
    sockets[id] = {&guest, {options.local, port}};
    return BoundTcp{id, {options.local, port}};
  }
  SocketId acceptTcp(Guest& owner, const Address& local, const Address& remote) {
    const SocketId id{++lastSocket_};
    sockets[id] = {&owner, local};
    streams[id] = {remote, {}};
    return id;
  }
  bool write(SocketId stream, Bytes bytes) override {
    const auto found = streams.find(stream);
    if (found == streams.end() || !sockets.contains(stream) || writable(stream) < bytes.size())
      return false;
    found->second.written.insert(found->second.written.end(), bytes.begin(), bytes.end());
    return true;
  }
  std::size_t writable(SocketId stream) const override {
    const auto found = streams.find(stream);
    return found == streams.end() ? 0 : found->second.room - found->second.written.size();
  }
  ResolveId resolve(Guest& guest, std::string hostname) override {
    const ResolveId request{++lastRequest_};
    asked.push_back({&guest, request, std::move(hostname)});
    return request;
  }
  // The oldest question for the name is answered; false: nobody asks for it.
  bool answer(const std::string& hostname, std::vector<IpAddress> found) {
    const auto question = std::ranges::find(asked, hostname, &Question::hostname);
    if (question == asked.end()) return false;
    const Question one = *question;
    asked.erase(question);
    touch(*one.guest);
    one.guest->onResolved(step(), one.request, std::move(found));
    settle();
    return true;
  }
  std::string publishName(Guest&, const IpAddress& address) override {
    const std::string name = "name" + std::to_string(++lastName_) + ".local";
    published.emplace(name, address);
    return name;
  }
  void withdrawName(Guest&, const std::string& name) override { published.erase(name); }
  void watchInterfaces(Guest&) override {}
  std::vector<NetworkInterface> interfaces() override { return interfaceList; }
  void queueTask(std::move_only_function<void()> task) override {
    tasks_.push_back(std::move(task));
  }

  // The end of a step: touched guests, then tasks, until nothing is left.
  void settle() {
    for (;;) {
      const auto seat = std::ranges::find(seats_, true, &Seat::touched);
      if (seat != seats_.end()) {
        seat->touched = false;
        seat->guest->onStepEnd(step());
      } else if (!tasks_.empty()) {
        auto task = std::move(tasks_.front());
        tasks_.pop_front();
        task();
      } else {
        break;
      }
    }
    dismissed_.clear();
  }
  bool deliver(Flight& flight) {
    auto socket = std::ranges::find_if(sockets, [&](const auto& each) {
      return each.second.local == flight.to && each.second.shared == SocketId{};
    });
    if (socket == sockets.end()) return false;
    if (const auto route = routes.find(flight.from); route != routes.end()) {
      const auto share = sockets.find(route->second);
      if (share != sockets.end() && share->second.shared == socket->first) socket = share;
    }
    Guest& guest = *socket->second.owner;
    touch(guest);
    guest.onDatagram(step(), {.socket = socket->first,
                              .local = flight.to,
                              .remote = flight.from,
                              .arrival = net_.now,
                              .packet = Packet::lend(flight.bytes)});
    settle();
    return true;
  }
  Instant nextDue() const {
    Instant due = never();
    for (const Seat& seat : seats_) due = std::min(due, seat.due);
    return due;
  }
  void expireTimers() {
    for (;;) {
      const auto seat =
          std::ranges::find_if(seats_, [&](const Seat& each) { return each.due <= net_.now; });
      if (seat == seats_.end()) return;
      seat->due = never();
      seat->touched = true;
      seat->guest->onTimer(step());
      settle();
    }
  }

  bool isEmpty() const { return seats_.empty() && sockets.empty() && residents_.empty(); }
  std::size_t guests() const { return seats_.size(); }

  struct Socket {
    Guest* owner = nullptr;
    Address local;
    SocketId shared{};  // of a share
  };
  struct Stream {
    Address remote;
    ByteVector written;  // and not taken out by the test
    std::size_t room = limits::loop::kUnsentBytesPerStream;
  };
  struct Question {
    Guest* guest = nullptr;
    ResolveId request{};
    std::string hostname;
  };
  std::vector<Question> asked;
  std::map<std::string, IpAddress> published;  // names of ours
  std::vector<NetworkInterface> interfaceList;
  std::map<SocketId, Socket> sockets;
  std::map<Address, SocketId> routes;  // to shares
  std::map<SocketId, Stream> streams;  // closed ones as well
  bool failListen = false;
  std::vector<UdpOptions> opens;
  std::function<bool(const UdpOptions&)> failOpen;
  std::size_t strangers = 0;  // residents that are none of ours

 private:
  struct Seat {
    Guest* guest = nullptr;
    Instant due = never();
    bool touched = false;
  };
  Seat* seatOf(const Guest& guest) {
    const auto seat = std::ranges::find(seats_, &guest, &Seat::guest);
    return seat == seats_.end() ? nullptr : &*seat;
  }

  Net& net_;
  Step step_{net_.now, 1'795'000'000'000'000, net_.pool, net_.random, net_.secrets, net_.trace};
  std::vector<Seat> seats_;
  std::vector<std::unique_ptr<Guest>> residents_;
  std::vector<std::unique_ptr<Guest>> dismissed_;
  std::deque<std::move_only_function<void()>> tasks_;
  std::uint32_t lastSocket_ = 0;
  std::uint64_t lastRequest_ = 0;
  int lastName_ = 0;
  std::uint16_t nextPort_ = 50'000;
};

inline void Net::send(Flight flight) {
  const bool isCarried = !passes || passes(flight);
  sent.push_back(flight);
  if (isCarried) flying_.emplace(now + delay, std::move(flight));
}

// What happens next, if it happens by then.
inline bool Net::turn(Instant until) {
  for (TestHost* host : hosts) host->settle();
  Instant next = flying_.empty() ? never() : flying_.begin()->first;
  for (const TestHost* host : hosts) next = std::min(next, host->nextDue());
  if (next > until) return false;
  now = std::max(now, next);
  while (!flying_.empty() && flying_.begin()->first <= now) {
    Flight flight = std::move(flying_.begin()->second);
    flying_.erase(flying_.begin());
    for (TestHost* host : hosts)
      if (host->deliver(flight)) break;
  }
  for (TestHost* host : hosts) host->expireTimers();
  return true;
}

inline void Net::runFor(Duration time) {
  const Instant end = now + time;
  while (turn(end)) {
  }
  now = end;
}

inline bool Net::runUntil(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now + limit;
  while (!condition())
    if (!turn(end)) return now = end, condition();
  return true;
}

}  // namespace parley::session::test
