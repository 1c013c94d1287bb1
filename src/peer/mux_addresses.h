#pragma once

#include <string>
#include <vector>

#include "core/address.h"
#include "core/host.h"

namespace parley::peer {

// What a mux is to listen on; of none named, what would be gathered. TypeError: not of a machine.
std::vector<IpAddress> muxAddresses(const std::vector<std::string>& named, Host& host,
                                    Host::Guest& mux);

}  // namespace parley::peer
