#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/step.h"
#include "ice/config.h"
#include "ice/credentials.h"
#include "stun/protocol.h"

namespace parley::ice {

// Everything a connectivity check says, kept as long as it may be sent again: a transaction id
// must never go out with two different bodies.
struct RequestBody {
  stun::TransactionId id{};
  Role role = Role::controlling;
  bool useCandidate = false;
  std::uint32_t nomination = 0;  // with useCandidate: which one of ours, a later one higher
  std::uint32_t priority = 0;
  std::uint64_t tieBreaker = 0;
};

// The Binding request of RFC 8445 7.1 and 7.2.4; false when the pool is empty.
Packet writeRequest(Step& step, const RequestBody& body, const Credentials& local,
                    const Credentials& remote);

}  // namespace parley::ice
