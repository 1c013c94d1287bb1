#pragma once

#include <cstdint>

#include "ice/path.h"
#include "ice/stats.h"

namespace parley::ice {

// A base of ours, an address of the peer, and how far we are with proving that they reach each
// other. Plain data; the check list keeps it in order.
struct Pair {
  PairId id;
  Path path;
  CandidateId remote;
  Protocol protocol = Protocol::udp;
  CandidateId seenAs;  // our candidate as the peer sees it; the base until an answer told
  std::uint32_t localPriority = 0;
  std::uint32_t remotePriority = 0;
  std::uint64_t priority = 0;
  std::uint64_t foundation = 0;
  PairState state = PairState::frozen;
  bool known = false;  // the peer proved its password here, in either direction
  bool valid = false;  // a check of ours was answered (RFC 8445 7.2.5.3.2)
  bool nominated = false;
  bool nominating = false;              // our check carries USE-CANDIDATE
  bool nominateOnAnswer = false;        // the peer's did, before ours was answered
  Instant lastSent = Instant::min();    // a check of ours
  Instant lastAnswer = Instant::min();  // consent lasts from here
  Instant validFrom = never();
  Instant lastNominated = Instant::min();
  std::uint32_t nomination = 0;  // the number of the last one; 0: it had none
  Instant recheckAt = never();   // unless an answer comes first
  PairCounters counters;

  // Answered, and so recently that the answer still is consent to send (RFC 7675 5.1).
  bool isUsable(Instant now, Duration consentExpires) const {
    return valid && now - lastAnswer < consentExpires;
  }
};

}  // namespace parley::ice
