#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/address.h"
#include "core/host.h"

namespace parley::loop {

// Which share of a socket a remote address belongs to. The first one keeps it; of the addresses of
// one share the limits::mux::kRoutes that were added last are kept.
class RouteTable {
 public:
  explicit RouteTable(std::uint64_t seed) : routes_(0, Hash{seed}) {}

  bool add(SocketId shared, const Address& remote, SocketId share);  // false: another one's
  std::optional<SocketId> find(SocketId shared, const Address& remote) const;
  void remove(SocketId share);
  std::size_t size() const { return routes_.size(); }

 private:
  struct Key {
    SocketId shared;
    Address remote;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const Key& key) const noexcept {
      return static_cast<std::size_t>(hashOf(key.remote, seed ^ key.shared.value));
    }
  };

  std::unordered_map<Key, SocketId, Hash> routes_;
  std::unordered_map<SocketId, std::vector<Key>> shares_;  // the last one added comes last
};

}  // namespace parley::loop
