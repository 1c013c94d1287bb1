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
struct TcpMuxHandle;
}

struct TcpMuxOptions {
  std::vector<std::string> addresses{};  // numeric, of this machine; empty: as for gathering
  std::uint16_t port = 0;                // the same on every address; 0: one that is free
};

// One TCP port for the passive TCP candidates of many connections of one loop (RFC 6544), as ICE
// servers have it for clients that cannot use UDP: name it in Tuning::tcpMux.
//
//   parley::TcpMux mux(loop, {.port = 443});
//   parley::RTCPeerConnection pc(loop, {}, {.tcpMux = &mux});
//
// A stream belongs to the connection whose username fragment its first check names. It is used on
// the loop's thread. Make it before its connections and let it go after them: once it is gone,
// those still there keep the streams they have and get no new ones.
class PARLEY_API TcpMux {
 public:
  explicit TcpMux(Loop& loop, const TcpMuxOptions& options = {});  // OperationError: no socket
  ~TcpMux();
  TcpMux(const TcpMux&) = delete;
  TcpMux& operator=(const TcpMux&) = delete;

  std::uint16_t port() const;
  std::vector<std::string> addresses() const;

  struct Stats {
    std::size_t waiting = 0;      // streams that have not said whose they are, now
    std::uint64_t assigned = 0;   // streams that a connection got
    std::uint64_t strangers = 0;  // streams that belonged to nobody
  };
  Stats stats() const;

  // For the library itself.
  TcpMux(const std::shared_ptr<peer::Realm>& realm, const TcpMuxOptions& options);
  const std::shared_ptr<session::TcpMuxHandle>& handle() const { return handle_; }

 private:
  std::shared_ptr<session::TcpMuxHandle> handle_;
};

}  // namespace parley
