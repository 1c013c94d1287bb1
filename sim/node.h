#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/host.h"
#include "core/random.h"
#include "loop/driver.h"
#include "loop/loop.h"
#include "sim/station.h"
#include "sim/tcp_stack.h"
#include "sim/wall_clock.h"

namespace parley::sim {

// A CSPRNG that is none: the same seed gives the same keys.
class SeededSecrets final : public Secrets {
 public:
  explicit SeededSecrets(std::uint64_t seed) : random_(seed) {}
  void fill(MutableBytes bytes) override;
  // Numbers of four bytes, which sequences begin with, are then mostly just below their wrap.
  void favourEdges(bool isOn) { favoursEdges_ = isOn; }

 private:
  Random random_;
  bool favoursEdges_ = false;
};

// A machine: addresses, ports, and a real loop::Loop whose driver it is. Peers are made on host().
// What arrives at one instant is one turn, as with a kernel's queue.
class Node final : public Station, private loop::Driver, private TcpStack::Machine {
 public:
  Node(World& world, std::string name, std::vector<IpAddress> addresses, std::uint64_t seed,
       Realm realm = 0);
  ~Node() override;

  Host& host() { return loop_; }
  loop::LoopReport report() const { return loop_.report(); }
  std::uint64_t bytesSent() const { return bytesSent_; }  // by its guests, whatever became of it
  bool isSending() const { return isSending_; }           // what leaves now is its own
  std::vector<std::uint16_t> ports()
      const;  // of the sockets that are open, in order of their addresses
  const char* inconsistency() const { return loop_.inconsistency(); }
  std::uint64_t turns() const { return turns_; }
  std::uint64_t timerTurns() const { return timerTurns_; }  // those that only a deadline called for
  void favourEdges(bool isOn) { secrets_.favourEdges(isOn); }
  void post(std::move_only_function<void()> task);  // runs in a step of its own turn, now

  // Its wall clock goes wrong; the monotonic one never does.
  WallClock& wallClock() { return wallClock_; }
  void shiftWallClock(Duration by) { wallClock_.jump(by); }

  // Suspended: nothing happens until then, no turn. Of what arrives meanwhile as many datagrams
  // as it `keeps` are there when it wakes; the rest is lost.
  void sleep(Duration time, std::size_t keeps = 0);
  bool isAsleep() const;
  // Slow: each turn comes by up to this much later than what called for it.
  void setSlowness(Duration most) { slowness_ = most; }
  // What its sockets hold until a turn reads them; more is dropped and counted.
  void setReceiveBuffer(std::size_t bytes) { receiveBuffer_ = bytes; }
  std::uint64_t dropped() const { return dropped_; }

  // Addresses come and go as when a telephone changes networks; sockets bound to a removed one
  // send and hear nothing.
  void addAddress(const IpAddress& address, InterfaceKind kind = InterfaceKind::ethernet);
  void addAddress(const IpAddress& address, InterfaceKind kind, Realm realm);
  void removeAddress(const IpAddress& address);
  const IpAddress& address() const { return interfaces_.at(0).address; }
  std::optional<IpAddress> firstAddress() const;

  bool isReachable() const { return isOnline_ && !isAsleep(); }
  void setOnline(bool online) { isOnline_ = online; }         // false: a blackout, both ways
  const IpAddress* published(const std::string& name) const;  // as its guests have published it
  void setTcpFaults(const TcpFaults& faults) { tcp_.setFaults(faults); }  // at any time
  void failOpens(std::optional<OpenError> with) { failOpens_ = with; }

  // Failures that come once: the n-th of the node's life, counted from one.
  PacketPool& packets() { return loop_.packets(); }
  void failOpen(std::uint64_t nth, OpenError with) { failOpenAt_ = nth, failOpenWith_ = with; }
  std::uint64_t opens() const { return opens_; }
  void failLookUp(std::uint64_t nth) { failLookUpAt_ = nth; }
  std::uint64_t lookUps() const { return lookUps_; }

