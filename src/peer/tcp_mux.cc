// TcpMux: the public face of session::TcpMux.

#include "parley/tcp_mux.h"

#include "peer/errors.h"
#include "peer/mux_sockets.h"
#include "peer/realm.h"
#include "session/tcp_mux.h"

namespace parley {

TcpMux::TcpMux(const std::shared_ptr<peer::Realm>& realm, const TcpMuxOptions& options)
    : handle_(realm->openTcpMux()) {
  if (!handle_) throw peer::invalidState("the loop is gone");
  peer::openSockets(*handle_, options.addresses, options.port);
}

TcpMux::~TcpMux() { handle_->mux.reset(); }

std::uint16_t TcpMux::port() const {
  return handle_->mux ? handle_->mux->listeners().front().local.port : 0;
}

std::vector<std::string> TcpMux::addresses() const {
  if (!handle_->mux) return {};
  return peer::addressesOf(handle_->mux->listeners());
}

TcpMux::Stats TcpMux::stats() const {
  if (!handle_->mux) return {};
  const session::TcpMux::Stats stats = handle_->mux->stats();
  return {.waiting = stats.waiting, .assigned = stats.assigned, .strangers = stats.strangers};
}

}  // namespace parley
