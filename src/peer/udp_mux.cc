// UdpMux: the public face of session::UdpMux.

#include "parley/udp_mux.h"

#include "peer/errors.h"
#include "peer/mux_sockets.h"
#include "peer/realm.h"
#include "session/udp_mux.h"

namespace parley {

UdpMux::UdpMux(const std::shared_ptr<peer::Realm>& realm, const UdpMuxOptions& options)
    : handle_(realm->openMux()) {
  if (!handle_) throw peer::invalidState("the loop is gone");
  peer::openSockets(*handle_, options.addresses, options.port);
}

UdpMux::~UdpMux() { handle_->mux.reset(); }

std::uint16_t UdpMux::port() const {
  return handle_->mux ? handle_->mux->sockets().front().local.port : 0;
}

std::vector<std::string> UdpMux::addresses() const {
  if (!handle_->mux) return {};
  return peer::addressesOf(handle_->mux->sockets());
}

UdpMux::Stats UdpMux::stats() const {
  if (!handle_->mux) return {};
  const session::UdpMux::Stats stats = handle_->mux->stats();
  return {
      .transports = stats.shares, .strangers = stats.strangers, .addressTaken = stats.addressTaken};
}

}  // namespace parley
