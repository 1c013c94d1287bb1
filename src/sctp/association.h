#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "core/ports.h"
#include "core/result.h"
#include "core/step.h"
#include "sctp/config.h"
#include "sctp/stats.h"
#include "sctp/types.h"

namespace parley::sctp {

struct Connected {
  std::uint16_t streamsOut, streamsIn;
};

// One whole message. It is charged to the receive window until consumed() is told of it.
struct Received {
  Message message;
};

// Payload that left the send queue of one stream: handed to the wire for its first time, or given
// up before that because its lifetime ended. At most one per stream and flush.
struct BytesSent {
  StreamId stream;
  std::size_t bytes;
};

// byPeer: the peer's direction of these streams starts over at zero; otherwise ours does, and the
// peer has confirmed it.
struct StreamsReset {
  std::vector<StreamId> streams;
  bool byPeer;
};

// The peer refused or does not know RFC 6525; the streams go on as they were.
struct ResetFailed {
  std::vector<StreamId> streams;
};

// A message longer than receiveMessageMax was swallowed.
struct Oversized {
  StreamId stream;
};

// The peer began again on the same transport: what was queued or half received is gone.
struct Restarted {
  std::uint16_t streamsOut, streamsIn;
};

struct Closed {};  // both sides went through SHUTDOWN

struct Failed {
  enum class Why : std::uint8_t {
    abortedByPeer,      // an ABORT with a valid tag; causeCode is its first cause, if it had one
    protocolViolation,  // we sent an ABORT because of what the peer did
    outOfResource,      // the peer makes us hold more than twice the window
    shutdownTimeout,    // T5: the peer never finished SHUTDOWN
  };
  Why why;
  const char* reason;  // a literal, for traces and messages
  std::optional<std::uint16_t> causeCode;
};

using Event = std::variant<Connected, Received, BytesSent, StreamsReset, ResetFailed, Oversized,
                           Restarted, Closed, Failed>;

enum class State : std::uint8_t {
  closed,  // not begun; answers the peer's INIT
  cookieWait,
  cookieEchoed,
  established,
  shutdownPending,
  shutdownSent,
  shutdownReceived,
  shutdownAckSent,
  ended,  // shut down, aborted or failed: for good
};

// One SCTP association over DTLS (RFC 9260, 8261, 3758, 6525) with one path and no addresses.
// receive() and the commands only change state; flush(), once per step, sends what has become due
// in as few packets as it takes. Both peers may call connect() at once; one that never calls it
// answers. It does not know data channels, and does not give up on an unanswering peer: that
// is the business of ICE consent.
class Association {
 public:
  Association(const Config& config, PacketSink& lower);
  ~Association();
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  void connect(Step& step);
  void setSendMessageMax(std::size_t bytes);  // a new description may change it; 0: any size

  // Takes the message over, from closed on; it goes out once established. Of an error the message
  // is gone too. Streams beyond those granted are refused, or dropped when it is known too late.
  Result<void, SendError> send(Step& step, Message message, const SendOptions& options = {});

  // Our direction of these streams starts over once all that was sent on them has arrived.
  // Messages sent later wait for that and belong to the new life of the stream.
  void resetStreams(Step& step, std::span<const StreamId> streams);

  // The application has taken `messages` messages of `bytes` payload bytes in all: the window
  // reopens by that. Each Received is to be told once, whatever became of its stream.
  void consumed(Step& step, std::size_t bytes, std::size_t messages = 1);

  void shutdown(Step& step);  // sends what is queued, then SHUTDOWN; ends in Closed or Failed
  void abort(Step& step);     // ABORT leaves at once; no event follows and nothing is answered

  void receive(Step& step, Bytes packet);  // one SCTP packet out of one DTLS record
  void onTimer(Step& step);
  void flush(Step& step);
  Instant deadline() const;
  std::optional<Event> nextEvent();

  State state() const;
  Stats stats() const;
  std::size_t bytesQueued() const;  // accepted by send() and not yet reported by BytesSent

  // The whole ABORT packet, to be repeated after abort() by whoever outlives us. Empty while the
  // peer's tag is unknown.
  ByteVector abortPacket() const;

  // Recomputes what is kept as sums, between two steps: which of its books does not add up, or
  // null. For tests, worlds and fuzzing.
  const char* inconsistency() const;
  // Whether bytes are a well-formed SCTP packet with known chunks well-formed; for fuzzing.
  static bool isWellFormed(Bytes packet);

 private:
  class Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace parley::sctp
