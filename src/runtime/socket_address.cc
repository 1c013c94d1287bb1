#include "runtime/socket_address.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

namespace parley::runtime {

IpAddress ipOf(const in_addr& address) {
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress::v4(bytes);
}

// Only link-local addresses carry their zone: elsewhere it would tell equal addresses apart.
IpAddress ipOf(const in6_addr& address, std::uint32_t scope) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  const IpAddress plain = IpAddress::v6(bytes);
  return plain.isLinkLocal() ? IpAddress::v6(bytes, scope) : plain;
}

in_addr toSystem4(const IpAddress& ip) {
  in_addr result{};
  std::memcpy(&result, ip.bytes().data(), sizeof result);
  return result;
}

in6_addr toSystem6(const IpAddress& ip) {
  in6_addr result{};
  std::memcpy(&result, ip.bytes().data(), sizeof result);
  return result;
}

SocketAddress::SocketAddress(const Address& address) {
  if (address.ip.isV4()) {
    storage_.v4.sin_family = AF_INET;
    storage_.v4.sin_port = htons(address.port);
    storage_.v4.sin_addr = toSystem4(address.ip);
    size_ = sizeof(sockaddr_in);
  } else {
    storage_.v6.sin6_family = AF_INET6;
    storage_.v6.sin6_port = htons(address.port);
    storage_.v6.sin6_addr = toSystem6(address.ip);
    storage_.v6.sin6_scope_id = address.ip.scope();
    size_ = sizeof(sockaddr_in6);
  }
}

Address SocketAddress::toAddress() const {
  if (data()->sa_family == AF_INET) {
    return {ipOf(storage_.v4.sin_addr), ntohs(storage_.v4.sin_port)};
  }
  if (data()->sa_family == AF_INET6) {
    return {ipOf(storage_.v6.sin6_addr, storage_.v6.sin6_scope_id), ntohs(storage_.v6.sin6_port)};
  }
  return {};
}

}  // namespace parley::runtime
