#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "parley/export.h"

namespace parley {

class Loop;

namespace peer {
class Realm;
}
namespace session {
struct MuxHandle;
}

struct UdpMuxOptions {
  std::vector<std::string> addresses{};  // numeric, of this machine; empty: as for gathering
  std::uint16_t port = 0;                // the same on every address; 0: one that is free
};

// One UDP port for many connections of one loop, as ICE servers have it: name it in
// Tuning::udpMux, and their host candidates are on its sockets. A server opens one port in its
// firewall, and a connection costs no descriptor.
//
//   parley::UdpMux mux(loop, {.port = 3478});
//   parley::RTCPeerConnection pc(loop, {}, {.udpMux = &mux});
//
// The first connection that has validated a remote address has it alone; one that sends from the
// same address to a second connection is not heard there. Relays have sockets of their own.
//
// It is used on the loop's thread. Make it before its connections and let it go after them: once it
// is gone, those still there keep the addresses they have and find no new ones, and the sockets
// close with the last of them.
class PARLEY_API UdpMux {
 public:
  explicit UdpMux(Loop& loop, const UdpMuxOptions& options = {});  // OperationError: no socket
  ~UdpMux();
  UdpMux(const UdpMux&) = delete;
  UdpMux& operator=(const UdpMux&) = delete;

  std::uint16_t port() const;
  std::vector<std::string> addresses() const;

  struct Stats {
    std::size_t transports = 0;   // now, times the sockets; those of tails of closed ones included
    std::uint64_t strangers = 0;  // datagrams that belonged to nobody
    std::uint64_t addressTaken = 0;  // requests from an address that another connection has
  };
  Stats stats() const;

  // For the library itself.
  UdpMux(const std::shared_ptr<peer::Realm>& realm, const UdpMuxOptions& options);
  const std::shared_ptr<session::MuxHandle>& handle() const { return handle_; }

 private:
  std::shared_ptr<session::MuxHandle> handle_;
};

}  // namespace parley
