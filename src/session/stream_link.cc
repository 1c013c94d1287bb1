#include "session/stream_link.h"

#include <utility>
#include <variant>

#include "core/limits.h"

namespace parley::session {
namespace {

std::string describe(StreamEnd end, bool isOfProxy) {
  const std::string whose = isOfProxy ? "the proxy" : "the server";
  switch (end) {
    case StreamEnd::byPeer:
      return whose + " closed the connection";
    case StreamEnd::refused:
      return whose + " refused the connection";
    case StreamEnd::unreachable:
      return whose + " is unreachable";
    case StreamEnd::timedOut:
      return "the connection to " + whose + " timed out";
    case StreamEnd::reset:
      return whose + " reset the connection";
    case StreamEnd::failed:
      break;
  }
  return "the connection to " + whose + " failed";
}

}  // namespace

StreamLink::StreamLink(Host& host, SocketId stream, tls::Context::Shared context,
                       const std::string& hostname, std::optional<turn::ProxyHandshake> proxy)
    : host_(host), stream_(stream), proxy_(std::move(proxy)) {
  if (context) tls_.emplace(std::move(context), hostname, static_cast<tls::Stream::Sink&>(*this));
}

void StreamLink::start(Step& step) {
  if (proxy_) proxyDue_.start(step.now, limits::turn::kProxy);
}

void StreamLink::onOpened(Step& step) {
  if (proxy_) return talkToProxy();
  onServerReached(step);
}

void StreamLink::onServerReached(Step& step) {
  if (tls_)
    tls_->start(step);
  else
    isReady_ = true;
  collect();
}

void StreamLink::talkToProxy() {
  const ByteVector unsent = proxy_->takeUnsent();
  if (!unsent.empty() && !host_.write(stream_, unsent))
    fail("the connection to the proxy is stuck");
  if (proxy_->failure()) fail(*proxy_->failure());
}

void StreamLink::onBytes(Step& step, MutableBytes bytes) {
  if (failure_) return;
  if (proxy_) {
    bytes = bytes.subspan(proxy_->receive(bytes));
    talkToProxy();
    if (!proxy_->isThrough()) return;
    proxy_.reset();
    proxyDue_.stop();
    onServerReached(step);
  }
  if (bytes.empty() || failure_) return;
  if (!tls_) {
    framer_.push(bytes);
    return;
  }
  tls_->receive(step, bytes);
  framer_.push(tls_->read());
  collect();
}

void StreamLink::onClosed(Step& step, StreamEnd reason) {
  if (tls_) tls_->receiveEnd(step);
  collect();
  fail(describe(reason, proxy_.has_value()));
}

void StreamLink::onTimer(Step& step) {
  if (proxyDue_.expire(step.now)) fail("the proxy did not let us through in time");
  if (!tls_) return;
  tls_->onTimer(step);
  collect();
}

void StreamLink::collect() {
  if (!tls_) return;
  while (const auto event = tls_->nextEvent()) {
    if (std::holds_alternative<tls::Connected>(*event)) isReady_ = true;
    if (std::holds_alternative<tls::Closed>(*event)) fail("the server closed the TLS connection");
    if (const auto* failed = std::get_if<tls::Failed>(&*event))
      fail("TLS: " + std::string(tls::describe(failed->reason)));
  }
}

// The first reason is the one that matters.
void StreamLink::fail(std::string reason) {
  if (!failure_) failure_ = std::move(reason);
  proxyDue_.stop();
}

std::optional<MutableBytes> StreamLink::next() {
  auto message = framer_.next();
  if (framer_.failed()) fail("the server does not speak TURN");
  return message;
}

void StreamLink::send(Step& step, Packet message) {
  if (!isReady()) return;
  const std::size_t needed = tls_ ? tls::Stream::sealedMax(message.size()) : message.size();
  if (host_.writable(stream_) < needed) return;
  if (tls_)
    tls_->send(step, message.bytes());
  else
    static_cast<void>(host_.write(stream_, message.bytes()));
}

void StreamLink::close(Step& step) {
  if (tls_ && isReady()) tls_->close(step);
}

void StreamLink::sendBytes(Step&, Bytes ciphertext) {
  if (!host_.write(stream_, ciphertext)) fail("the connection to the server is stuck");
}

}  // namespace parley::session
