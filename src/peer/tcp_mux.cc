// TcpMux: the public face of session::TcpMux.

#include "parley/tcp_mux.h"

#include "peer/errors.h"
#include "peer/mux_addresses.h"
#include "peer/realm.h"
#include "session/tcp_mux.h"

namespace parley {

TcpMux::TcpMux(const std::shared_ptr<peer::Realm>& realm, const TcpMuxOptions& options)
    : handle_(realm->openTcpMux()) {
  if (!handle_) throw peer::invalidState("the loop is gone");
  std::uint16_t port = options.port;
  for (const IpAddress& address :
       peer::muxAddresses(options.addresses, *handle_->host, *handle_->mux)) {
    const auto bound = handle_->mux->open({.local = address, .portMin = port, .portMax = port});
    if (!bound) {
      if (options.addresses.empty()) continue;  // some are not for us
      throw peer::operationError("a listener of the mux could not be opened");
    }
    port = bound->local.port;
  }
  if (port == 0 || handle_->mux->listeners().empty())
    throw peer::operationError("no listener of the mux could be opened");
}

TcpMux::~TcpMux() { handle_->mux.reset(); }

std::uint16_t TcpMux::port() const {
  return handle_->mux ? handle_->mux->listeners().front().local.port : 0;
}

std::vector<std::string> TcpMux::addresses() const {
  std::vector<std::string> addresses;
  if (!handle_->mux) return addresses;
  for (const BoundTcp& listener : handle_->mux->listeners())
    addresses.push_back(listener.local.toString());
  return addresses;
}

TcpMux::Stats TcpMux::stats() const {
  if (!handle_->mux) return {};
  const session::TcpMux::Stats stats = handle_->mux->stats();
  return {.waiting = stats.waiting, .assigned = stats.assigned, .strangers = stats.strangers};
}

}  // namespace parley
