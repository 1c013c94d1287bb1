#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/time.h"

namespace parley::sctp {

// Why something that arrived was not used.
enum class Drop : std::uint8_t {
  malformedPacket,  // header, chunk lengths or ports make no sense
  badChecksum,
  badTag,           // RFC 9260 8.5
  malformedChunk,   // the body of a known chunk does not parse
  unexpectedChunk,  // not in this state
  unknownChunk,
  duplicateData,
  windowExceeded,  // data beyond the receive window or too far ahead
  badStream,       // stream beyond those negotiated
  badSack,         // acknowledges what was never sent
  badForwardTsn,
  badCookie,
  badHeartbeat,
  badReset,
  tooManyAnswers,  // more replies in one step than one step sends
  count,
};

// Counters only rise; gauges say how things are now.
struct Stats {
  std::uint64_t packetsSent = 0;
  std::uint64_t packetsReceived = 0;
  std::uint64_t bytesSent = 0;  // whole SCTP packets
  std::uint64_t bytesReceived = 0;
  std::uint64_t messagesSent = 0;  // first fragment handed to the wire
  std::uint64_t messagesReceived = 0;
  std::uint64_t messagesAbandoned = 0;  // RFC 3758
  std::uint64_t messagesOversized = 0;
  std::uint64_t payloadBytesSent = 0;  // first transmissions
  std::uint64_t payloadBytesReceived = 0;
  std::uint64_t dataChunksSent = 0;
  std::uint64_t dataChunksReceived = 0;
  std::uint64_t chunksRetransmitted = 0;
  std::uint64_t bytesRetransmitted = 0;
  std::uint64_t fastRecoveries = 0;
  std::uint64_t timeouts = 0;  // T3-rtx
  std::uint64_t sacksSent = 0;
  std::uint64_t sacksReceived = 0;
  std::uint64_t windowProbes = 0;
  std::uint64_t forwardTsnsSent = 0;
  std::uint64_t resetsSent = 0;
  std::uint64_t resetsReceived = 0;
  std::uint64_t heartbeatsSent = 0;
  std::uint64_t poolRefusals = 0;  // a packet had to wait because the pool was out
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::count)> drops{};

  std::size_t congestionWindow = 0;  // gauges from here on
  std::size_t slowStartThreshold = 0;
  std::size_t bytesInFlight = 0;
  std::size_t unacknowledgedChunks = 0;  // webrtc-stats: unackData
  std::size_t bytesQueued = 0;           // accepted, not yet on the wire
  std::size_t peerWindow = 0;
  std::size_t receiverWindow = 0;  // what we would announce now
  std::size_t bytesHeld = 0;       // fragments and messages out of order
  std::size_t bytesUnread = 0;     // delivered and not yet consumed()
  Duration smoothedRoundTrip{0};
  Duration retransmissionTimeout{0};
  std::size_t packetSize = 0;  // webrtc-stats: mtu
  std::uint16_t streamsOut = 0;
  std::uint16_t streamsIn = 0;

  std::uint64_t dropped(Drop why) const { return drops[static_cast<std::size_t>(why)]; }
};

}  // namespace parley::sctp
