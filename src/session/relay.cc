#include "session/relay.h"

#include <utility>

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

void Relay::sendToServer(Step&, Packet message) {
  host_.send({.socket = place_.local.socket,
              .local = place_.local.local,
              .remote = place_.address,
              .packet = std::move(message)});
}

}  // namespace parley::session
