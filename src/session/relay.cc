#include "session/relay.h"

#include <utility>

#include "stun/builder.h"

namespace parley::session {
namespace {

turn::Config configOf(const Relay::Place& place) {
  return {.username = place.server.username, .password = place.server.password};
}

}  // namespace

Relay::Relay(Host& host, Place place)
    : host_(host),
      place_(std::move(place)),
      client_(configOf(place_), static_cast<turn::Client::Sink&>(*this)) {}

std::optional<turn::Relayed> Relay::receive(Step& step, Datagram datagram) {
  if (datagram.remote != place_.address) return std::nullopt;
  return client_.receive(step, std::move(datagram.packet));
}

void Relay::keepAlive(Step& step) {
  if (place_.server.transport != IceServer::Transport::udp) return;
  Packet packet = stun::MessageBuilder(step.packets.take(), stun::Class::indication,
                                       stun::Method::binding, stun::newTransactionId(step.secrets))
                      .finish();
  if (packet) sendToServer(step, std::move(packet));
}

void Relay::sendToServer(Step&, Packet message) {
  host_.send({.socket = place_.local.socket,
              .local = place_.local.local,
              .remote = place_.address,
              .packet = std::move(message)});
}

}  // namespace parley::session
