#include "session/relay.h"

#include <utility>

#include "session/dtls_link.h"
#include "session/stream_link.h"
#include "stun/builder.h"

namespace parley::session {
namespace {

constexpr std::uint16_t kUnreachable = 701;  // webrtc-pc 4.8.3

turn::Config configOf(const Relay::Place& place, bool overStream) {
  return {.username = place.server.username,
          .password = place.server.password,
          .family = place.family,
          .overStream = overStream};
}

std::optional<turn::ProxyHandshake> handshakeWith(const std::optional<turn::ProxyConfig>& proxy,
                                                  const Relay::Place& place) {
  if (!proxy) return std::nullopt;
  const IpAddress& ip = place.address.ip;
  return turn::ProxyHandshake(
      *proxy,
      {.host = ip.isUnspecified() ? place.server.host : ip.toString(), .port = place.address.port});
}

}  // namespace

Relay::Relay(Host& host, Place place)
    : host_(host),
      place_(std::move(place)),
      client_(configOf(place_, false), static_cast<turn::Client::Sink&>(*this)) {}

Relay::Relay(Host& host, Place place, dtls::Context::Shared context)
    : host_(host),
      place_(std::move(place)),
      link_(std::make_unique<DtlsLink>(host, place_.local, place_.address, std::move(context),
                                       place_.server.host)),
      client_(configOf(place_, false), static_cast<turn::Client::Sink&>(*this)) {}

Relay::Relay(Host& host, Place place, tls::Context::Shared context,
             const std::optional<turn::ProxyConfig>& proxy)
    : host_(host),
      place_(std::move(place)),
      link_(std::make_unique<StreamLink>(host, place_.local.socket, std::move(context),
                                         place_.server.host, handshakeWith(proxy, place_))),
      client_(configOf(place_, true), static_cast<turn::Client::Sink&>(*this)) {}

void Relay::start(Step& step) {
  isWanted_ = true;
  if (link_) link_->start(step);
  startIfReady(step);
}

void Relay::startIfReady(Step& step) {
  if (!isWanted_ || isStarted_ || (link_ && !link_->isReady())) return;
  isStarted_ = true;
  client_.allocate(step);
}

// Whom nothing was asked of has nothing to give back.
void Relay::release(Step& step) {
  isWanted_ = false;
  client_.release(step);
}

bool Relay::send(Step& step, const Address& peer, Packet payload) {
  return client_.send(step, peer, std::move(payload));
}

void Relay::keepAlive(Step& step) {
  using enum IceServer::Transport;
  if (place_.server.transport == tcp || place_.server.transport == tls) return;
  Packet packet = stun::MessageBuilder(step.packets.take(), stun::Class::indication,
                                       stun::Method::binding, stun::newTransactionId(step.secrets))
                      .finish();
  if (packet) sendToServer(step, std::move(packet));
}

void Relay::sendToServer(Step& step, Packet message) {
  if (link_) return link_->send(step, std::move(message));
  host_.send({.socket = place_.local.socket,
              .local = place_.local.local,
              .remote = place_.address,
              .packet = std::move(message)});
}

// --- what comes

void Relay::receive(Step& step, Datagram datagram) {
  if (datagram.remote != place_.address) return;
  if (!link_) {
    received_ = std::move(datagram.packet);
    return;
  }
  link_->onDatagram(step, std::move(datagram.packet));
  startIfReady(step);
}

void Relay::onStreamOpened(Step& step, const Address& local) {
  place_.local.local = local;
  if (!link_) return;
  link_->onOpened(step);
  startIfReady(step);
}

void Relay::onStreamBytes(Step& step, MutableBytes bytes) {
  if (!link_) return;
  link_->onBytes(step, bytes);
  startIfReady(step);
}

void Relay::onStreamClosed(Step& step, StreamEnd reason) {
  if (link_) link_->onClosed(step, reason);
}

std::optional<turn::Relayed> Relay::nextRelayed(Step& step) {
  if (received_) return client_.receive(step, std::exchange(received_, {}));
  while (const auto message = link_ ? link_->next() : std::nullopt)
    if (auto relayed = client_.receive(step, Packet::lend(*message))) return relayed;
  return std::nullopt;
}

void Relay::onTimer(Step& step) {
  if (link_) link_->onTimer(step);
  client_.onTimer(step);
}

Instant Relay::deadline() const {
  return link_ ? earliest(link_->deadline(), client_.deadline()) : client_.deadline();
}

// With the connection the server gives up the allocation (RFC 8656 5), so nothing is left of it.
std::optional<turn::Event> Relay::nextEvent() {
  if (link_ && link_->failure()) {
    if (std::exchange(isLinkLost_, true)) return std::nullopt;
    if (!isWanted_) return turn::Released{.confirmed = true};
    if (client_.isAllocated()) return turn::Lost{*link_->failure()};
    return turn::Failed{kUnreachable, *link_->failure()};
  }
  return client_.nextEvent();
}

void Relay::sayGoodbye(Step& step) {
  if (link_) link_->close(step);
}

turn::Held Relay::held() const { return link_ && link_->failure() ? turn::Held{} : client_.held(); }

}  // namespace parley::session
