#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/packet.h"
#include "core/result.h"
#include "core/step.h"
#include "core/strong.h"

namespace parley {

namespace loop {
class Loop;
}

using SocketId = Strong<struct SocketIdTag, std::uint32_t>;
using ResolveId = Strong<struct ResolveIdTag, std::uint64_t>;

struct Datagram {
  SocketId socket{};
  Address local{};  // inbound: where it was sent to; outbound: the socket's own address
  Address remote{};
  std::uint8_t ecn = 0;
  Instant arrival{};  // inbound: the kernel's timestamp where there is one, clamped to the step
  Packet packet{};
};

enum class OpenError : std::uint8_t {
  addressInUse,
  addressNotAvailable,
  permissionDenied,
  outOfResources,
  unsupported,
};

struct UdpOptions {
  IpAddress local{};
  std::uint16_t portMin = 0;  // 0 and 0: any port the system gives
  std::uint16_t portMax = 0;
  bool isForMany = false;  // guests: more may wait for it to be writable
};

struct BoundUdp {
  SocketId socket{};
  Address local{};
};

// A TCP connection to be made: to `remote`, from `local` and a port of the range.
struct TcpOptions {
  IpAddress local{};  // unspecified: the system's choice
  std::uint16_t portMin = 0;
  std::uint16_t portMax = 0;
  Address remote{};
};

struct TcpListenOptions {
  IpAddress local{};
  std::uint16_t portMin = 0;
  std::uint16_t portMax = 0;
};

struct BoundTcp {
  SocketId socket{};
  Address local{};
};

// Why a stream is no more, or never came about.
enum class StreamEnd : std::uint8_t {
  byPeer,  // it has said all that it will
  refused,
  unreachable,
  timedOut,
  reset,
  failed,  // the system gave another reason
};

enum class InterfaceKind : std::uint8_t { unknown, ethernet, wifi, cellular, vpn, loopback };

// One address of one interface of this machine that is up.
struct NetworkInterface {
  std::string name;
  std::uint32_t index = 0;
  InterfaceKind kind = InterfaceKind::unknown;
  IpAddress address{};

  friend bool operator==(const NetworkInterface&, const NetworkInterface&) = default;
};

// What a peer may ask of the world. The loop is the one implementation; below the loop, an Asio
// driver and a simulated network are the two. Nothing above this line knows which.
class Host {
 public:
  // The one callback interface from the world into a peer. A guest is touched when a callback
  // reaches it or when touch() names it; each touched guest is settled once at the step's end.
  class Guest {
   public:
    virtual ~Guest() = default;
    virtual void onDatagram(Step& step, Datagram datagram) = 0;
    virtual void onTimer(Step& step) = 0;
    virtual void onResolved(Step&, ResolveId, std::vector<IpAddress>) {}  // empty: it failed
    virtual void onInterfacesChanged(Step&) {}  // for those that watch them
    virtual void onStepEnd(Step& step) = 0;
    // For the owner of a shared socket, which may only note it: the caller is closing something.
    virtual void onShareClosed(SocketId /*share*/) {}

    // Of TCP. Bytes come in order and are lent for the step. After onStreamClosed() the id means
    // nothing any more. Who accepts a stream owns it as its listener, and it is open.
    virtual void onStreamOpened(Step&, SocketId, const Address& /*local*/) {}
    virtual void onStreamBytes(Step&, SocketId, MutableBytes) {}
    virtual void onStreamClosed(Step&, SocketId, StreamEnd) {}
    virtual void onStreamAccepted(Step&, SocketId /*listener*/, SocketId /*stream*/,
                                  const Address& /*local*/, const Address& /*remote*/) {}

    // What it holds that the loop cannot see, for the release report.
    struct Holdings {
      std::size_t transactions = 0;
      std::size_t bytesUnread = 0;  // received, and nobody has taken them yet
      std::size_t allocations = 0;  // at TURN servers, as are the next two
      std::size_t permissions = 0;
      std::size_t channels = 0;
    };
    virtual Holdings holdings() const { return {}; }