  Realm realmOf(const IpAddress& source) const override;
  bool isIn(Realm realm) const override;
  void receive(WireDatagram datagram) override;

 private:
  static constexpr std::size_t kReceiveBuffer = 4u << 20;

  struct Socket {
    Address local;
  };
  struct Answer {
    ResolveId request;
    std::vector<IpAddress> found;
  };

  loop::ClockReading readClock() override;
  Result<BoundUdp, OpenError> openUdp(const UdpOptions& options) override;
  void closeUdp(SocketId socket) override;
  void send(std::span<Datagram> batch) override;
  Result<SocketId, OpenError> connectTcp(const TcpOptions& options) override;
  Result<BoundTcp, OpenError> listenTcp(const TcpListenOptions& options) override;
  void closeTcp(SocketId socket) override { tcp_.close(socket); }
  bool write(SocketId stream, Bytes bytes) override { return tcp_.write(stream, bytes); }
  std::size_t writable(SocketId stream) const override { return tcp_.writable(stream); }
  void pushStreams() override { tcp_.push(); }
  void resolve(ResolveId request, std::string hostname) override;
  void cancel(ResolveId request) override { asking_.erase(request); }
  void publishName(const std::string& name, const IpAddress& address) override {
    names_.emplace(name, address);
  }
  void withdrawName(const std::string& name) override { names_.erase(name); }
  std::vector<NetworkInterface> interfaces() override { return interfaces_; }
  void watchInterfaces(bool isOn) override { isWatched_ = isOn; }
  void scheduleTurn() override;
  loop::DriverStats stats() const override { return stats_; }

  void tellOfInterfaces();
  Schedule& schedule() override;
  void transmitSegment(WireDatagram segment) override;
  std::optional<IpAddress> sourceTowards(const IpAddress& local,
                                         const IpAddress& remote) const override;
  Instant awakeAt() const override { return awakeAt_; }
  void wakeForStreams() override { scheduleTurn(); }

  void turn();
  void deliverInbox();
  std::optional<OpenError> openRefused();
  void sleepUntil(Instant due);
  bool hasAddress(const IpAddress& address) const;
  std::optional<std::uint16_t> choosePort(const UdpOptions& options);
  std::optional<SocketId> socketFor(const Address& destination) const;
  std::optional<IpAddress> sourceFor(const Socket& socket, const Datagram& datagram) const;

  std::vector<NetworkInterface> interfaces_;
  std::map<IpAddress, Realm> realms_;  // of its addresses
  Random dice_;
  SeededSecrets secrets_;
  loop::DriverStats stats_;

  std::map<SocketId, Socket> sockets_;
  std::map<Address, SocketId> bound_;
  std::uint32_t nextSocket_ = 1;
  TcpStack tcp_;
  std::uint32_t nextInterface_ = 1;
  std::deque<WireDatagram> inbox_;
  std::vector<WireDatagram> lent_;  // to guests, for the turn
  std::vector<Answer> answers_;
  std::set<ResolveId> asking_;
  std::map<std::string, IpAddress> names_;  // published
  bool isWatched_ = false;
  bool hasNewInterfaces_ = false;  // of which the loop has not heard
  std::vector<std::move_only_function<void()>> posted_;
  bool turnScheduled_ = false;
  bool isSending_ = false;
  std::uint64_t bytesSent_ = 0;
  Instant awakeAt_{};
  std::size_t keepsAsleep_ = 0;
  WallClock wallClock_;
  Duration slowness_{};
  std::size_t receiveBuffer_ = kReceiveBuffer;
  std::size_t inboxBytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t timerTurns_ = 0;
  bool isOnline_ = true;
  std::optional<OpenError> failOpens_;
  std::uint64_t opens_ = 0;
  std::uint64_t failOpenAt_ = 0;
  OpenError failOpenWith_{};
  std::uint64_t lookUps_ = 0;
  std::uint64_t failLookUpAt_ = 0;
  Instant wakesAt_ = never();

  loop::Loop loop_;
};

}  // namespace parley::sim
