#include "server/allocation_table.h"

#include "core/assert.h"

namespace parley::server {

Allocation& AllocationTable::add(Allocation::Origin origin, const BoundUdp& relay,
                                 const Address& relayed, Instant expires) {
  PARLEY_ASSERT(!byTuple_.contains(origin.tuple));
  ++last_.value;
  auto made = std::make_unique<Allocation>(last_, std::move(origin), relay, relayed);
  Allocation& allocation = *made;
  allocation.refresh(expires);
  byTuple_[allocation.tuple()] = &allocation;
  byRelay_[relay.socket] = &allocation;
  byAddress_[relay.local] = byAddress_[relayed] = &allocation;
  ++perUser_[allocation.user()];
  due_.emplace(expires, last_);
  all_.emplace(last_, Entry{std::move(made), expires});
  return allocation;
}

void AllocationTable::remove(AllocationId id) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  const Allocation& allocation = *found->second.allocation;
  byTuple_.erase(allocation.tuple());
  byRelay_.erase(allocation.relaySocket());
  byAddress_.erase(allocation.relayBound());
  byAddress_.erase(allocation.relayed());
  const auto user = perUser_.find(allocation.user());
  if (--user->second == 0) perUser_.erase(user);
  due_.erase({found->second.due, id});
  all_.erase(found);
}

void AllocationTable::reschedule(AllocationId id) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  Entry& entry = found->second;
  due_.erase({entry.due, id});
  entry.due = entry.allocation->deadline();
  due_.emplace(entry.due, id);
}

Allocation* AllocationTable::find(const FiveTuple& tuple) {
  const auto found = byTuple_.find(tuple);
  return found == byTuple_.end() ? nullptr : found->second;
}

Allocation* AllocationTable::findRelay(SocketId socket) {
  const auto found = byRelay_.find(socket);
  return found == byRelay_.end() ? nullptr : found->second;
}

const Allocation* AllocationTable::findClient(const Address& client) const {
  for (const auto& [tuple, allocation] : byTuple_)
    if (tuple.client == client) return allocation;
  return nullptr;
}

Allocation* AllocationTable::nextDue(Instant now) {
  if (due_.empty() || deadline() > now) return nullptr;
  return all_.at(due_.begin()->second).allocation.get();
}

std::size_t AllocationTable::countOf(std::string_view user) const {
  const auto found = perUser_.find(user);
  return found == perUser_.end() ? 0 : found->second;
}

std::size_t AllocationTable::memoryUsed() const {
  constexpr std::size_t kNodes = 6 * 4 * sizeof(void*) + sizeof(FiveTuple) + 2 * sizeof(Address);
  std::size_t bytes = 0;
  for (const auto& [id, entry] : all_) bytes += kNodes + entry.allocation->memoryUsed();
  return bytes;
}

void AllocationTable::forEach(const std::function<void(const Allocation&)>& what) const {
  for (const auto& [id, entry] : all_) what(*entry.allocation);
}

const char* AllocationTable::inconsistency() const {
  const std::size_t count = all_.size();
  if (byTuple_.size() != count || byRelay_.size() != count || due_.size() != count)
    return "the indices of the allocations differ in size";
  std::size_t users = 0;
  for (const auto& [user, allocations] : perUser_) users += allocations;
  if (users != count) return "the users' counts do not add up to the allocations";
  for (const auto& [id, entry] : all_)
    if (entry.due != entry.allocation->deadline()) return "an allocation's deadline is not known";
  return nullptr;
}

}  // namespace parley::server
