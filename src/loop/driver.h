#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/host.h"
#include "core/result.h"
#include "core/time.h"

namespace parley::loop {

// Both clocks, read together and only here.
struct ClockReading {
  Instant now;
  std::int64_t wallMicros = 0;  // UTC
};

struct DriverStats {
  std::uint64_t datagramsReceived = 0;
  std::uint64_t datagramsSent = 0;
  std::uint64_t receivedTruncated = 0;  // larger than any buffer of ours, dropped
  std::uint64_t receiveErrors = 0;
  std::uint64_t unsentDropped = 0;  // the socket would block and its queue was full
  std::uint64_t sendErrors = 0;     // the system refused the datagram: no route, too large
  std::uint64_t refusedByPeer = 0;  // ICMP port unreachable; ICE finds out on its own
  std::size_t socketsOfItsOwn = 0;  // open now: for names on the link, for what the system tells
  std::uint64_t streamBytesReceived = 0;
  std::uint64_t streamBytesSent = 0;
  std::uint64_t streamBytesDropped = 0;  // written, and the stream ended before they left
  std::uint64_t streamsRefused = 0;      // the listener had as many as it may
  std::size_t streamsLingering = 0;      // now: closed, with bytes that still are to leave
};

// The thin part of a loop that touches the world: sockets, clocks, look-ups. There are two, one
// over Asio and one in simulated networks. A driver turns the loop's crank: for each turn it calls
// Loop::begin(), deliver() and the like, and Loop::end(), and then sleeps until input arrives or
// Loop::nextDeadline() is reached. No function here may call back into the loop before it returns.
class Driver {
 public:
  virtual ClockReading readClock() = 0;

  // Ids are the driver's choice and are never used twice.
  virtual Result<BoundUdp, OpenError> openUdp(const UdpOptions& options) = 0;
  virtual void closeUdp(SocketId socket) = 0;  // legal while datagrams of this socket are delivered

  // Takes the whole batch, in order per socket. What would block is kept up to a bound, then
  // dropped and counted. The packets own their blocks; none is lent.
  virtual void send(std::span<Datagram> batch) = 0;

  // TCP. What happens to a stream is told to the loop in turns to come: opened or closed, bytes,
  // and no more once it was closed from either side. A closed one lingers while bytes are unsent,
  // up to a bound.
  virtual Result<SocketId, OpenError> connectTcp(const TcpOptions& options) = 0;
  virtual Result<BoundTcp, OpenError> listenTcp(const TcpListenOptions& options) = 0;
  virtual void closeTcp(SocketId socket) = 0;  // legal inside any callback
  // Queues all or nothing, up to limits::loop::kUnsentBytesPerStream; it leaves at pushStreams().
  virtual bool write(SocketId stream, Bytes bytes) = 0;
  virtual std::size_t writable(SocketId stream) const = 0;
  virtual void pushStreams() = 0;

  // Answered once by Loop::resolved() in a later turn, unless cancelled.
  virtual void resolve(ResolveId request, std::string hostname) = 0;
  virtual void cancel(ResolveId request) = 0;

  // Answers for the name on the link until it is withdrawn. Names are the loop's choice.
  virtual void publishName(const std::string& name, const IpAddress& address) = 0;
  virtual void withdrawName(const std::string& name) = 0;

  virtual std::vector<NetworkInterface> interfaces() = 0;
  // While it is on, changes are told by Loop::interfacesChanged() in a later turn.
  virtual void watchInterfaces(bool isOn) = 0;

  // Somebody used the loop between turns: a turn must follow as soon as the thread is free.
  virtual void scheduleTurn() = 0;

  virtual DriverStats stats() const = 0;

 protected:
  ~Driver() = default;
};

}  // namespace parley::loop
