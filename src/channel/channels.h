#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/limits.h"
#include "core/ports.h"
#include "core/result.h"
#include "core/step.h"
#include "core/timer.h"
#include "sctp/association.h"

namespace parley::channel {

// Ours, chosen by the caller of open() with the top bit clear. Channels that the peer announces
// get ids of ours with the top bit set. An id is never used twice.
using ChannelId = Strong<struct ChannelIdTag, std::uint32_t>;
inline constexpr std::uint32_t kAnnouncedBit = 0x8000'0000;

enum class State : std::uint8_t { connecting, open, closing, closed };  // closed: also unknown

struct Parameters {
  std::string label;
  std::string protocol;
  bool ordered = true;
  std::optional<std::uint16_t> maxRetransmits;     // at most one of these two
  std::optional<std::uint16_t> maxPacketLifeTime;  // milliseconds
  std::uint16_t priority = 256;          // RFC 8831 6.4: below normal 128, normal 256, ...
  bool negotiated = false;               // opened by both sides out of band; needs `stream`
  std::optional<sctp::StreamId> stream;  // asked for; else numbered by DTLS role
};

enum class OpenError : std::uint8_t {
  streamInUse,
  streamInvalid,  // 65,535, beyond what was granted, or missing while negotiated
  exhausted,      // no stream of our parity is left
  parameters,     // label or protocol over 65,535 bytes, or both kinds of partial reliability
  ended,          // the association is over
};

enum class SendError : std::uint8_t { notOpen, tooLarge, queueFull };

struct Opened {
  ChannelId channel;
  sctp::StreamId stream;
};
// The peer's DATA_CHANNEL_OPEN; the channel is open from here on, no Opened follows.
struct Announced {
  ChannelId channel;
  Parameters parameters;
  sctp::StreamId stream;
};
struct MessageArrived {  // to be answered by one consumed()
  ChannelId channel;
  bool binary;
  ByteVector data;
};
struct BytesSent {  // user bytes that left bufferedAmount
  ChannelId channel;
  std::size_t count;
};
struct Closing {  // the peer closes it; close() by us is not told
  ChannelId channel;
};

// Why a channel closed other than by close() of either side.
struct CloseError {
  enum class Why : std::uint8_t {
    exhausted,          // no stream id was left when numbers were given
    associationFailed,  // see reason and causeCode; abortedByPeer tells who
    associationClosed,  // SHUTDOWN, or a restart
    messageTooLarge,    // the peer sent more than we announced
    protocolViolation,  // a bad message on this channel
  };
  Why why;
  const char* reason = "";
  bool abortedByPeer = false;
  std::optional<std::uint16_t> causeCode;  // RFC 9260 3.3.10, when the peer aborted
};
struct Closed {  // the last event of a channel
  ChannelId channel;
  std::optional<CloseError> error;
};
using Event = std::variant<Opened, Announced, MessageArrived, BytesSent, Closing, Closed>;

struct Stats {
  std::uint64_t opened = 0;  // webrtc-stats: dataChannelsOpened
  std::uint64_t closed = 0;  // webrtc-stats: dataChannelsClosed
  std::uint64_t messagesSent = 0;
  std::uint64_t messagesReceived = 0;
  std::uint64_t bytesSent = 0;  // user bytes accepted
  std::uint64_t bytesReceived = 0;
  std::uint64_t badOpens = 0;      // malformed, wrong parity or on a stream in use
  std::uint64_t badMessages = 0;   // unknown type or protocol identifier
  std::uint64_t earlyDropped = 0;  // data without an OPEN, beyond what is held
};

struct ChannelStats {
  std::uint64_t messagesSent = 0, bytesSent = 0, messagesReceived = 0, bytesReceived = 0;
};

// The data channels of one association (RFC 8831, 8832): stream numbering by DTLS role, DCEP,
// sizes and kinds of messages, closing by stream reset in both directions. It speaks through the
// association and owns no packets; the owner lets settle() move everything, once per step.
class Channels {
 public:
  // `announced`: how many channels an association before this one has announced. Ids are not used
  // again, as what is told of one may be on its way.
  explicit Channels(sctp::Association& association, std::uint32_t announced = 0);

  // Channels opened before the role is known or the association stands are numbered and opened
  // then; those that cannot be get Closed with an error. A channel is open (Opened) as soon as
  // its OPEN is on the way: the peer's ACK only ends the time in which all is sent in order.
  Result<void, OpenError> open(Step& step, ChannelId channel, Parameters parameters);
  void setRole(Step& step, bool dtlsClient);  // the client takes even streams, the server odd

