#pragma once

#include <cstdint>
#include <vector>

#include "core/address.h"

namespace parley::runtime {

// An address of ours and how much of it names the network behind the interface.
struct LinkNetwork {
  std::uint32_t interface = 0;
  IpAddress address;
  IpAddress mask;
  bool isLoopback = false;
};

// The networks in which multicast is heard; those of the loopback interface where there are no
// others.
std::vector<LinkNetwork> listLinks();

// Whether the address can be reached without a router (RFC 6762 11).
bool isOnLink(const std::vector<LinkNetwork>& links, const IpAddress& address);

}  // namespace parley::runtime
