#include "dtls_front.h"

#include <algorithm>
#include <chrono>

namespace parley::worlds {
namespace {

crypto::KeyPtr keyOf(const tls::testing::IssuedChain& chain) {
  const crypto::BioPtr text(BIO_new_mem_buf(chain.privateKeyPem.data(), -1));
  return crypto::KeyPtr(PEM_read_bio_PrivateKey(text.get(), nullptr, nullptr, nullptr));
}

crypto::X509Ptr leafOf(const tls::testing::IssuedChain& chain) {
  const crypto::BioPtr text(BIO_new_mem_buf(chain.chainPem.data(), -1));
  return crypto::X509Ptr(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
}

}  // namespace

DtlsFront::Client::Client(const tls::testing::IssuedChain& chain, const Address& remote_,
                          SocketId socket_)
    : remote(remote_), socket(socket_), peer(keyOf(chain), leafOf(chain), {.isServer = true}) {}

DtlsFront::DtlsFront(Host& host, const Address& at, const Address& server,
                     const tls::testing::IssuedChain& chain)
    : host_(host), server_(server), chain_(chain) {
  host_.enter(*this);
  listening_ =
      host_.openUdp(*this, {.local = at.ip, .portMin = at.port, .portMax = at.port}).value();
}

void DtlsFront::onDatagram(Step& step, Datagram datagram) {
  if (isMute) return;
  if (datagram.socket == listening_.socket)
    return hear(step, datagram.remote, datagram.packet.bytes());
  const auto found = std::ranges::find(clients_, datagram.socket,
                                       [](const auto& each) { return each.second->socket; });
  if (found == clients_.end()) return;
  found->second->peer.send(datagram.packet.bytes());
  flush(step, *found->second);
}

void DtlsFront::hear(Step& step, const Address& from, Bytes datagram) {
  auto& client = clients_[from];
  if (!client) {
    const auto socket = host_.openUdp(*this, {.local = listening_.local.ip});
    client = std::make_unique<Client>(chain_, from, socket.value().socket);
  }
  client->peer.receive(datagram);
  client->peer.handshake();
  while (const auto message = client->peer.readText())
    host_.send({.socket = client->socket,
                .local = listening_.local,
                .remote = server_,
                .packet = step.packets.copyOf(*message)});
  flush(step, *client);
  if ((SSL_get_shutdown(client->peer.ssl()) & SSL_RECEIVED_SHUTDOWN) == 0) return;
  ++goodbyes;
  host_.close(client->socket);
  clients_.erase(from);
}

void DtlsFront::flush(Step& step, Client& client) {
  for (const ByteVector& datagram : std::exchange(client.peer.out, {}))
    host_.send({.socket = listening_.socket,
                .local = listening_.local,
                .remote = client.remote,
                .packet = step.packets.copyOf(datagram)});
}

// OpenSSL's own timer, which runs by the clock of the world.
void DtlsFront::onTimer(Step& step) {
  for (const auto& [remote, client] : clients_) {
    DTLSv1_handle_timeout(client->peer.ssl());
    flush(step, *client);
  }
}

void DtlsFront::onStepEnd(Step& step) {
  Instant due = never();
  for (const auto& [remote, client] : clients_) {
    timeval left{};
    if (DTLSv1_get_timeout(client->peer.ssl(), &left) == 1)
      due = std::min(due, step.now + std::chrono::seconds(left.tv_sec) +
                              std::chrono::microseconds(left.tv_usec) + 1ms);
  }
  host_.wakeAt(*this, due);
}

}  // namespace parley::worlds