    // For worlds, which ask after every step: which of its books does not add up, or null.
    virtual const char* inconsistency() const { return nullptr; }

   private:
    friend class loop::Loop;
    std::uint32_t place_ = 0;  // the loop's own note; 0: not entered
  };

  virtual Step& step() = 0;  // the current step; opens one if the loop is idle

  virtual void enter(Guest& guest) = 0;  // before any other call that names it
  virtual void leave(Guest& guest) = 0;  // closes its sockets, forgets its timer and look-ups
  virtual void touch(Guest& guest) = 0;
  virtual void wakeAt(Guest& guest, Instant due) = 0;  // one timer per guest; never() clears it

  // Residents belong to the loop: tails of dead peers, shared ports. dismiss() destroys one once
  // the current callback into it has returned.
  virtual void adopt(std::unique_ptr<Guest> resident) = 0;
  virtual void dismiss(Guest& resident) = 0;
  virtual std::size_t residents() const { return 0; }  // who makes tails keeps them bounded

  virtual Result<BoundUdp, OpenError> openUdp(Guest& guest, const UdpOptions& options) = 0;
  // A socket may change hands, as when a closing peer leaves its sockets to its tail.
  virtual void handOver(SocketId socket, Guest& heir) = 0;
  // Of a stream, what was written still leaves, within limits::loop::kStreamLinger.
  virtual void close(SocketId socket) = 0;
  virtual void send(Datagram datagram) = 0;  // joins the batch of the current step

  // One UDP port for many guests. A share is an id of its own for a socket that is open: owned,
  // handed over, closed and sent on like a socket. What comes from a remote address that was routed
  // to it comes under its id; all else goes to the owner of the shared socket, who may forward it.
  // A shared socket that is closed stays open for its shares until the last one is closed.
  virtual Result<BoundUdp, OpenError> shareUdp(Guest&, SocketId /*shared*/) {
    return Unexpected(OpenError::unsupported);
  }
  // For addresses that have proved who they are, and no others. False: the address is another
  // share's. A share has the limits::mux::kRoutes addresses that were routed last.
  virtual bool route(SocketId /*share*/, const Address& /*remote*/) { return false; }
  virtual bool isRouted(SocketId /*share*/, const Address& /*remote*/) const { return false; }
  virtual void unroute(SocketId /*share*/) {}            // all of its addresses
  virtual void forward(SocketId /*share*/, Datagram) {}  // only within a turn

  // TCP: streams and listeners have ids like other sockets, change hands and are closed like them.
  // A connection under way is a stream already; that it could not be made is told later.
  virtual Result<SocketId, OpenError> connectTcp(Guest&, const TcpOptions&) {
    return Unexpected(OpenError::unsupported);
  }
  virtual Result<BoundTcp, OpenError> listenTcp(Guest&, const TcpListenOptions&) {
    return Unexpected(OpenError::unsupported);
  }
  // Joins the batch of the current step; before the stream is open it waits for that. All of the
  // bytes or, where it says false, none: no more than limits::loop::kUnsentBytesPerStream wait.
  [[nodiscard]] virtual bool write(SocketId, Bytes) { return false; }
  virtual std::size_t writable(SocketId) const { return 0; }  // how much write() would take now

  // Names that end in .local are asked for on the link (RFC 6762), all others of the system.
  virtual ResolveId resolve(Guest& guest, std::string hostname) = 0;
  // A fresh "<uuid>.local" that this machine answers for with the address, until it is withdrawn or
  // the guest leaves. A name is given even where the network does not carry it; it is empty when
  // there are too many.
  virtual std::string publishName(Guest& guest, const IpAddress& address) = 0;
  virtual void withdrawName(Guest& guest, const std::string& name) = 0;

  virtual std::vector<NetworkInterface> interfaces() = 0;
  // From now on the guest is told when addresses come or go, until it leaves.
  virtual void watchInterfaces(Guest& guest) = 0;

  // Runs after the touched guests of this step were settled, in order, one after the other.
  virtual void queueTask(std::move_only_function<void()> task) = 0;

 protected:
  ~Host() = default;
};

}  // namespace parley
