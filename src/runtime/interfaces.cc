#include "runtime/interfaces.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "runtime/socket_address.h"

namespace parley::runtime {

namespace {

bool hasDetail(const std::string& name, const char* detail) {
  return ::access(("/sys/class/net/" + name + "/" + detail).c_str(), F_OK) == 0;
}

InterfaceKind kindOf(const std::string& name, unsigned flags) {
  if (flags & IFF_LOOPBACK) return InterfaceKind::loopback;
  if (hasDetail(name, "wireless") || hasDetail(name, "phy80211")) return InterfaceKind::wifi;
  if (hasDetail(name, "tun_flags")) return InterfaceKind::vpn;
  if (const InterfaceKind kind = kindByName(name); kind != InterfaceKind::unknown) return kind;
  if (flags & IFF_POINTOPOINT) return InterfaceKind::vpn;
  return hasDetail(name, "device") ? InterfaceKind::ethernet : InterfaceKind::unknown;
}

}  // namespace

InterfaceKind kindByName(std::string_view name) {
  static constexpr std::pair<std::string_view, InterfaceKind> kPrefixes[] = {
      {"lo", InterfaceKind::loopback}, {"eth", InterfaceKind::ethernet},
      {"en", InterfaceKind::ethernet}, {"wlan", InterfaceKind::wifi},
      {"wl", InterfaceKind::wifi},     {"wwan", InterfaceKind::cellular},
      {"ww", InterfaceKind::cellular}, {"rmnet", InterfaceKind::cellular},
      {"tun", InterfaceKind::vpn},     {"tap", InterfaceKind::vpn},
      {"wg", InterfaceKind::vpn},      {"ppp", InterfaceKind::vpn},
      {"ipsec", InterfaceKind::vpn},   {"tailscale", InterfaceKind::vpn},
  };
  for (const auto& [prefix, kind] : kPrefixes) {
    if (name.starts_with(prefix)) return kind;
  }
  return InterfaceKind::unknown;
}

std::vector<NetworkInterface> listInterfaces() {
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  std::vector<NetworkInterface> found;
  for (const ifaddrs* at = first; at; at = at->ifa_next) {
    const bool isUp = (at->ifa_flags & IFF_UP) && (at->ifa_flags & IFF_RUNNING);
    if (!isUp || !at->ifa_addr) continue;
    NetworkInterface one{.name = at->ifa_name};
    if (at->ifa_addr->sa_family == AF_INET) {
      one.address = ipOf(reinterpret_cast<const sockaddr_in*>(at->ifa_addr)->sin_addr);
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(at->ifa_addr);
      one.address = ipOf(v6->sin6_addr, v6->sin6_scope_id);
    } else {
      continue;
    }
    const auto sister =
        std::find_if(found.begin(), found.end(),
                     [&](const NetworkInterface& other) { return other.name == one.name; });
    const bool isFirst = sister == found.end();  // of its interface: the system is asked once
    one.index = isFirst ? ::if_nametoindex(at->ifa_name) : sister->index;
    one.kind = isFirst ? kindOf(one.name, at->ifa_flags) : sister->kind;
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace parley::runtime
