#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/host.h"
#include "core/limits.h"
#include "core/packet.h"
#include "core/random.h"
#include "core/step.h"
#include "core/trace.h"
#include "loop/driver.h"
#include "loop/route_table.h"
#include "loop/timer_wheel.h"

namespace parley::loop {

// What a loop still holds and what it had to drop. After every peer is closed and every tail has
// ended, all before the counters are zero.
struct LoopReport {
  std::size_t guests = 0;  // residents included
  std::size_t residents = 0;
  std::size_t sockets = 0;  // of guests and of the driver itself, shared ones once
  std::size_t shares = 0;   // of shared sockets
  std::size_t routes = 0;   // remote addresses that belong to shares
  std::size_t timersArmed = 0;
  std::size_t resolving = 0;
  std::size_t packetsInUse = 0;
  std::size_t tasksQueued = 0;
  std::size_t datagramsBatched = 0;
  std::size_t transactions = 0;  // as guests tell of themselves, like what follows
  std::size_t bytesUnread = 0;
  std::size_t allocations = 0;  // at TURN servers
  std::size_t permissions = 0;
  std::size_t channels = 0;
  std::size_t namesPublished = 0;
  std::uint64_t datagramsDropped = 0;  // all reasons, ours and the driver's
  std::uint64_t routesRefused = 0;     // the remote address was another share's
  std::uint64_t packetsRefused = 0;    // the pool was empty
  std::uint64_t steps = 0;
  DriverStats driver;
};

// The one implementation of Host. It keeps the books (guests, sockets, timers, look-ups), turns in
// steps, and settles what a step has touched; it knows neither system calls nor protocols. All of
// the world reaches it through its driver.
//
// A guest may do anything inside a callback: leave, die, open and close sockets, adopt residents.
// So may a queued task. Calls that name a guest that has left have no effect.
class Loop final : public Host {
 public:
  struct Config {
    std::uint64_t seed = 0;
    std::size_t packetsMax = limits::loop::kPackets;
  };

  // All three references outlive the loop.
  Loop(Driver& driver, Secrets& secrets, TraceSink& trace, const Config& config);
  ~Loop();  // ends residents, closes sockets; guests still entered are forgotten, not told
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Host. Called between turns, each of these that leaves work behind opens a step and asks the
  // driver for a turn that will close it; such a step follows the clock until then.
  Step& step() override;
  void enter(Guest& guest) override;
  void leave(Guest& guest) override;
  void touch(Guest& guest) override;
  void wakeAt(Guest& guest, Instant due) override;
  void adopt(std::unique_ptr<Guest> resident) override;  // enters it if it was not entered
  void dismiss(Guest& resident) override;                // left at once, destroyed a little later
  std::size_t residents() const override { return residents_; }
  Result<BoundUdp, OpenError> openUdp(Guest& guest, const UdpOptions& options) override;
  void handOver(SocketId socket, Guest& heir) override;
  void close(SocketId socket) override;  // what was sent on it in this step still leaves
  void send(Datagram datagram) override;
  Result<BoundUdp, OpenError> shareUdp(Guest& guest, SocketId shared) override;
  bool route(SocketId share, const Address& remote) override;
  bool isRouted(SocketId share, const Address& remote) const override;
  void unroute(SocketId share) override;
  void forward(SocketId share, Datagram datagram) override;
  Result<SocketId, OpenError> connectTcp(Guest& guest, const TcpOptions& options) override;
  Result<BoundTcp, OpenError> listenTcp(Guest& guest, const TcpListenOptions& options) override;
  bool write(SocketId stream, Bytes bytes) override;
  std::size_t writable(SocketId stream) const override;
  ResolveId resolve(Guest& guest, std::string hostname) override;
  std::string publishName(Guest& guest, const IpAddress& address) override;
  void withdrawName(Guest& guest, const std::string& name) override;
  std::vector<NetworkInterface> interfaces() override;
  void watchInterfaces(Guest& guest) override;
  void queueTask(std::move_only_function<void()> task) override;

