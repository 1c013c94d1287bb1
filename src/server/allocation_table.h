#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "server/allocation.h"

namespace parley::server {

// All allocations of a server: found by who asked, by the relay's socket and by what ends first,
// and counted by user. It opens and closes no socket.
class AllocationTable {
 public:
  Allocation& add(Allocation::Origin origin, const BoundUdp& relay, const Address& relayed,
                  Instant expires);
  void remove(AllocationId id);
  void reschedule(AllocationId id);  // after a change of what ends when; it may be gone

  Allocation* find(const FiveTuple& tuple);
  Allocation* findRelay(SocketId socket);
  bool isRelay(const Address& address) const { return byAddress_.contains(address); }
  const Allocation* findClient(const Address& client) const;  // the first of that address

  // The next in which something has ended by now, or null.
  Allocation* nextDue(Instant now);
  Instant deadline() const { return due_.empty() ? never() : due_.begin()->first; }

  std::size_t size() const { return all_.size(); }
  std::size_t countOf(std::string_view user) const;
  std::size_t memoryUsed() const;
  void forEach(const std::function<void(const Allocation&)>& what) const;
  const char* inconsistency() const;

 private:
  struct Entry {
    std::unique_ptr<Allocation> allocation;
    Instant due{};
  };

  std::map<AllocationId, Entry> all_;
  std::map<FiveTuple, Allocation*> byTuple_;
  std::map<SocketId, Allocation*> byRelay_;
  std::map<Address, Allocation*> byAddress_;  // by what the relays are bound to and announced as
  std::set<std::pair<Instant, AllocationId>> due_;
  std::map<std::string, std::size_t, std::less<>> perUser_;
  AllocationId last_{};
};

}  // namespace parley::server
