#include "peer/data_channel.h"

#include <utility>

#include "core/bytes.h"
#include "core/planted.h"
#include "peer/errors.h"
#include "peer/utf8.h"

namespace parley::peer {
namespace {

using State = RTCDataChannelState;

const std::optional<MessageData> kNothing;  // what receive() gives at the end

std::uint16_t wirePriority(RTCPriorityType priority) {  // RFC 8831 6.4
  switch (priority) {
    case RTCPriorityType::veryLow:
      return 128;
    case RTCPriorityType::low:
      return 256;
    case RTCPriorityType::medium:
      return 512;
    case RTCPriorityType::high:
      return 1'024;
  }
  return 256;
}

MessageData messageOf(ByteVector data, bool isBinary) {
  if (isBinary) return MessageData(std::move(data));
  return MessageData(toUtf8(textOf(data)));
}

}  // namespace

DataChannel::DataChannel(ChannelHost& host, std::shared_ptr<Microtasks> microtasks,
                         channel::ChannelId id, std::string label, RTCDataChannelInit init,
                         State state)
    : host_(&host),
      microtasks_(std::move(microtasks)),
      channelId_(id),
      label_(std::move(label)),
      init_(std::move(init)),
      state_(state) {}

channel::Parameters DataChannel::parameters() const {
  channel::Parameters parameters{.label = label_,
                                 .protocol = init_.protocol,
                                 .ordered = init_.ordered,
                                 .maxRetransmits = init_.maxRetransmits,
                                 .maxPacketLifeTime = init_.maxPacketLifeTime,
                                 .priority = wirePriority(init_.priority),
                                 .negotiated = init_.negotiated,
                                 .stream = {}};
  if (init_.id) parameters.stream = sctp::StreamId{*init_.id};
  return parameters;
}

// --- sending

// The send() algorithm, steps 3, 5 and 6, before anything is copied.
void DataChannel::requireRoom(std::size_t size) const {
  if (state_ != State::open || !host_) throw invalidState("the data channel is not open");
  if (static_cast<double>(size) > host_->messageMax())
    throw typeError("the message is larger than the peer takes");
  if (!host_->reserve(buffered_, size)) throw operationError("the send buffer is full");
}

void DataChannel::post(ByteVector data, bool isBinary) {
  buffered_ += data.size();
  host_->execute(session::SendMessage{channelId_, std::move(data), isBinary});
}

void DataChannel::send(std::string_view text) {
  if (!isUtf8(text)) return send(std::string_view(toUtf8(text)));  // WebIDL USVString
  requireRoom(text.size());
  post(toVector(bytesOf(text)), false);
}

void DataChannel::send(std::span<const std::uint8_t> data) {
  requireRoom(data.size());
  post(toVector(data), true);
}

void DataChannel::send(std::vector<std::uint8_t>&& data) {
  requireRoom(data.size());
  post(std::move(data), true);
}

void DataChannel::setBufferedAmountLowThreshold(std::size_t bytes) {
  lowThreshold_ = bytes;
  if (buffered_ <= lowThreshold_) settleDrains();
}

void DataChannel::onSent(std::size_t count) {
  const std::size_t before = buffered_;
  buffered_ -= std::min(isPlanted(PlantedBug::bufferedTwice) ? 2 * count : count, buffered_);
  if (host_) host_->release(before - buffered_);
  if (buffered_ > (isPlanted(PlantedBug::lowMissed) ? 0 : lowThreshold_)) return;
  settleDrains();
  if (before > lowThreshold_) onbufferedamountlow(Event{"bufferedamountlow"});
}

Promise<Undefined> DataChannel::drained() {
  Drain drain(microtasks_);
  if (buffered_ <= lowThreshold_)
    drain.resolve({});
  else if (state_ == State::closed)
    drain.rejectWith(invalidState("the data channel is closed"));
  else
    drains_.push_back(drain);
  return drain.promise();
}

void DataChannel::settleDrains() {
  for (Drain& drain : std::exchange(drains_, {})) drain.resolve({});
}

// --- receiving

void DataChannel::onMessage(ByteVector data, bool isBinary) {
  const std::size_t size = data.size();
  if (isPlanted(PlantedBug::unreadForgotten) && state_ != State::open) return;
  if (state_ != State::open) return consumed(size);  // "discard rawData"
  if (!receivers_.empty()) {
    Receiver receiver = std::move(receivers_.front());
    receivers_.pop_front();
    consumed(size);
    return receiver.resolve(messageOf(std::move(data), isBinary));
  }
  Held message{std::move(data), isBinary};
  if (isPulled_ || isPaused_ || !inbox_.empty())
    inbox_.push_back(std::move(message));
  else
    deliver(std::move(message));
}

// The message counts against the receive window until its handler has returned or thrown.
void DataChannel::deliver(Held message) {
  struct Taken {
    DataChannel& channel;
    std::size_t size;
    ~Taken() { channel.consumed(size); }
  } taken{*this, message.data.size()};
  onmessage(MessageEvent{{"message"}, messageOf(std::move(message.data), message.isBinary)});
}

void DataChannel::consumed(std::size_t bytes) {
  if (host_) host_->execute(session::Consumed{channelId_, bytes});
}

void DataChannel::resumeReceiving() {
  isPaused_ = false;
  schedulePump();
}

void DataChannel::schedulePump() {
  if (isPumping_ || isPaused_ || !isHeldBack() || !host_) return;
  isPumping_ = true;
  host_->tasks().queue([self = shared_from_this()] { self->pump(); });
}

void DataChannel::pump() {
  isPumping_ = false;
  if (isPaused_ || !isHeldBack()) return;
  Held message = std::move(inbox_.front());
  inbox_.pop_front();
  if (inbox_.empty())
    settleInbox();
  else
    schedulePump();
  deliver(std::move(message));
}

// What held back the peer's closing is gone.
void DataChannel::settleInbox() {
  if (!host_) return;
  const auto self = shared_from_this();
  if (std::exchange(closingHeld_, false)) host_->tasks().queue([self] { self->onClosing(); });
  if (closedHeld_)
    host_->tasks().queue(
        [self, error = *std::exchange(closedHeld_, std::nullopt)] { self->onClosed(error); });
}

void DataChannel::discardInbox() {
  for (const Held& message : std::exchange(inbox_, {})) consumed(message.data.size());
}

Promise<std::optional<MessageData>> DataChannel::receive() {
  Receiver receiver(microtasks_);
  if (!std::exchange(isPulled_, true)) settleInbox();
  if (!inbox_.empty()) {
    Held message = std::move(inbox_.front());
    inbox_.pop_front();
    consumed(message.data.size());
    receiver.resolve(messageOf(std::move(message.data), message.isBinary));
  } else if (state_ == State::closed) {
    receiver.resolve(kNothing);
  } else {
    receivers_.push_back(receiver);
  }
  return receiver.promise();
}

// --- states

void DataChannel::onOpen() {
  if (state_ == State::closing || state_ == State::closed) return;
  state_ = State::open;
  onopen(Event{"open"});
}

void DataChannel::close() {
  if (state_ == State::closing || state_ == State::closed) return;
  state_ = State::closing;
  if (!host_) return;
  if (!isPulled_) discardInbox();
  if (closedHeld_) return settleInbox();
  closingHeld_ = false;
  if (host_->isOpenAsked(*this)) return host_->execute(session::CloseChannel{channelId_});
  host_->tasks().queue([self = shared_from_this()] { self->onClosed(std::nullopt); });
}

// The closing procedure, begun by the peer.
void DataChannel::onClosing() {
  if (state_ == State::closing || state_ == State::closed) return;
  if (isHeldBack()) {
    closingHeld_ = true;
    return;
  }
  state_ = State::closing;
  onclosing(Event{"closing"});
}

// "Announce the data channel as closed", and "error on creating data channels".
void DataChannel::onClosed(std::optional<RTCError> error) {
  if (state_ == State::closed || !host_) return;
  if (isHeldBack() && !isPlanted(PlantedBug::closedBeforeMessages)) {
    closedHeld_ = std::move(error);
    return;
  }
  state_ = State::closed;
  host_->release(buffered_);
  host_->freeStream(*this);
  for (Receiver& receiver : std::exchange(receivers_, {})) receiver.resolve(kNothing);
  for (Drain& drain : std::exchange(drains_, {}))
    drain.rejectWith(invalidState("the data channel is closed"));
  Tasks& tasks = host_->tasks();
  const auto self = shared_from_this();
  if (error) tasks.next([self, error = std::move(*error)] { self->onerror({{"error"}, error}); });
  tasks.next([self] { self->onclose(Event{"close"}); });
  if (isPlanted(PlantedBug::closeTwice)) tasks.next([self] { self->onclose(Event{"close"}); });
  tasks.next([self] { self->end(); });
}

void DataChannel::failNumbering() {
  state_ = State::closed;
  for (Receiver& receiver : std::exchange(receivers_, {})) receiver.resolve(kNothing);
}

void DataChannel::end() {
  const auto self = shared_from_this();
  Graves graves;
  graves.bury(onopen, onbufferedamountlow, onerror, onclosing, onclose, onmessage);
  // Who pulls may read it later; from now on it holds back no other channel's messages.
  for (const Held& message : inbox_) consumed(message.data.size());
  if (ChannelHost* host = std::exchange(host_, nullptr)) host->forget(*this);
}

void DataChannel::abandon(Graves& graves) {
  host_ = nullptr;
  state_ = State::closed;
  inbox_.clear();
  closingHeld_ = false;
  closedHeld_.reset();
  graves.keep(shared_from_this());
  graves.bury(onopen, onbufferedamountlow, onerror, onclosing, onclose, onmessage);
  for (Receiver& receiver : std::exchange(receivers_, {})) receiver.abandon();
  for (Drain& drain : std::exchange(drains_, {})) drain.abandon();
}

}  // namespace parley::peer
