#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/limits.h"
#include "core/time.h"
#include "stun/protocol.h"

namespace parley::turn {

struct Config {
  std::string username;  // long-term credentials (RFC 8489 9.2), REST ones included
  std::string password;
  // The family of the relayed address; absent: the server's choice, which is IPv4 (RFC 8656 7.2).
  std::optional<stun::AddressFamily> family = std::nullopt;
  Duration lifetime = limits::turn::kLifetime;  // asked for; the server decides
  // TCP or TLS carries the messages: nothing is repeated (RFC 8489 6.2.2), and ChannelData is
  // padded to four bytes (RFC 8656 12.5).
  bool overStream = false;
};

// What a client has done. Every message that it did not use is in one of the counts of drops.
struct Stats {
  std::uint64_t requestsSent = 0;  // repetitions included
  std::uint64_t responsesReceived = 0;
  std::uint64_t packetsSent = 0;  // data
  std::uint64_t packetsReceived = 0;
  std::uint64_t bytesSent = 0;
  std::uint64_t bytesReceived = 0;
  std::uint64_t malformed = 0;
  std::uint64_t unauthenticated = 0;  // answers without a right signature
  std::uint64_t unexpected = 0;       // answers to nothing we asked, requests, other methods
  std::uint64_t noPermission = 0;     // data of peers we have not asked for
  std::uint64_t unsent = 0;           // send() said no
  std::uint64_t tooMany = 0;          // permissions and channels there was no room for
};

}  // namespace parley::turn
