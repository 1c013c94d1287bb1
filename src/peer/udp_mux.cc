// UdpMux: the public face of session::UdpMux.

#include "parley/udp_mux.h"

#include "peer/errors.h"
#include "peer/mux_addresses.h"
#include "peer/realm.h"
#include "session/udp_mux.h"

namespace parley {
UdpMux::UdpMux(const std::shared_ptr<peer::Realm>& realm, const UdpMuxOptions& options)
    : handle_(realm->openMux()) {
  if (!handle_) throw peer::invalidState("the loop is gone");
  std::uint16_t port = options.port;
  for (const IpAddress& address :
       peer::muxAddresses(options.addresses, *handle_->host, *handle_->mux)) {
    const auto bound = handle_->mux->open({.local = address, .portMin = port, .portMax = port});
    if (!bound) {
      if (options.addresses.empty()) continue;  // some are not for us
      throw peer::operationError("a socket of the mux could not be opened");
    }
    port = bound->local.port;
  }
  if (port == 0 || handle_->mux->sockets().empty())
    throw peer::operationError("no socket of the mux could be opened");
}

UdpMux::~UdpMux() { handle_->mux.reset(); }

std::uint16_t UdpMux::port() const {
  return handle_->mux ? handle_->mux->sockets().front().local.port : 0;
}

std::vector<std::string> UdpMux::addresses() const {
  std::vector<std::string> addresses;
  if (!handle_->mux) return addresses;
  for (const BoundUdp& socket : handle_->mux->sockets())
    addresses.push_back(socket.local.toString());
  return addresses;
}

UdpMux::Stats UdpMux::stats() const {
  if (!handle_->mux) return {};
  const session::UdpMux::Stats stats = handle_->mux->stats();
  return {
      .transports = stats.shares, .strangers = stats.strangers, .addressTaken = stats.addressTaken};
}

}  // namespace parley
