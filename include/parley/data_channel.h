#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "parley/dom_exception.h"
#include "parley/event.h"
#include "parley/export.h"
#include "parley/promise.h"

namespace parley {

// webrtc-pc 6.2.
enum class RTCDataChannelState : std::uint8_t { connecting, open, closing, closed };
enum class RTCPriorityType : std::uint8_t { veryLow, low, medium, high };
enum class BinaryType : std::uint8_t { blob, arraybuffer };

// webrtc-pc 6.2, RTCDataChannelInit; at most one of maxPacketLifeTime (ms) and maxRetransmits.
struct RTCDataChannelInit {
  bool ordered = true;
  std::optional<std::uint16_t> maxPacketLifeTime;
  std::optional<std::uint16_t> maxRetransmits;
  std::string protocol;
  bool negotiated = false;
  std::optional<std::uint16_t> id;
  RTCPriorityType priority = RTCPriorityType::low;
};

// A message body: text arrives as string, binary as bytes.
using MessageData = std::variant<std::string, std::vector<std::uint8_t>>;

struct MessageEvent : Event {
  MessageData data;
};

// webrtc-pc 6.2. Made by RTCPeerConnection.createDataChannel or announced by `datachannel`; lives
// on the thread of its connection, and stays usable (inert) after the connection is gone. Handlers
// are cleared after the last event, so a handler may hold the channel it belongs to.
class PARLEY_API RTCDataChannel {
 public:
  virtual ~RTCDataChannel() = default;

  virtual const std::string& label() const = 0;
  virtual bool ordered() const = 0;
  virtual std::optional<std::uint16_t> maxPacketLifeTime() const = 0;  // ms
  virtual std::optional<std::uint16_t> maxRetransmits() const = 0;
  virtual const std::string& protocol() const = 0;
  virtual bool negotiated() const = 0;
  virtual std::optional<std::uint16_t> id() const = 0;
  virtual RTCPriorityType priority() const = 0;
  virtual RTCDataChannelState readyState() const = 0;

  // Bytes of application data queued with send() and not yet handed to the transport.
  virtual std::size_t bufferedAmount() const = 0;
  virtual std::size_t bufferedAmountLowThreshold() const = 0;
  virtual void setBufferedAmountLowThreshold(std::size_t bytes) = 0;
  virtual BinaryType binaryType() const = 0;
  virtual void setBinaryType(BinaryType type) = 0;

  // Throw InvalidStateError unless open, TypeError beyond the peer's max-message-size,
  // OperationError when the send buffer is full; then nothing was queued.
  virtual void send(std::string_view text) = 0;
  virtual void send(std::span<const std::uint8_t> data) = 0;
  virtual void send(std::vector<std::uint8_t>&& data) = 0;  // moved in, not copied

  // Delivers what is queued, then closes. Legal in any state.
  virtual void close() = 0;

  // Parley's extensions. While paused no message event fires and the receive window fills, so a
  // slow reader slows its sender instead of filling memory.
  virtual void pauseReceiving() = 0;
  virtual void resumeReceiving() = 0;
  virtual bool isReceivingPaused() const = 0;

  // The next message in order, instead of a message event, or nothing once the channel is closed
  // and empty. From the first call on messages go to receive() only, and each waits, inside the
  // receive window, until it is asked for.
  virtual Promise<std::optional<MessageData>> receive() = 0;

  // Settles when bufferedAmount has fallen to the low threshold (at once if it is there already).
  virtual Promise<Undefined> drained() = 0;

  EventHandler<Event> onopen;
  EventHandler<Event> onbufferedamountlow;
  EventHandler<RTCErrorEvent> onerror;
  EventHandler<Event> onclosing;
  EventHandler<Event> onclose;
  EventHandler<MessageEvent> onmessage;
};

struct RTCDataChannelEvent : Event {
  std::shared_ptr<RTCDataChannel> channel;
};

}  // namespace parley
