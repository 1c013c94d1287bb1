#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channel/channels.h"
#include "parley/data_channel.h"
#include "peer/graves.h"
#include "peer/tasks.h"
#include "session/port.h"

namespace parley::peer {

class DataChannel;

// What a channel needs of its connection; nullptr to the channel once it is closed.
class ChannelHost {
 public:
  virtual void execute(session::Command command) = 0;
  virtual Tasks& tasks() = 0;
  virtual double messageMax() const = 0;
  // Whether so much more may be queued on a channel that has `buffered` bytes; counts it if so.
  virtual bool reserve(std::size_t buffered, std::size_t bytes) = 0;
  virtual void release(std::size_t bytes) = 0;
  virtual bool isOpenAsked(const DataChannel& channel) const = 0;  // the engine knows it
  virtual void freeStream(const DataChannel& channel) = 0;  // closed: its id may be used again
  virtual void forget(DataChannel& channel) = 0;            // its last event has fired

 protected:
  ~ChannelHost() = default;
};

// RTCDataChannel (webrtc-pc 6.2). The engine moves the bytes; this object keeps the states, counts
// what is buffered and decides when a message has been taken, which is what reopens the peer's
// window. Functions named on...() are the tasks of W3C and run as such.
class DataChannel final : public RTCDataChannel, public std::enable_shared_from_this<DataChannel> {
 public:
  DataChannel(ChannelHost& host, std::shared_ptr<Microtasks> microtasks, channel::ChannelId id,
              std::string label, RTCDataChannelInit init, RTCDataChannelState state);

  const std::string& label() const override { return label_; }
  bool ordered() const override { return init_.ordered; }
  std::optional<std::uint16_t> maxPacketLifeTime() const override {
    return init_.maxPacketLifeTime;
  }
  std::optional<std::uint16_t> maxRetransmits() const override { return init_.maxRetransmits; }
  const std::string& protocol() const override { return init_.protocol; }
  bool negotiated() const override { return init_.negotiated; }
  std::optional<std::uint16_t> id() const override { return init_.id; }
  RTCPriorityType priority() const override { return init_.priority; }
  RTCDataChannelState readyState() const override { return state_; }
  std::size_t bufferedAmount() const override { return buffered_; }
  std::size_t bufferedAmountLowThreshold() const override { return lowThreshold_; }
  void setBufferedAmountLowThreshold(std::size_t bytes) override;
  BinaryType binaryType() const override { return binaryType_; }
  void setBinaryType(BinaryType type) override { binaryType_ = type; }

  void send(std::string_view text) override;
  void send(std::span<const std::uint8_t> data) override;
  void send(std::vector<std::uint8_t>&& data) override;
  void close() override;
  void pauseReceiving() override { isPaused_ = true; }
  void resumeReceiving() override;
  bool isReceivingPaused() const override { return isPaused_; }
  Promise<std::optional<MessageData>> receive() override;
  Promise<Undefined> drained() override;

  channel::ChannelId channelId() const { return channelId_; }
  channel::Parameters parameters() const;
  void setStream(std::uint16_t id) { init_.id = id; }

  void onOpen();
  void onMessage(ByteVector data, bool isBinary);
  void onSent(std::size_t count);
  void onClosing();
  void onClosed(std::optional<RTCError> error);
  // An id could not be given: closed at once; the caller fires the error event.
  void failNumbering();
  void end();  // after the last event: handlers are cleared, the host forgets it

  // The connection closes: no event, promises are abandoned, nothing leads back to it.
  void abandon(Graves& graves);

 private:
  struct Held {
    ByteVector data;
    bool isBinary;
  };
  using Receiver = Promise<std::optional<MessageData>>::Resolver;
  using Drain = Promise<Undefined>::Resolver;

  void requireRoom(std::size_t size) const;
  void post(ByteVector data, bool isBinary);
  void deliver(Held message);
  void schedulePump();
  void pump();
  bool isHeldBack() const { return !isPulled_ && !inbox_.empty(); }
  void settleInbox();
  void discardInbox();
  void consumed(std::size_t bytes);
  void settleDrains();

  ChannelHost* host_;
  const std::shared_ptr<Microtasks> microtasks_;
  const channel::ChannelId channelId_;
  const std::string label_;
  RTCDataChannelInit init_;
  RTCDataChannelState state_;
  BinaryType binaryType_ = BinaryType::arraybuffer;

  std::size_t buffered_ = 0;
  std::size_t lowThreshold_ = 0;
  std::vector<Drain> drains_;

  bool isPaused_ = false;
  bool isPulled_ = false;   // receive() was called: no message events any more
  bool isPumping_ = false;  // a task of pump() is queued
  std::deque<Held> inbox_;  // inside the receive window, because not Consumed
  std::deque<Receiver> receivers_;
  // The peer's closing waits until what came before it was delivered.
  bool closingHeld_ = false;
  std::optional<std::optional<RTCError>> closedHeld_;
};

}  // namespace parley::peer
