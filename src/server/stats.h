#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::server {

// What a server has done. Every datagram that it did not use is in one of the counts of drops.
struct Stats {
  std::uint64_t requests = 0;  // of any method, faults included
  std::uint64_t successes = 0;
  std::uint64_t errors = 0;  // answered
  std::uint64_t bindings = 0;

  std::uint64_t allocationsMade = 0;
  std::uint64_t allocationsRefused = 0;  // after the credentials were right
  std::uint64_t allocationsExpired = 0;
  std::uint64_t allocationsDeleted = 0;  // Refresh with lifetime 0
  std::uint64_t allocationsReset = 0;    // restart() and close()

  std::uint64_t packetsToPeers = 0;
  std::uint64_t packetsToClients = 0;
  std::uint64_t bytesToPeers = 0;  // data only
  std::uint64_t bytesToClients = 0;

  std::uint64_t malformed = 0;      // neither STUN nor ChannelData, or broken
  std::uint64_t unexpected = 0;     // responses, indications of no meaning here
  std::uint64_t noAllocation = 0;   // data of a client that has none
  std::uint64_t noPermission = 0;   // either way
  std::uint64_t noChannel = 0;      // ChannelData on a number that is not bound
  std::uint64_t forbiddenPeer = 0;  // data to whom the policy refuses
  std::uint64_t tooLarge = 0;       // for a packet, once it is wrapped; or there was none
  std::uint64_t rateLimited = 0;    // answers to strangers not sent
  std::uint64_t tooShort = 0;       // strict: the request was smaller than its answer
  std::uint64_t stalled = 0;        // by Faults
  std::uint64_t answersLost = 0;    // by Faults
};

// What a server holds at this moment; zero everywhere after close().
struct Held {
  std::size_t allocations = 0;
  std::size_t permissions = 0;
  std::size_t channels = 0;
  std::size_t sockets = 0;  // listening and relays

  friend bool operator==(const Held&, const Held&) = default;
};

}  // namespace parley::server
