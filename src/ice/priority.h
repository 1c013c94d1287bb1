#pragma once

#include <cstdint>

#include "ice/candidate.h"
#include "ice/config.h"

// The arithmetic of RFC 8445 5.1.2 and 6.1.2: which candidates pair, and in which order.

namespace parley::ice {

// RFC 8445 6.1.2.3; `local` and `remote` are candidate priorities.
std::uint64_t pairPriority(Role role, std::uint32_t local, std::uint32_t remote);

// What a check puts into PRIORITY: that of a peer-reflexive candidate on the same base
// (RFC 8445 7.1.1).
std::uint32_t peerReflexivePriority(Protocol protocol, std::uint32_t basePriority);

// RFC 8445 6.1.2.2 and, for TCP, RFC 6544 6.2: may a check go from this base to that address?
bool canPair(const Candidate& base, const Candidate& remote);

// The pair's foundation: equal for pairs whose two foundations are equal (RFC 8445 6.1.2.6).
std::uint64_t pairFoundation(const Candidate& local, const Candidate& remote);

// One can send there: a port, and neither unspecified nor multicast nor IPv4 in IPv6 clothes.
bool isSendable(const Address& address);

// Zones mean something on one machine only, so a peer's view of an address has none.
bool sameWithoutZone(const Address& a, const Address& b);
Address withZoneOf(const Address& remote, const IpAddress& local);

}  // namespace parley::ice