  // The turn, for the driver: begin, any of the middle ones in any order, end.
  void begin();  // continues the step that was opened since the last turn, if there is one
  // The bytes stay the driver's and stay put until end(). A zero arrival means now.
  void deliver(SocketId socket, const Address& local, const Address& remote, std::uint8_t ecn,
               MutableBytes bytes, Instant arrival = {});
  void streamOpened(SocketId stream, const Address& local);
  void streamBytes(SocketId stream, MutableBytes bytes);  // as with deliver()
  void streamClosed(SocketId stream, StreamEnd reason);
  // False: nobody wants it any more, and the driver closes it.
  bool streamAccepted(SocketId listener, SocketId stream, const Address& local,
                      const Address& remote);
  void resolved(ResolveId request, std::vector<IpAddress> found);  // empty: it failed
  void interfacesChanged();
  void expireTimers();
  void run(std::move_only_function<void()> task);  // a task from outside, at once
  void end();                                      // settles, runs the queued tasks, sends

  // When the next turn is due: at once (not after the step just ended) when a bound left work over.
  Instant nextDeadline() const;

  // What tasks threw, oldest first; the driver decides after end() who hears of it.
  std::vector<std::exception_ptr> takeUnhandled() { return std::exchange(unhandled_, {}); }

  bool isTurning() const { return turning_; }
  PacketPool& packets() { return packets_; }
  void trim();                        // gives back memory that it has and does not use
  const char* inconsistency() const;  // of any guest; see Host::Guest
  LoopReport report() const;

 private:
  // A guest's place at the table. Places stay put and are used again.
  struct Seat : TimerWheel::Entry {
    Guest* guest = nullptr;
    std::unique_ptr<Guest> resident;  // the guest, when it belongs to the loop
    std::vector<SocketId> sockets;
    std::vector<ResolveId> requests;
    std::vector<std::string> names;  // published
    bool isWatching = false;
    std::size_t touchedAt = 0;  // where in touched_, when it is
    bool isTouched = false;
    std::uint32_t place = 0;     // its own number, counted from 1
    std::uint32_t nextFree = 0;  // while nobody sits here
  };
  struct Owner {
    std::uint32_t place = 0;  // 0: closed, and open for its shares only
    std::uint64_t batch = 0;  // the last batch with something of this socket
    bool isTcp = false;
    SocketId shared = {};    // of a share: what it is a share of
    std::size_t shares = 0;  // of a shared socket
    Address local = {};
  };
  using Owners = std::unordered_map<SocketId, Owner>;

  void open();
  void refreshClock();
  Seat* seatOf(const Guest& guest);
  Seat& seatAt(std::uint32_t place) { return seats_[place - 1]; }
  Seat& takeSeat();
  void vacate(Seat& seat);
  void removeSeats();
  void withdraw(Seat& seat, std::string name);
  void own(Seat& seat, SocketId socket, Owner owner);
  void forget(Owners::iterator owner);
  void shut(Owners::iterator owner);
  void closeShare(Owners::iterator share);
  SocketId recipientOf(SocketId socket, const Address& remote) const;
  Seat* touchOwner(SocketId socket);
  void touchSeat(Seat& seat);
  void settleTouched();
  void runQueued();
  void runTask(std::move_only_function<void()>& task);
  void bury();
  void flush();
  bool hasWork() const { return settledTo_ < touched_.size() || !tasks_.empty(); }

  Driver& driver_;
  PacketPool packets_;
  Random random_;
  Step step_;
  bool open_ = false;
  bool turning_ = false;
  bool expiring_ = false;

  TimerWheel wheel_;
  std::deque<Seat> seats_;
  std::uint32_t freeSeat_ = 0;
  std::size_t guests_ = 0;
  std::size_t residents_ = 0;
  std::vector<std::unique_ptr<Guest>> dismissed_;
  std::vector<std::uint32_t> touched_;  // places; 0: left since
  std::size_t settledTo_ = 0;           // touched_ before this was settled

  Owners owners_;
  std::optional<RouteTable> routes_;  // once there is a share
  std::size_t shares_ = 0;
  std::uint32_t lastShare_ = 0;
  std::uint64_t routesRefused_ = 0;
  std::unordered_map<ResolveId, std::uint32_t> asking_;  // by place
  std::uint64_t lastRequest_ = 0;
  std::size_t published_ = 0;
  std::size_t watching_ = 0;
  std::vector<Datagram> batch_;
  bool hasWritten_ = false;  // to a stream, since the last batch left
  std::uint64_t batchNumber_ = 1;
  std::deque<std::move_only_function<void()>> tasks_;
  std::vector<std::exception_ptr> unhandled_;
  std::uint64_t dropped_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace parley::loop
