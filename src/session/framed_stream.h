#pragma once

#include <cstddef>
#include <optional>

#include "core/host.h"
#include "stun/length_framer.h"

namespace parley::session {

// A TCP connection to a peer: packets go out and come in with their length before them (RFC 4571,
// RFC 6544). Its owner opens it, feeds it and closes it.
class FramedStream {
 public:
  FramedStream(Host& host, SocketId stream, const Address& remote)
      : host_(host), stream_(stream), remote_(remote) {}

  SocketId id() const { return stream_; }
  const Address& remote() const { return remote_; }

  // False, and it is lost as UDP would lose it, where more than `unsentMax` bytes would wait.
  bool send(Packet packet, std::size_t unsentMax = limits::ice::kTcpUnsent);

  void push(Bytes bytes) { framer_.push(bytes); }  // then next() until there is none
  std::optional<MutableBytes> next() { return framer_.next(); }
  void putBack() { framer_.putBack(); }               // what next() gave last comes again
  bool isBroken() const { return framer_.failed(); }  // what comes are no packets

 private:
  Host& host_;
  SocketId stream_;
  Address remote_;
  stun::LengthFramer framer_;
};

}  // namespace parley::session
