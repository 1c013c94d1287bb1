#include "runtime/links.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <memory>

#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

bool isIp(const sockaddr* address) {
  return address && (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

IpAddress ipOf(const sockaddr* address) {
  if (address->sa_family == AF_INET)
    return runtime::ipOf(reinterpret_cast<const sockaddr_in*>(address)->sin_addr);
  return runtime::ipOf(reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 0);
}

bool isIn(const LinkNetwork& network, const IpAddress& address) {
  if (address.family() != network.address.family()) return false;
  const Bytes mask = network.mask.bytes(), own = network.address.bytes(), other = address.bytes();
  for (std::size_t i = 0; i < own.size(); ++i)
    if (((own[i] ^ other[i]) & mask[i]) != 0) return false;
  return true;
}

}  // namespace

std::vector<LinkNetwork> listLinks() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  std::vector<LinkNetwork> found;
  for (const ifaddrs* at = first; at; at = at->ifa_next) {
    const bool isLoopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
    const bool isUp = (at->ifa_flags & IFF_UP) && (at->ifa_flags & IFF_RUNNING);
    if (!isUp || !isIp(at->ifa_addr) || !at->ifa_netmask) continue;
    if (!isLoopback && !(at->ifa_flags & IFF_MULTICAST)) continue;
    at->ifa_netmask->sa_family = at->ifa_addr->sa_family;  // some systems leave it out
    found.push_back(
        {::if_nametoindex(at->ifa_name), ipOf(at->ifa_addr), ipOf(at->ifa_netmask), isLoopback});
  }
  if (!std::ranges::all_of(found, &LinkNetwork::isLoopback))
    std::erase_if(found, [](const LinkNetwork& network) { return network.isLoopback; });
  return found;
}

bool isOnLink(const std::vector<LinkNetwork>& links, const IpAddress& address) {
  return address.isLinkLocal() || std::ranges::any_of(links, [&](const LinkNetwork& network) {
           return isIn(network, address);
         });
}

}  // namespace parley::runtime
