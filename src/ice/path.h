#pragma once

#include <cstdint>

#include "core/address.h"
#include "core/packet.h"
#include "core/step.h"
#include "core/strong.h"

namespace parley::ice {

// Which of a peer's transports: one per BUNDLE group, or one per section without BUNDLE.
using TransportIndex = Strong<struct TransportIndexTag, std::uint16_t>;

// A candidate of ours or of the peer, unique within an agent; never used again for another. A
// base that is added again after a restart keeps its id, because it is the same socket.
using CandidateId = Strong<struct CandidateIdTag, std::uint32_t>;
using PairId = Strong<struct PairIdTag, std::uint32_t>;

// Which of our bases sends (a host or relayed candidate), and to whom; or, for a datagram that
// came in, which of them received it and from whom.
struct Path {
  CandidateId local;
  Address remote;

  friend bool operator==(const Path&, const Path&) = default;
};

// Below the agent: whoever owns the sockets and the TURN allocations behind the bases.
class PathSink {
 public:
  virtual void sendOn(Step& step, const Path& path, Packet packet) = 0;

 protected:
  ~PathSink() = default;
};

}  // namespace parley::ice
