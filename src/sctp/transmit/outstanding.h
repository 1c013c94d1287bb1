#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/time.h"
#include "sctp/packet/data_chunk.h"
#include "sctp/packet/forward_tsn_chunk.h"
#include "sctp/packet/sack_chunk.h"
#include "sctp/transmit/send_queue.h"
#include "sctp/types.h"

namespace parley::sctp {

// What has been sent and is not yet acknowledged for good, as a ring of chunks by TSN and the
// messages they are cut from. It finds what a SACK newly acknowledges, what is lost, and what
// partial reliability gives up (RFC 3758). It sends nothing and knows no windows.
class Outstanding {
 public:
  Outstanding(Tsn initialTsn, bool partialReliability)
      : firstTsn_(initialTsn), partialReliability_(partialReliability) {}

  // New data: one message at a time is cut into chunks, front to back.
  bool hasCurrent() const { return current_; }
  void begin(OutMessage message);
  std::size_t currentLeft() const {
    return messages_.back().message.message.payload.size() - messages_.back().cut;
  }
  // The next chunk of up to `payloadMax` bytes, counted as sent now in packet number `packet`.
  // Its payload stays valid until the next call that takes a SACK, a timeout or an expiry.
  DataChunk cut(std::size_t payloadMax, std::uint64_t packet, Instant now);
  const OutMessage& current() const { return messages_.back().message; }
  void giveUpExpiredCurrent(Instant now, SendQueue& queue);

  // What was lost and has to be sent again, lowest TSN first.
  bool hasLost() const { return !lost_.empty(); }
  std::size_t firstLostSize() const;  // of the whole chunk, padded
  DataChunk resendFirstLost(std::uint64_t packet, Instant now);

  struct SackOutcome {
    bool valid = false;  // false: acknowledges what was never sent, or contradicts itself
    bool stale = false;  // older than one before
    std::size_t ackedBytes = 0;
    bool cumulativeAdvanced = false;
    bool newLoss = false;
    std::optional<Duration> roundTrip;
  };
  SackOutcome onSack(const SackChunk& sack, Instant now, SendQueue& queue);
  void onTimeout(Instant now, SendQueue& queue);  // T3-rtx: all in flight is lost

  // RFC 3758 3.5 C2-C4: how far the peer may move on, when that is beyond what it acknowledged.
  bool needsForwardTsn() const { return advanced_ >= base_; }
  ForwardTsnChunk forwardTsn(std::size_t skippedMax) const;

  bool empty() const { return chunks_.empty(); }
  std::size_t chunkCount() const { return chunks_.size(); }
  std::size_t bytesInFlight() const { return bytesInFlight_; }      // with chunk headers
  std::size_t payloadInFlight() const { return payloadInFlight_; }  // what the peer's window counts
  std::uint64_t abandonedMessages() const { return abandonedMessages_; }
  Tsn nextTsn() const { return tsnAt(end()); }
  std::int64_t end() const { return base_ + static_cast<std::int64_t>(chunks_.size()); }
  std::int64_t acknowledged() const { return base_ - 1; }  // position of the cumulative TSN
  bool isConsistent() const;                               // recomputes the sums; for tests

 private:
  enum class State : std::uint8_t { inFlight, lost, acked, abandoned };
  struct Chunk {
    std::uint64_t message;  // absolute; see messageBase_
    std::uint32_t offset;
    std::uint16_t size;
    std::uint8_t flags;
    State state;
    std::uint16_t transmissions;
    std::uint64_t packet;  // the number of the packet of its last transmission
    Instant sentAt;
  };
  struct Sent {
    OutMessage message;
    std::int64_t first;  // positions of its chunks, so far
    std::int64_t last;
    std::size_t cut = 0;    // bytes that have become chunks
    bool complete = false;  // all of it is cut, or the rest was given up
    bool abandoned = false;
  };
  struct Range {
    std::int64_t first, last;
  };

  Tsn tsnAt(std::int64_t at) const { return firstTsn_ + static_cast<std::uint32_t>(at - 1); }
  Chunk& chunkAt(std::int64_t at) { return chunks_[static_cast<std::size_t>(at - base_)]; }
  const Chunk& chunkAt(std::int64_t at) const {
    return chunks_[static_cast<std::size_t>(at - base_)];
  }
  Sent& sentOf(const Chunk& chunk) {
    return messages_[static_cast<std::size_t>(chunk.message - messageBase_)];
  }
  const Sent& sentOf(const Chunk& chunk) const {
    return messages_[static_cast<std::size_t>(chunk.message - messageBase_)];
  }
  static std::size_t wireSize(const Chunk& chunk) {
    return padded(DataChunk::kHeader + chunk.size);
  }
  DataChunk viewOf(std::int64_t at) const;

  std::optional<std::vector<Range>> readGaps(const SackChunk& sack, std::int64_t cumulative) const;
  void acknowledge(std::int64_t at, SackOutcome& outcome, Instant now);
  void takeCumulative(std::int64_t cumulative, SackOutcome& outcome, Instant now, SendQueue& queue);
  void takeGaps(std::vector<Range> gaps, SackOutcome& outcome, Instant now);
  void renege(Range range);
  void findLosses(SackOutcome& outcome, Instant now, SendQueue& queue);
  void markLost(std::int64_t at, Instant now, SendQueue& queue);
  void leaveFlight(const Chunk& chunk);
  void enterFlight(const Chunk& chunk);
  void abandon(Sent& sent, SendQueue& queue);
  void advance();

  Tsn firstTsn_;  // has position 1
  bool partialReliability_;
  std::int64_t base_ = 1;  // position of chunks_.front()
  std::deque<Chunk> chunks_;
  std::uint64_t messageBase_ = 0;
  std::deque<Sent> messages_;
  bool current_ = false;  // messages_.back() is still being cut
  std::set<std::int64_t> lost_;
  std::vector<Range> gaps_;  // of the last SACK
  std::int64_t advanced_ = 0;
  std::uint64_t newestPacket_ = 0;  // newest packet known to have arrived
  std::size_t bytesInFlight_ = 0;
  std::size_t payloadInFlight_ = 0;
  std::uint64_t abandonedMessages_ = 0;
};

}  // namespace parley::sctp
