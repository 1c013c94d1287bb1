#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/host.h"
#include "core/timer.h"
#include "session/server_link.h"
#include "stun/stream_framer.h"
#include "tls/stream.h"
#include "turn/proxy.h"

namespace parley::session {

// The way to a TURN server over TCP, or TLS in it (RFC 8656 3.1, RFC 8489 6.2.2 and 6.2.3):
// messages go out as bytes of one stream and are cut out of what comes. The stream may lead to a
// proxy, which is asked for the rest of the way first.
class StreamLink final : public ServerLink, private tls::Stream::Sink {
 public:
  // Without a context: plain TCP. `hostname` is what the certificate must be of.
  StreamLink(Host& host, SocketId stream, tls::Context::Shared context, const std::string& hostname,
             std::optional<turn::ProxyHandshake> proxy);

  void start(Step& step) override;  // the connection is being made; a proxy's time runs
  void onOpened(Step& step) override;
  void onBytes(Step& step, MutableBytes bytes) override;
  void onClosed(Step& step, StreamEnd reason) override;
  std::optional<MutableBytes> next() override;

  void send(Step& step, Packet message) override;
  void close(Step& step) override;  // TLS says goodbye

  void onTimer(Step& step) override;
  Instant deadline() const override {
    return tls_ ? earliest(proxyDue_.due(), tls_->deadline()) : proxyDue_.due();
  }
  bool isReady() const override { return isReady_ && !failure_; }
  const std::optional<std::string>& failure() const override { return failure_; }

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
