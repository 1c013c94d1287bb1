#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/timer.h"
#include "sctp/config.h"
#include "sctp/cookie.h"
#include "sctp/packet/reconfig_chunk.h"
#include "sctp/receive/ack_policy.h"
#include "sctp/receive/data_tracker.h"
#include "sctp/receive/reassembly.h"
#include "sctp/transmit/congestion.h"
#include "sctp/transmit/outstanding.h"
#include "sctp/transmit/rto.h"

namespace parley::sctp {

// What is known of the peer from the cookie on: the transmission control block of RFC 9260 14.
// Plain data; the handlers of each phase of life work on it.
struct Link {
  Link(const Cookie& cookie, const Config& config);

  Tag localTag, remoteTag;
  Extensions extensions;  // spoken by both
  std::uint16_t streamsOut, streamsIn;

  DataTracker tracker;
  Reassembly reassembly;
  AckPolicy acks;
  std::size_t announced;  // the receive window in the last SACK

  Outstanding outstanding;
  Rto rto;
  std::unique_ptr<CongestionController> congestion;
  std::size_t peerWindow;
  Timer t3;
  std::int64_t recoveryExit = 0;  // fast recovery lasts until this position is acknowledged
  bool resendAtOnce = false;      // one packet of lost chunks may ignore the window
  bool forwardTsnDue = false;
  bool wasLimited = false;  // the congestion window stopped the last flush
  bool probing = false;     // what is in flight tests a closed window
  std::size_t ackedSinceFlush = 0;
  Instant lastData{};

  struct Heartbeat {
    Timer next;
    std::optional<std::uint64_t> nonce;  // of the one on its way
    Instant sentAt{};
  };
  Heartbeat heartbeat;

  struct OutgoingReset {  // RFC 6525: one request at a time
    std::vector<StreamId> wanted;
    std::optional<OutgoingResetRequest> request;
    bool due = false;
    Timer timer;
    Duration wait{};
    std::uint32_t nextSequence;
    std::uint32_t answers;  // the peer's last request, acknowledged by ours
  };
  OutgoingReset outgoingReset;

  struct IncomingReset {
    std::uint32_t expected;
    std::optional<ResetResponse> last;
    std::optional<OutgoingResetRequest> deferred;     // its TSNs have not all arrived
    std::optional<OutgoingResetRequest> doneUnasked;  // was deferred; may be asked for again
  };
  IncomingReset incomingReset;
};

}  // namespace parley::sctp
