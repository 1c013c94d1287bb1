#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/host.h"
#include "core/timer.h"
#include "stun/stream_framer.h"
#include "tls/stream.h"
#include "turn/proxy.h"

namespace parley::session {

// The way to a TURN server over TCP, or TLS in it (RFC 8656 3.1, RFC 8489 6.2.2 and 6.2.3):
// messages go out as bytes of one stream and are cut out of what comes. The stream may lead to a
// proxy, which is asked for the rest of the way first. It does not open the connection; its owner
// tells what becomes of it.
class StreamLink final : private tls::Stream::Sink {
 public:
  // Without a context: plain TCP. `hostname` is what the certificate must be of.
  StreamLink(Host& host, SocketId stream, tls::Context::Shared context, const std::string& hostname,
             std::optional<turn::ProxyHandshake> proxy);

  void start(Step& step);  // the connection is being made; a proxy's time runs
  void onOpened(Step& step);
  void onBytes(Step& step, MutableBytes bytes);  // then next() until there is none
  void onClosed(Step& step, StreamEnd reason);
  // The next whole message; its bytes stay put until the next call of either.
  std::optional<MutableBytes> next();

  // False, and it is dropped, unless the stream stands and has room.
  bool send(Step& step, Bytes message);
  void close(Step& step);  // TLS says goodbye; the owner closes the stream

  void onTimer(Step& step);
  Instant deadline() const {
    return tls_ ? earliest(proxyDue_.due(), tls_->deadline()) : proxyDue_.due();
  }

  bool isReady() const { return isReady_ && !failure_; }
  const std::optional<std::string>& failure() const { return failure_; }  // why it is of no use

 private:
  void sendBytes(Step& step, Bytes ciphertext) override;
  void onServerReached(Step& step);
  void talkToProxy();
  void collect();
  void fail(std::string reason);

  Host& host_;
  SocketId stream_;
  std::optional<turn::ProxyHandshake> proxy_;  // until it has let us through
  Timer proxyDue_;
  std::optional<tls::Client> tls_;
  stun::StreamFramer framer_;
  bool isReady_ = false;
  std::optional<std::string> failure_;
};

}  // namespace parley::session
