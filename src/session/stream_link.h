#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/host.h"
#include "stun/stream_framer.h"
#include "tls/stream.h"

namespace parley::session {

// The way to a TURN server over TCP, or TLS in it (RFC 8656 3.1, RFC 8489 6.2.2 and 6.2.3):
// messages go out as bytes of one stream and are cut out of what comes. It does not open the
// connection; its owner tells what becomes of it.
class StreamLink final : private tls::Stream::Sink {
 public:
  // Without a context: plain TCP. `hostname` is what the certificate must be of.
  StreamLink(Host& host, SocketId stream, tls::Context::Shared context,
             const std::string& hostname);

  void onOpened(Step& step);
  void onBytes(Step& step, MutableBytes bytes);  // then next() until there is none
  void onClosed(Step& step, StreamEnd reason);
  // The next whole message; its bytes stay put until the next call of either.
  std::optional<MutableBytes> next();

  // False, and it is dropped, unless the stream stands and has room.
  bool send(Step& step, Bytes message);
  void close(Step& step);  // TLS says goodbye; the owner closes the stream

  void onTimer(Step& step);
  Instant deadline() const { return tls_ ? tls_->deadline() : never(); }

  bool isReady() const { return isReady_ && !failure_; }
  const std::optional<std::string>& failure() const { return failure_; }  // why it is of no use

 private:
  void sendBytes(Step& step, Bytes ciphertext) override;
  void collect();
  void fail(std::string reason);

  Host& host_;
  SocketId stream_;
  std::optional<tls::Client> tls_;
  stun::StreamFramer framer_;
  bool isReady_ = false;
  std::optional<std::string> failure_;
};

}  // namespace parley::session
