#include "server/connections.h"

#include <algorithm>
#include <utility>

namespace parley::server {

Connections::Stream::Stream(Host& host_, FiveTuple from_, const tls::Context::Shared& context)
    : host(host_), from(from_) {
  if (context) tls.emplace(context, static_cast<tls::Stream::Sink&>(*this));
}

// A client that does not read loses its connection's next bytes, and TLS then ends it.
void Connections::Stream::sendBytes(Step&, Bytes ciphertext) {
  static_cast<void>(host.write(from.socket, ciphertext));
}

std::optional<OpenError> Connections::listen(const Address& at, tls::Context::Shared context) {
  const auto bound =
      host_.listenTcp(owner_, {.local = at.ip, .portMin = at.port, .portMax = at.port});
  if (!bound) return bound.error();
  listeners_.push_back({*bound, std::move(context)});
  return std::nullopt;
}

void Connections::onAccepted(Step& step, SocketId listener, SocketId stream, const Address& local,
                             const Address& remote) {
  const auto heard = std::ranges::find(listeners_, listener,
                                       [](const Listener& each) { return each.bound.socket; });
  if (heard == listeners_.end()) return;
  auto made = std::make_unique<Stream>(host_, FiveTuple{stream, local, remote}, heard->context);
  if (made->tls) made->tls->start(step);
  streams_.emplace(stream, std::move(made));
}

bool Connections::onBytes(Step& step, SocketId stream, MutableBytes bytes) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return false;
  Stream& client = *found->second;
  if (client.tls) {
    client.tls->receive(step, bytes);
    client.framer.push(client.tls->read());
  } else {
    client.framer.push(bytes);
  }
  return true;
}

std::optional<Connections::Message> Connections::next(SocketId stream) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return std::nullopt;
  const auto message = found->second->framer.next();
  if (!message) return std::nullopt;
  return Message{found->second->from, *message};
}

std::optional<FiveTuple> Connections::onClosed(SocketId stream) {
  auto gone = streams_.extract(stream);
  return gone.empty() ? std::nullopt : std::optional(gone.mapped()->from);
}

bool Connections::send(Step& step, SocketId stream, Packet message) {
  const auto found = streams_.find(stream);
  if (found == streams_.end()) return false;
  // RFC 8656 12.5: ChannelData is padded; STUN has its four bytes anyway.
  if (const std::size_t odd = message.size() % 4) {
    const MutableBytes padding = message.append(4 - odd);
    std::ranges::fill(padding, std::uint8_t{0});
  }
  Stream& client = *found->second;
  const std::size_t needed = client.tls ? tls::Stream::sealedMax(message.size()) : message.size();
  if (host_.writable(stream) < needed) return false;
  return client.tls ? client.tls->send(step, message.bytes())
                    : host_.write(stream, message.bytes());
}

void Connections::close() {
  for (const auto& [id, stream] : streams_) host_.close(id);
  for (const Listener& each : listeners_) host_.close(each.bound.socket);
  streams_.clear();
  listeners_.clear();
}

}  // namespace parley::server
