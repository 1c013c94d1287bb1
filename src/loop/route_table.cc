#include "loop/route_table.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::loop {

bool RouteTable::add(SocketId shared, const Address& remote, SocketId share) {
  const Key key{shared, remote};
  const auto [route, isNew] = routes_.emplace(key, share);
  if (route->second != share) return false;
  std::vector<Key>& keys = shares_[share];
  if (!isNew) {
    const auto known = std::ranges::find(keys, key);
    std::rotate(known, known + 1, keys.end());
    return true;
  }
  if (keys.size() == limits::mux::kRoutes) {
    routes_.erase(keys.front());
    keys.erase(keys.begin());
  }
  keys.push_back(key);
  return true;
}

std::optional<SocketId> RouteTable::find(SocketId shared, const Address& remote) const {
  const auto route = routes_.find({shared, remote});
  return route == routes_.end() ? std::nullopt : std::optional(route->second);
}

void RouteTable::remove(SocketId share) {
  const auto found = shares_.find(share);
  if (found == shares_.end()) return;
  for (const Key& key : found->second) routes_.erase(key);
  shares_.erase(found);
}

}  // namespace parley::loop
