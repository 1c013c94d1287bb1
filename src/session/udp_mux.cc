#include "session/udp_mux.h"

#include <algorithm>
#include <utility>

#include "session/demux.h"

namespace parley::session {

Result<BoundUdp, OpenError> UdpMux::open(UdpOptions options) {
  options.isForMany = true;
  auto bound = host_.openUdp(*this, options);
  if (bound) ports_.push_back({*bound, {}});
  return bound;
}

std::vector<BoundUdp> UdpMux::sockets() const {
  std::vector<BoundUdp> sockets;
  sockets.reserve(ports_.size());
  for (const Port& port : ports_) sockets.push_back(port.bound);
  return sockets;
}

Result<BoundUdp, OpenError> UdpMux::share(Guest& session, SocketId socket) {
  const auto port =
      std::ranges::find(ports_, socket, [](const Port& each) { return each.bound.socket; });
  if (port == ports_.end()) return Unexpected(OpenError::addressNotAvailable);
  auto share = host_.shareUdp(session, socket);
  if (!share) return share;
  shares_.emplace(share->socket, static_cast<std::size_t>(port - ports_.begin()));
  port->book.add(share->socket);
  return share;
}

bool UdpMux::name(SocketId share, std::span<const std::string> fragments) {
  Port* port = portOf(share);
  if (port && port->book.name(share, fragments)) return true;
  ++fragmentTaken_;
  return false;
}

void UdpMux::expect(SocketId share, const Address& remote, Bytes packet) {
  Port* port = portOf(share);
  if (!port || protocolOf(packet) != Protocol::stun || host_.isRouted(share, remote)) return;
  const auto message = stun::MessageView::parse(packet);
  if (message && message->messageClass() == stun::Class::request)
    port->book.expect(share, message->transaction());
}

bool UdpMux::isForAnother(SocketId share, const stun::MessageView& request) {
  const Port* port = portOf(share);
  if (!port || request.messageClass() != stun::Class::request) return false;
  const auto named = port->book.shareFor(request);
  if (!named || *named == share) return false;
  ++addressTaken_;
  return true;
}

UdpMux::Stats UdpMux::stats() const {
  return {.shares = shares_.size(),
          .strangers = strangers_,
          .addressTaken = addressTaken_,
          .fragmentTaken = fragmentTaken_};
}

void UdpMux::onDatagram(Step&, Datagram datagram) {
  const auto port = std::ranges::find(ports_, datagram.socket,
                                      [](const Port& each) { return each.bound.socket; });
  if (port != ports_.end() && protocolOf(datagram.packet.bytes()) == Protocol::stun) {
    const auto message = stun::MessageView::parse(datagram.packet.bytes());
    const auto share = message ? port->book.shareFor(*message) : std::nullopt;
    if (share) return host_.forward(*share, std::move(datagram));
  }
  ++strangers_;
}

void UdpMux::onShareClosed(SocketId share) {
  if (Port* port = portOf(share)) port->book.remove(share);
  shares_.erase(share);
}

UdpMux::Port* UdpMux::portOf(SocketId share) {
  const auto found = shares_.find(share);
  return found == shares_.end() ? nullptr : &ports_[found->second];
}

}  // namespace parley::session
