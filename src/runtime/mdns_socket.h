#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/address.h"
#include "core/bytes.h"

namespace parley::runtime {

// A descriptor on the port of multicast DNS, shared with the other programs of the machine (RFC
// 6762 15), or on any other port, from where one asks as a plain resolver does (RFC 6762 5.1).
class MdnsSocket {
 public:
  enum class Port : std::uint8_t { ours, any };
  static std::optional<MdnsSocket> open(IpAddress::Family family, Port port);

  MdnsSocket(MdnsSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        isV4_(other.isV4_),
        isOnPort_(other.isOnPort_),
        isShared_(other.isShared_),
        joined_(std::move(other.joined_)) {}
  MdnsSocket& operator=(MdnsSocket&&) = delete;
  ~MdnsSocket();

  int descriptor() const { return descriptor_; }
  void release() { descriptor_ = -1; }  // who has taken it closes it
  bool isV4() const { return isV4_; }
  bool isOnPort() const { return isOnPort_; }
  bool isShared() const { return isShared_; }  // others have the port too: unicast may reach them

  void join(std::uint32_t interface);      // once or more often
  void sendToGroup(Bytes datagram) const;  // on each interface that was joined
  void sendTo(const Address& to, Bytes datagram) const;

  struct Received {
    Address from;
    bool wasMulticast = false;
    std::uint32_t interface = 0;
    std::size_t size = 0;  // 0: one to be passed over
  };
  std::optional<Received> receive(MutableBytes room) const;  // nothing: there is none

 private:
  MdnsSocket(int descriptor, bool isV4) : descriptor_(descriptor), isV4_(isV4) {}
  void tune() const;
  bool canBindAlone() const;
  void send(const Address& to, std::uint32_t interface, Bytes datagram) const;

  int descriptor_;
  bool isV4_;
  bool isOnPort_ = false;
  bool isShared_ = false;
  std::vector<std::uint32_t> joined_;
};

}  // namespace parley::runtime
