#include "peer/mux_addresses.h"

#include "peer/errors.h"
#include "session/gatherer.h"

namespace parley::peer {

std::vector<IpAddress> muxAddresses(const std::vector<std::string>& named, Host& host,
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

}  // namespace parley::peer
