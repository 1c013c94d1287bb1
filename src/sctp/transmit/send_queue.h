#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/time.h"
#include "sctp/transmit/scheduler.h"
#include "sctp/types.h"

namespace parley::sctp {

struct OutMessage {
  Message message;
  SendOptions options;
  Instant expires = never();
  Ssn ssn;  // given when it leaves the queue
};

// Messages that wait for their first transmission, by stream. Also keeps what a stream reset has
// to know (RFC 6525 5.1.2): from the reset on, new messages wait until the old ones are through.
class SendQueue {
 public:
  struct Sent {
    StreamId stream;
    std::size_t bytes;
  };

  SendQueue() : scheduler_(std::make_unique<RoundRobin>()) {}

  void push(OutMessage message);
  // The next message in the scheduler's order, numbered; those that expired are dropped on the
  // way. Its stream counts it as live until settled().
  std::optional<OutMessage> pop(Instant now);
  bool hasMessages() const { return !scheduler_->empty(); }
  std::size_t bytes() const { return bytes_; }

  // Bytes of a message that went to the wire or were given up; takeSent() sums them by stream.
  void noteSent(const OutMessage& message, std::size_t bytes);
  std::vector<Sent> takeSent();
  void settled(StreamId stream);  // a popped message was acknowledged or abandoned for good
  std::uint64_t expired() const { return expired_; }

  void beginReset(StreamId stream);
  bool isResetting(StreamId stream) const;
  bool isQuiet(StreamId stream) const;  // nothing of its old life is queued or on the way
  void endReset(StreamId stream, bool startOver);
  void dropStreamsFrom(std::uint16_t first);  // the peer granted fewer
  void clear();

 private:
  struct Stream {
    std::deque<OutMessage> messages;
    std::size_t live = 0;  // popped, not settled
    std::size_t beforeReset = 0;
    std::size_t sentBytes = 0;  // since the last takeSent()
    bool resetting = false;
    bool entered = false;
    Ssn next;
  };

  Stream& streamOf(StreamId id);
  const Stream* find(StreamId id) const;
  static bool isReady(const Stream& stream) {
    return !stream.messages.empty() && (!stream.resetting || stream.beforeReset > 0);
  }
  void enterIfReady(StreamId id, Stream& stream);

  std::unique_ptr<Scheduler> scheduler_;
  std::vector<std::unique_ptr<Stream>> streams_;  // made on use
  std::vector<StreamId> sentStreams_;             // those with sentBytes
  std::size_t bytes_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace parley::sctp
