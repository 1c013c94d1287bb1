#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/host.h"
#include "core/random.h"
#include "loop/driver.h"
#include "loop/loop.h"
#include "sim/schedule.h"
#include "sim/station.h"
#include "sim/tcp_connection.h"

namespace parley::sim {

// What goes wrong with the connections of a node, those to it and those from it.
struct TcpFaults {
  bool refuses = false;   // whoever wants to connect, though somebody listens
  bool dribbles = false;  // one byte in a turn reaches the guest
  bool stalls = false;    // nothing does, until it is over or the other end gives up
  std::optional<std::uint64_t> resetAt{};  // once so many bytes of a stream have reached the guest
};

// The TCP of a node: ports, connections, and what of them the loop has not been told yet. It acts
// when segments come, as a kernel does, and speaks to the loop in its turns.
class TcpStack {
 public:
  class Machine {
   public:
    virtual Schedule& schedule() = 0;
    virtual void transmitSegment(WireDatagram segment) = 0;
    virtual std::optional<IpAddress> sourceTowards(const IpAddress& local,
                                                   const IpAddress& remote) const = 0;
    virtual Instant awakeAt() const = 0;  // until then nothing happens
    virtual void wakeForStreams() = 0;    // a turn is to follow

   protected:
    ~Machine() = default;
  };

  TcpStack(Machine& machine, std::uint64_t seed, loop::DriverStats& stats,
           std::uint32_t& nextSocket)
      : machine_(machine), dice_(seed), stats_(stats), nextSocket_(nextSocket) {}
  TcpStack(const TcpStack&) = delete;
  TcpStack& operator=(const TcpStack&) = delete;

  Result<SocketId, OpenError> connect(const TcpOptions& options);
  Result<BoundTcp, OpenError> listen(const TcpListenOptions& options);
  void close(SocketId socket);
  bool write(SocketId stream, Bytes bytes);
  std::size_t writable(SocketId stream) const;
  void push();

  void receive(const WireDatagram& datagram);
  void deliver(loop::Loop& to);  // lends until the next call
  bool hasMore() const { return !pending_.empty(); }

  void setFaults(const TcpFaults& faults);
  std::size_t sockets() const { return streams_.size() + listeners_.size(); }

 private:
  struct Stream final : TcpConnection::Sink {
    Stream(TcpStack& stack_, SocketId id_, Address local_, Address remote_, std::uint32_t number,
           std::uint32_t peer)
        : stack(stack_), id(id_), local(local_), remote(remote_), connection(*this, number, peer) {}
    void sendSegment(const TcpSegment& segment) override;

    TcpStack& stack;
    const SocketId id;
    const Address local, remote;
    std::optional<SocketId> listener{};
    TcpConnection connection;
    bool isTold = false;    // to the loop, that it is open
    bool isClosed = false;  // by the loop, or it was told of the end
    bool isLingering = false;
    bool isWritten = false;
    std::uint64_t delivered = 0;
    Instant lingersUntil = never();
    Instant wakesAt = never();
  };
  using Ends = std::pair<Address, Address>;  // local, remote

  Instant now() { return machine_.schedule().now(); }
  Stream* find(SocketId stream);
  Stream& add(const Address& local, const Address& remote, std::uint32_t peer);
  std::optional<SocketId> listenerFor(const Address& local) const;
  using Takes = bool (TcpStack::*)(const Address& local) const;
  std::optional<std::uint16_t> choosePort(const IpAddress& local, std::uint16_t first,
                                          std::uint16_t last, Takes isTaken);
  bool isListenedOn(const Address& local) const;
  bool isTaken(const Address& local) const;
  void accept(const WireDatagram& datagram, const TcpSegment& segment);
  void refuse(const WireDatagram& datagram, const TcpSegment& segment);
  void attend(Stream& stream);  // after anything: timers, what is to be told, whether it is over
  void onTimer(SocketId id, Instant due);
  void linger(Stream& stream);
  void tell(SocketId id, loop::Loop& to);
  bool tellOpen(Stream& stream, loop::Loop& to);
  void tellBytes(SocketId id, loop::Loop& to);
  bool isWorthTelling(Stream& stream) const;

  Machine& machine_;
  Random dice_;
  loop::DriverStats& stats_;
  std::uint32_t& nextSocket_;
  TcpFaults faults_;
  std::map<SocketId, std::unique_ptr<Stream>> streams_;
  std::map<Ends, SocketId> byEnds_;
  std::map<SocketId, Address> listeners_;
  std::set<SocketId> pending_;  // something to tell of them
  std::vector<SocketId> written_;
  std::vector<ByteVector> lent_;
};

}  // namespace parley::sim
