#pragma once

#include <deque>

#include "fuzz/common.h"
#include "sctp/association.h"
#include "sctp/crc32c.h"
#include "sctp/packet/chunk.h"

// One end of an association whose packets are kept until a fuzz target carries them.

namespace parley::fuzz {

inline sctp::Config smallConfig() {
  sctp::Config config;
  config.receiveWindow = 32u << 10;
  config.receiveMessageMax = 16u << 10;
  config.sendMessageMax = 16u << 10;
  config.sendQueueMax = 64u << 10;
  config.streamsOut = config.streamsIn = 16;
  return config;
}

inline std::uint32_t wordAt(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 |
         static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

class SctpEnd final : public PacketSink {
 public:
  explicit SctpEnd(const sctp::Config& config) : association(config, *this) {}

  void sendPacket(Step&, Packet packet) override {
    const Bytes bytes = packet.bytes();
    FUZZ_REQUIRE(bytes.size() <= limits::sctp::kPacketSize);
    FUZZ_REQUIRE(sctp::hasValidChecksum(bytes) && sctp::Association::isWellFormed(bytes));
    // INIT and INIT ACK say the sender's tag and first TSN (RFC 9260 3.3.2).
    if (bytes.size() >= 32 && (bytes[12] == 1 || bytes[12] == 2)) {
      tag = {wordAt(bytes, 16)};
      initialTsn = {wordAt(bytes, 28)};
    }
    out.push_back(toVector(bytes));
    ++sent;
  }

  void check() const {
    const sctp::Stats stats = association.stats();
    FUZZ_REQUIRE(association.inconsistency() == nullptr);
    FUZZ_REQUIRE(stats.bytesQueued <= (64u << 10) + (16u << 10));
    FUZZ_REQUIRE(stats.bytesHeld + stats.bytesUnread <= (2 * 32u << 10) + (16u << 10));
    if (association.state() == sctp::State::ended) {
      FUZZ_REQUIRE(association.deadline() == never());
    }
  }

  sctp::Association association;
  std::deque<ByteVector> out;
  std::size_t sent = 0;
  sctp::Tag tag;
  sctp::Tsn initialTsn;
};

}  // namespace parley::fuzz
