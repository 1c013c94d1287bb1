#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/host.h"
#include "core/random.h"
#include "core/trace.h"

// A host for one server: sockets that are numbers, a clock that is told, and all that was sent.
// The loop and whole networks have worlds of their own (tests/worlds).

namespace parley::server::test {

inline IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
inline Address at(std::string_view text) { return Address::parse(text).value(); }

class SeededSecrets final : public Secrets {
 public:
  void fill(MutableBytes bytes) override {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.u32());
  }

 private:
  Random random_{7};
};

class OneHost final : public Host {
 public:
  explicit OneHost(PacketPool& packets) : pool(packets) {}

  struct Sent {
    SocketId socket;
    Address from;
    Address to;
    ByteVector bytes;
  };

  Step& step() override { return step_; }
  void enter(Guest& guest) override { guest_ = &guest; }
  void leave(Guest&) override {
    guest_ = nullptr;
    sockets.clear();
    due = never();
  }
  void touch(Guest&) override {}
  void wakeAt(Guest&, Instant when) override { due = when; }
  void adopt(std::unique_ptr<Guest>) override {}
  void dismiss(Guest&) override {}
  Result<BoundUdp, OpenError> openUdp(Guest&, const UdpOptions& options) override {
    if (failOpen) return Unexpected(OpenError::outOfResources);
    const std::uint16_t first = options.portMin ? options.portMin : std::uint16_t{50'000};
    const std::uint16_t last = options.portMin ? options.portMax : std::uint16_t{65'535};
    for (unsigned port = first; port <= last; ++port) {
      const Address local{options.local, static_cast<std::uint16_t>(port)};
      if (std::ranges::find(sockets, local, [](const auto& each) { return each.second; }) !=
          sockets.end())
        continue;
      sockets[SocketId{++last_}] = local;
      return BoundUdp{SocketId{last_}, local};
    }
    return Unexpected(OpenError::addressInUse);
  }
  void handOver(SocketId, Guest&) override {}
  void close(SocketId socket) override { sockets.erase(socket); }
  void send(Datagram datagram) override {
    const auto socket = sockets.find(datagram.socket);
    if (socket == sockets.end()) return complain("sent on a socket that is closed");
    if (datagram.packet.isLent()) complain("sent what is only lent");
    if (datagram.local != socket->second) complain("sent from an address that is not the socket's");
    sent.push_back(
        {datagram.socket, socket->second, datagram.remote, toVector(datagram.packet.bytes())});
  }
  ResolveId resolve(Guest&, std::string) override { return {}; }
  std::string publishName(Guest&, const IpAddress&) override { return {}; }
  void withdrawName(Guest&, const std::string&) override {}
  void watchInterfaces(Guest&) override {}
  std::vector<NetworkInterface> interfaces() override {
    return {{.name = "eth0", .address = ip("192.0.2.9")},
            {.name = "lo", .address = ip("127.0.0.1")}};
  }
  void queueTask(std::move_only_function<void()>) override {}

  void deliver(const Address& to, const Address& from, Bytes bytes) {
    const auto socket =
        std::ranges::find_if(sockets, [&](const auto& each) { return each.second == to; });
    if (socket == sockets.end()) return;
    ByteVector lent = toVector(bytes);
    guest_->onDatagram(step_, {.socket = socket->first,
                               .local = to,
                               .remote = from,
                               .arrival = step_.now,
                               .packet = Packet::lend(lent)});
    settle();
  }
  void settle() {
    if (!guest_) return;
    guest_->onStepEnd(step_);
    if (const char* found = guest_->inconsistency()) complain(found);
  }
  void pass(Duration time) {
    const Instant end = step_.now + time;
    while (guest_ && due <= end) {
      step_.now = std::max(step_.now, std::exchange(due, never()));
      guest_->onTimer(step_);
      settle();
      if (due <= step_.now) return complain("a timer that does not move on");
    }
    step_.now = end;
  }

  PacketPool& pool;
  std::vector<Sent> sent;
  std::map<SocketId, Address> sockets;
  Instant due = never();
  bool failOpen = false;
  const char* complaint = nullptr;  // the first thing that was not as a host may expect

 private:
  void complain(const char* what) {
    if (!complaint) complaint = what;
  }

  Guest* guest_ = nullptr;
  std::uint32_t last_ = 0;
  Random random_{1};
  SeededSecrets secrets_;
  NoTrace trace_;
  Step step_{Instant(1'000s), 0, pool, random_, secrets_, trace_};
};

}  // namespace parley::server::test
