#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/host.h"
#include "server/allocation.h"
#include "stun/stream_framer.h"
#include "tls/stream.h"

namespace parley::server {

// Clients that come over TCP, or TLS in it (RFC 8656 3.1): listeners, their streams, and the
// messages cut out of those. It answers nothing itself.
class Connections final {
 public:
  Connections(Host& host, Host::Guest& owner) : host_(host), owner_(owner) {}

  // With a context: TLS.
  std::optional<OpenError> listen(const Address& at, tls::Context::Shared context);

  void onAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                  const Address& remote);
  bool onBytes(Step& step, SocketId stream, MutableBytes bytes);  // then next() until none is left
  // The tuple of the client that is gone, if the stream was one of ours.
  std::optional<FiveTuple> onClosed(SocketId stream);

  struct Message {
    FiveTuple from;
    MutableBytes bytes;  // they stay put until the next call
  };
  std::optional<Message> next(SocketId stream);

  bool has(SocketId stream) const { return streams_.contains(stream); }
  bool send(Step& step, SocketId stream, Packet message);  // padded as streams are; false: no room
  void close();
  std::size_t sockets() const { return listeners_.size() + streams_.size(); }
  std::size_t listeners() const { return listeners_.size(); }

 private:
  struct Stream final : tls::Stream::Sink {
    Stream(Host& host_, FiveTuple from_, const tls::Context::Shared& context);
    void sendBytes(Step& step, Bytes ciphertext) override;

    Host& host;
    FiveTuple from;
    std::optional<tls::Server> tls;
    stun::StreamFramer framer;
  };
  struct Listener {
    BoundTcp bound;
    tls::Context::Shared context;
  };

  Host& host_;
  Host::Guest& owner_;
  std::vector<Listener> listeners_;
  std::map<SocketId, std::unique_ptr<Stream>> streams_;
};

}  // namespace parley::server
