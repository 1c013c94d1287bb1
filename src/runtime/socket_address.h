#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "core/address.h"

namespace parley::runtime {

// An address as the system calls take it.
class SocketAddress {
 public:
  SocketAddress() = default;
  explicit SocketAddress(const Address& address);

  Address toAddress() const;  // an unset or unknown one is 0.0.0.0:0

  sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage_); }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  socklen_t* sizeRoom() {  // for calls that fill it in
    size_ = sizeof storage_;
    return &size_;
  }
  static constexpr socklen_t capacity() { return sizeof(Storage); }

 private:
  union Storage {
    sockaddr_in6 v6;
    sockaddr_in v4;
  };
  Storage storage_{};
  socklen_t size_ = 0;
};

IpAddress ipOf(const in_addr& address);
IpAddress ipOf(const in6_addr& address, std::uint32_t scope);
in_addr toSystem4(const IpAddress& ip);
in6_addr toSystem6(const IpAddress& ip);

}  // namespace parley::runtime
