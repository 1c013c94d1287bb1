#pragma once

#include <cstddef>
#include <cstdint>

#include "core/limits.h"
#include "core/time.h"

namespace parley::sctp {

// What an association is told once, when it is made. Every default is a limit of the house.
struct Config {
  std::uint16_t localPort = 5'000;
  std::uint16_t remotePort = 5'000;

  // The largest message the peer takes (its max-message-size); 0: any size.
  std::size_t sendMessageMax = limits::sctp::kMessageMaxUnannounced;
  // The largest message we take. A longer one is swallowed and reported as Oversized.
  std::size_t receiveMessageMax = limits::sctp::kMessageMax;

  std::size_t receiveWindow = limits::sctp::kReceiveWindow;  // raised to hold one largest message
  std::size_t sendQueueMax = limits::channel::kSendBufferPerConnection;
  std::uint16_t streamsOut = limits::sctp::kStreams;  // asked for; the peer may grant fewer
  std::uint16_t streamsIn = limits::sctp::kStreams;

  std::size_t packetSize = limits::sctp::kPacketSize;  // of a whole SCTP packet
  Duration handshakeTimer = limits::sctp::kHandshakeTimer;
  Duration heartbeatInterval = limits::sctp::kHeartbeatInterval;
};

}  // namespace parley::sctp
