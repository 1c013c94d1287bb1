#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/trace.h"
#include "loop/driver.h"
#include "loop/loop.h"

// What the tests of the loop turn it with: a driver that records, and guests that do as told.

namespace parley::loop {

class FakeDriver final : public Driver {
 public:
  ClockReading readClock() override { return {now, 1'700'000'000'000'000 + micros()}; }
  Result<BoundUdp, OpenError> openUdp(const UdpOptions& options) override {
    if (failOpen) return Unexpected(*failOpen);
    const SocketId id{++lastSocket};
    open.insert(id);
    return BoundUdp{id, {options.local, static_cast<std::uint16_t>(5'000 + id.value)}};
  }
  void closeUdp(SocketId socket) override {
    open.erase(socket);
    log.push_back("close " + std::to_string(socket.value));
  }
  void send(std::span<Datagram> batch) override {
    log.push_back("send " + std::to_string(batch.size()));
    for (Datagram& datagram : batch) {
      sent.emplace_back(datagram.socket, std::string(textOf(datagram.packet.bytes())));
      lent += datagram.packet.isLent();
    }
  }
  Result<SocketId, OpenError> connectTcp(const TcpOptions& options) override {
    if (failOpen) return Unexpected(*failOpen);
    log.push_back("connect " + options.remote.toString());
    return *open.insert(SocketId{++lastSocket}).first;
  }
  Result<BoundTcp, OpenError> listenTcp(const TcpListenOptions& options) override {
    const auto bound = openUdp({options.local, options.portMin, options.portMax});
    if (!bound) return Unexpected(bound.error());
    return BoundTcp{bound->socket, bound->local};
  }
  void closeTcp(SocketId socket) override {
    open.erase(socket);
    log.push_back("close stream " + std::to_string(socket.value));
  }
  bool write(SocketId stream, Bytes bytes) override {
    if (bytes.size() > room) return false;
    room -= bytes.size();
    written.emplace_back(stream, std::string(textOf(bytes)));
    return true;
  }
  std::size_t writable(SocketId) const override { return room; }
  void pushStreams() override { log.push_back("push " + std::to_string(written.size())); }
  void resolve(ResolveId request, std::string hostname) override {
    asked.emplace_back(request, std::move(hostname));
  }
  void cancel(ResolveId request) override { cancelled.push_back(request); }
  void publishName(const std::string& name, const IpAddress& address) override {
    published.emplace(name, address);
  }
  void withdrawName(const std::string& name) override { published.erase(name); }
  std::vector<NetworkInterface> interfaces() override { return {{.name = "fake0"}}; }
  void watchInterfaces(bool isOn) override {
    isWatching = isOn;
    ++watchCalls;
  }
  void scheduleTurn() override { ++turnsAsked; }
  DriverStats stats() const override { return driverStats; }

  Instant now{10s};
  std::optional<OpenError> failOpen;
  std::uint32_t lastSocket = 0;
  std::set<SocketId> open;
  std::vector<std::string> log;
  std::vector<std::pair<SocketId, std::string>> sent;
  std::size_t room = 64;  // of all streams, for write()
  std::vector<std::pair<SocketId, std::string>> written;
  std::vector<std::pair<ResolveId, std::string>> asked;
  std::vector<ResolveId> cancelled;
  std::map<std::string, IpAddress> published;
  bool isWatching = false;
  int watchCalls = 0;
  DriverStats driverStats;
  int turnsAsked = 0;
  int lent = 0;

 private:
  std::int64_t micros() const { return now.time_since_epoch().count(); }
};

class PlainSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override {
    std::ranges::fill(bytes, std::uint8_t{7});
    if (bytes.size() < 2) return;
    ++filled_;
    bytes[0] = static_cast<std::uint8_t>(filled_ >> 8);
    bytes[1] = static_cast<std::uint8_t>(filled_);
  }

 private:
  std::uint16_t filled_ = 0;  // no two are the same
};

// Counts what reaches it and then does what the test asked for.
class ScriptedGuest : public Host::Guest {
 public:
  explicit ScriptedGuest(Host& host) : host_(host) {}
  ~ScriptedGuest() override {
    if (onDeath) onDeath();
    host_.leave(*this);
  }

  void onDatagram(Step& step, Datagram datagram) override {
    ++datagrams;
    arrivals.push_back(datagram.arrival);
    call(datagramDo, step, std::move(datagram));
  }
  void onTimer(Step& step) override {
    fired.push_back(step.now);
    call(timerDo, step);
  }
  void onResolved(Step& step, ResolveId request, std::vector<IpAddress> found) override {
    answers.emplace_back(request, found);
    call(resolvedDo, step);
  }
  void onInterfacesChanged(Step& step) override {
    ++changes;
    call(changeDo, step);
  }
  void onStreamOpened(Step& step, SocketId stream, const Address&) override {
    streams.push_back("opened " + std::to_string(stream.value));
    call(streamDo, step, stream);
  }
  void onStreamBytes(Step& step, SocketId stream, MutableBytes bytes) override {
    streams.push_back(std::to_string(stream.value) + ": " + std::string(textOf(bytes)));
    call(streamDo, step, stream);
  }
  void onStreamClosed(Step& step, SocketId stream, StreamEnd) override {
    streams.push_back("closed " + std::to_string(stream.value));
    call(streamDo, step, stream);
  }
  void onStreamAccepted(Step& step, SocketId, SocketId stream, const Address&,
                        const Address&) override {
    streams.push_back("accepted " + std::to_string(stream.value));
    call(streamDo, step, stream);
  }
  void onStepEnd(Step& step) override {
    ++settled;
    call(settleDo, step);
  }

  std::function<void(Step&, Datagram)> datagramDo;
  std::function<void(Step&)> timerDo, resolvedDo, changeDo, settleDo;
  std::function<void(Step&, SocketId)> streamDo;
  std::vector<std::string> streams;  // what happened to them
  std::function<void()> onDeath;
  int datagrams = 0;
  int settled = 0;
  int changes = 0;
  std::vector<Instant> fired, arrivals;
  std::vector<std::pair<ResolveId, std::vector<IpAddress>>> answers;

 private:
  // By copy: the script may destroy the guest that holds it.
  template <class Function, class... Arguments>
  static void call(const Function& function, Arguments&&... arguments) {
    if (Function copy = function) copy(std::forward<Arguments>(arguments)...);
  }

  Host& host_;
};

// A loop with its surroundings, and a turn as a driver makes it.
struct LoopFixture {
  FakeDriver driver;
  PlainSecrets secrets;
  NoTrace trace;
  Loop loop{driver, secrets, trace, {.seed = 1, .packetsMax = 16}};

  void turn(const std::function<void()>& input = {}) {
    loop.begin();
    if (input) input();
    loop.expireTimers();
    loop.end();
  }
  SocketId open(Host::Guest& guest) { return loop.openUdp(guest, {}).value().socket; }
  void deliver(SocketId socket, std::string text = "ping") {
    bytes_.push_back(std::make_unique<std::string>(std::move(text)));
    auto* data = reinterpret_cast<std::uint8_t*>(bytes_.back()->data());
    loop.deliver(socket, {}, {IpAddress::v4({192, 0, 2, 1}), 9}, 0, {data, bytes_.back()->size()});
  }
  void sendText(SocketId socket, std::string_view text) {
    loop.send({.socket = socket, .packet = loop.step().packets.copyOf(bytesOf(text))});
  }

 private:
  std::vector<std::unique_ptr<std::string>> bytes_;
};

}  // namespace parley::loop
