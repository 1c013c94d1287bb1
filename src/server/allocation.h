#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/address.h"
#include "core/host.h"
#include "core/result.h"
#include "core/time.h"
#include "stun/protocol.h"

namespace parley::server {

// What an allocation is found by (RFC 8656 2.2); the protocol is always UDP.
struct FiveTuple {
  SocketId socket{};  // on which the server hears the client
  Address server{};
  Address client{};

  friend constexpr auto operator<=>(const FiveTuple&, const FiveTuple&) = default;
};

using AllocationId = Strong<struct AllocationIdTag, std::uint64_t>;

struct Channel {
  std::uint16_t number = 0;
  Address peer{};
  Instant expires{};
};

// One relay of one client, with the permissions and channels on it (RFC 8656 9, 12). They are
// values with an end: what has ended counts as gone before anybody has cleared it away. Which peer
// may be permitted at all is the server's business.
class Allocation {
 public:
  struct Origin {
    FiveTuple tuple;
    std::string user;
    stun::TransactionId request{};  // the Allocate that made it
  };
  Allocation(AllocationId id, Origin origin, const BoundUdp& relay, const Address& relayed)
      : id_(id), origin_(std::move(origin)), relay_(relay), relayed_(relayed) {}

  AllocationId id() const { return id_; }
  const FiveTuple& tuple() const { return origin_.tuple; }
  const std::string& user() const { return origin_.user; }
  const stun::TransactionId& request() const { return origin_.request; }
  SocketId relaySocket() const { return relay_.socket; }
  const Address& relayBound() const { return relay_.local; }
  const Address& relayed() const { return relayed_; }  // as the client is told

  void refresh(Instant expires) { expires_ = expires; }
  Instant expires() const { return expires_; }

  // All of them or, when there is no room for all, none.
  Result<void, stun::ErrorCode> permit(Instant now, std::span<const Address> peers,
                                       Instant expires);
  bool permits(Instant now, const IpAddress& peer) const;

  // Binds or renews (RFC 8656 12.2), and permits the peer until `permitted`; both or nothing.
  Result<void, stun::ErrorCode> bind(Instant now, const Channel& wanted, Instant permitted);
  bool canBind(Instant now, std::uint16_t number, const Address& peer) const;
  const Channel* channel(Instant now, std::uint16_t number) const;
  const Channel* channelTo(Instant now, const Address& peer) const;

  void expire(Instant now);  // clears what has ended inside
  Instant deadline() const;  // of the first thing that ends, or of itself
  std::vector<IpAddress> permissions(Instant now) const;
  std::size_t permissionCount() const { return permissions_.size(); }
  std::size_t channelCount() const { return channels_.size(); }
  std::size_t memoryUsed() const;

 private:
  AllocationId id_;
  Origin origin_;
  BoundUdp relay_;
  Address relayed_;
  Instant expires_{};
  std::map<IpAddress, Instant> permissions_;  // until when
  std::vector<Channel> channels_;
};

}  // namespace parley::server
