#include "server/peer_policy.h"

#include <optional>

namespace parley::server {
namespace {

bool startsWith(Bytes bytes, std::initializer_list<std::uint8_t> prefix) {
  return bytes.size() >= prefix.size() && std::ranges::equal(bytes.first(prefix.size()), prefix);
}

// The IPv4 address inside an IPv6 one, where a translator or the system itself would use it.
std::optional<IpAddress> carriedV4(const IpAddress& ip) {
  if (ip.isV4()) return std::nullopt;
  const Bytes bytes = ip.bytes();
  std::size_t at = 16;
  if (ip.isV4Mapped() || startsWith(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})) at = 12;
  if (startsWith(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) at = 12;  // RFC 6052 2.1
  if (startsWith(bytes, {0x20, 0x02})) at = 2;                                    // RFC 3056
  if (at == 16) return std::nullopt;
  return IpAddress::v4({bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]});
}

bool isNeverAPeer(const IpAddress& ip) {
  if (ip.isUnspecified() || ip.isMulticast() || ip.isLinkLocal()) return true;
  // "This network" reaches the own machine on some systems; 240/4 holds the broadcast address.
  return ip.isV4() && (ip.bytes()[0] == 0 || ip.bytes()[0] >= 240);
}

}  // namespace

bool PeerPolicy::allows(const IpAddress& peer) const {
  if (peer.isLoopback()) return allowsLoopback;
  if (isNeverAPeer(peer) || (!allowsPrivate && peer.isPrivate())) return false;
  const auto carried = carriedV4(peer);
  return !carried || allows(*carried);
}

bool PeerPolicy::allows(const Address& peer, std::span<const IpAddress> own, bool isRelay) const {
  if (peer.port == 0 || !allows(peer.ip)) return false;
  return allowsOwn || isRelay || std::ranges::find(own, peer.ip) == own.end();
}

}  // namespace parley::server
