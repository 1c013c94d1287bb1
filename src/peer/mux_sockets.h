#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "peer/errors.h"
#include "session/gatherer.h"

namespace parley::peer {

// What the public faces of the muxes have in common.

// What a mux is to listen on; of none named, what would be gathered. TypeError: not of a machine.
inline std::vector<IpAddress> muxAddresses(const std::vector<std::string>& named, Host& host,
                                           Host::Guest& mux) {
  if (named.empty()) return session::Gatherer(host, mux, session::GatherConfig{}).addresses();
  std::vector<IpAddress> addresses;
  for (const std::string& text : named) {
    const auto address = IpAddress::parse(text);
    if (!address || address->isUnspecified())
      throw typeError("a mux needs addresses of this machine");
    addresses.push_back(*address);
  }
  return addresses;
}

// One port on all of them. Of addresses that nobody named some may not be for us.
template <class Handle>
void openSockets(Handle& handle, const std::vector<std::string>& named, std::uint16_t port) {
  bool isAny = false;
  for (const IpAddress& address : muxAddresses(named, *handle.host, *handle.mux)) {
    const auto bound = handle.mux->open({.local = address, .portMin = port, .portMax = port});
    if (!bound && named.empty()) continue;
    if (!bound) throw operationError("a socket of the mux could not be opened");
    port = bound->local.port;
    isAny = true;
  }
  if (!isAny) throw operationError("no socket of the mux could be opened");
}

template <class Bound>
std::vector<std::string> addressesOf(const std::vector<Bound>& sockets) {
  std::vector<std::string> addresses;
  addresses.reserve(sockets.size());
  for (const Bound& socket : sockets) addresses.push_back(socket.local.toString());
  return addresses;
}

}  // namespace parley::peer
