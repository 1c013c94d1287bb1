#pragma once

#include <cstdint>
#include <optional>

#include "core/time.h"
#include "ice/candidate.h"
#include "ice/config.h"
#include "ice/path.h"

namespace parley::ice {

// RTCStatsIceCandidatePairState.
enum class PairState : std::uint8_t { frozen, waiting, inProgress, failed, succeeded };

// What RTCIceCandidatePairStats counts. Packets and bytes are data only, never STUN.
struct PairCounters {
  std::uint64_t packetsSent = 0;
  std::uint64_t packetsReceived = 0;
  std::uint64_t bytesSent = 0;
  std::uint64_t bytesReceived = 0;
  std::uint64_t requestsSent = 0;  // all tries, consent not included
  std::uint64_t requestsReceived = 0;
  std::uint64_t responsesSent = 0;
  std::uint64_t responsesReceived = 0;
  std::uint64_t consentRequestsSent = 0;
  Instant lastPacketSent = never();  // never(): none yet
  Instant lastPacketReceived = never();
  Duration totalRoundTrip{};
  std::optional<Duration> currentRoundTrip;  // of the last answer to a request sent only once
};

struct PairStats {
  PairId id;
  TransportIndex transport;
  CandidateId local;  // the candidate the peer sees us at, once known; before, the base
  CandidateId remote;
  Path path;
  PairState state = PairState::frozen;
  bool nominated = false;
  bool selected = false;
  std::uint64_t priority = 0;
  PairCounters counters;
};

struct CandidateStats {
  CandidateId id;
  CandidateId base;  // itself for host and relayed candidates and for those of the peer
  Candidate candidate;
};

// What one agent has met that it could not use. Each is a datagram dropped or refused.
struct AgentStats {
  std::uint64_t malformed = 0;          // not STUN, or broken
  std::uint64_t badFingerprint = 0;     // absent or wrong on a request
  std::uint64_t unauthenticated = 0;    // no or wrong integrity, or a foreign user name
  std::uint64_t unknownAttributes = 0;  // answered 420
  std::uint64_t strayResponses = 0;     // to no check of ours
  std::uint64_t wrongSource = 0;        // to a check of ours, from another address
  std::uint64_t indications = 0;
  std::uint64_t unknownBase = 0;           // came in on something we do not have
  std::uint64_t peerReflexiveRefused = 0;  // over the bound
  std::uint64_t pairsRefused = 0;          // over the bound, or pushed out by better ones
  std::uint64_t errorsUnsent = 0;          // error answers held back by their own limit
  std::uint64_t packetsDiscarded = 0;      // send() without a usable path
  std::uint64_t bytesDiscarded = 0;
  std::uint64_t poolEmpty = 0;   // no packet to write into
  std::uint64_t checksSent = 0;  // all tries
  std::uint64_t roleConflicts = 0;
};

}  // namespace parley::ice
