#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/host.h"
#include "tls/test_authority.h"
#include "tls/test_openssl_peer.h"

namespace parley::worlds {

// DTLS before a TURN server that speaks UDP only, by OpenSSL: each client has a socket of its own
// towards the server, and messages pass both ways. What it does not hear of the server does not
// either: it gives back nothing by itself.
class DtlsFront final : public Host::Guest {
 public:
  DtlsFront(Host& host, const Address& at, const Address& server,
            const tls::testing::IssuedChain& chain);
  ~DtlsFront() override { host_.leave(*this); }

  std::size_t clients() const { return clients_.size(); }  // who have not said goodbye
  std::size_t goodbyes = 0;
  bool isMute = false;

  void onDatagram(Step& step, Datagram datagram) override;
  void onTimer(Step& step) override;
  void onStepEnd(Step& step) override;

 private:
  struct Client {
    Client(const tls::testing::IssuedChain& chain, const Address& remote_, SocketId socket_);

    Address remote;
    SocketId socket;  // towards the server
    dtls::testing::OpenSslPeer peer;
  };

  void hear(Step& step, const Address& from, Bytes datagram);
  void flush(Step& step, Client& client);

  Host& host_;
  Address server_;
  tls::testing::IssuedChain chain_;
  BoundUdp listening_;
  std::map<Address, std::unique_ptr<Client>> clients_;
};

}  // namespace parley::worlds