  Result<void, SendError> send(Step& step, ChannelId channel, ByteVector data, bool binary);
  void consumed(Step& step, ChannelId channel, std::size_t bytes, std::size_t messages = 1);
  void close(Step& step, ChannelId channel);  // what was sent before is delivered first

  // Takes the association's events in, flushes it, takes in what came of that: all that the owner
  // has to do with the association at the end of a step.
  void settle(Step& step);
  void onAssociation(Step& step, sctp::Event event);  // the same by hand
  void onTimer(Step& step);
  Instant deadline() const;
  std::optional<Event> nextEvent() { return events_.pop(); }

  State state(ChannelId channel) const;
  std::size_t bufferedAmount(ChannelId channel) const;
  std::optional<sctp::StreamId> stream(ChannelId channel) const;
  std::optional<ChannelStats> statsOf(ChannelId channel) const;
  const Stats& stats() const { return stats_; }
  std::size_t count() const { return channels_.size(); }  // not yet closed
  const char* inconsistency() const;  // which of its books does not add up, or null; for worlds
  std::uint32_t announced() const { return announced_; }
  std::uint16_t maxChannels() const;  // W3C: min of both directions once connected, else 65,535

 private:
  struct Channel {
    Parameters parameters;
    State state = State::connecting;
    std::optional<sctp::StreamId> stream;
    bool begun = false;         // the peer may know of it, so it takes resets to close it
    bool acknowledged = false;  // the peer knows it for certain; until then all is sent in order
    bool outgoingReset = false;
    bool incomingReset = false;
    Timer hold;  // our direction is reset, the peer's is awaited
    std::optional<CloseError> error;
    std::size_t buffered = 0;
    ByteVector partial;  // of the deprecated way to send long messages
    ChannelStats stats;
  };
  using Entry = std::map<ChannelId, Channel>::value_type;

  // Data on a stream without a channel: its OPEN is late, or the other side of a negotiated one.
  struct Early {
    std::vector<sctp::Message> messages;
    std::size_t bytes = 0;
    Timer expires;
  };

  Entry* find(ChannelId channel);
  const Entry* find(ChannelId channel) const;
  Entry* onStream(sctp::StreamId stream) const;
  std::uint16_t streamsGranted() const;
  Result<void, OpenError> checkStream(const Parameters& parameters) const;
  std::optional<sctp::StreamId> freeStream() const;
  void bind(Entry& entry, sctp::StreamId stream);
  void begin(Step& step, Entry& entry);
  void beginWaiting(Step& step);
  void startClosing(Step& step, Entry& entry, const char* trigger);
  void finish(Step& step, ChannelId channel, std::optional<CloseError> error,
              const char* trigger = "");
  void finishAll(Step& step, CloseError error);
  void finishIfReset(Step& step, Entry& entry);

  void onConnected(Step& step, std::uint16_t streamsOut, std::uint16_t streamsIn);
  void onReceived(Step& step, sctp::Message message);
  void onControl(Step& step, sctp::StreamId stream, Bytes message);
  void onOpen(Step& step, sctp::StreamId stream, Bytes message);
  void onAck(Step& step, sctp::StreamId stream);
  void onUserMessage(Step& step, Entry& entry, sctp::Message message);
  void onReset(Step& step, const sctp::StreamsReset& reset);
  void onPeerReset(Step& step, Entry& entry);
  void onOwnReset(Step& step, sctp::StreamId stream);
  void onResetFailed(Step& step, sctp::StreamId stream);
  void supersede(Step& step, Entry& entry);
  void holdEarly(Step& step, sctp::Message message);
  void releaseEarly(Step& step, sctp::StreamId stream, Entry* entry);
  void refuse(Step& step, sctp::StreamId stream, const char* trigger);
  sctp::SendOptions optionsOf(const Channel& channel) const;

  EventQueue<Event> events_;
  sctp::Association& association_;
  std::map<ChannelId, Channel> channels_;
  std::vector<Entry*> byStream_;
  std::set<ChannelId> holding_;  // those whose hold runs
  // Our resets that the peer has done, as its reuse of the stream shows, and not yet answered.
  std::set<sctp::StreamId> unanswered_;
  std::map<sctp::StreamId, Early> early_;
  std::size_t earlyBytes_ = 0;
  std::vector<bool> burned_;  // streams that could not be reset
  std::optional<bool> dtlsClient_;
  bool connected_ = false;
  bool ended_ = false;
  std::uint16_t streamsOut_ = 0, streamsIn_ = 0;
  std::uint32_t announced_;
  Stats stats_;
};

}  // namespace parley::channel
