#include "sctp/transmit/send_queue.h"

#include <utility>

#include "core/planted.h"

namespace parley::sctp {

SendQueue::Stream& SendQueue::streamOf(StreamId id) {
  if (id.value >= streams_.size()) streams_.resize(id.value + std::size_t{1});
  auto& stream = streams_[id.value];
  if (!stream) stream = std::make_unique<Stream>();
  return *stream;
}

const SendQueue::Stream* SendQueue::find(StreamId id) const {
  return id.value < streams_.size() ? streams_[id.value].get() : nullptr;
}

void SendQueue::enterIfReady(StreamId id, Stream& stream) {
  if (stream.entered || !isReady(stream)) return;
  stream.entered = true;
  scheduler_->enter(id);
}

void SendQueue::push(OutMessage message) {
  const StreamId id = message.message.stream;
  Stream& stream = streamOf(id);
  bytes_ += message.message.payload.size();
  stream.messages.push_back(std::move(message));
  enterIfReady(id, stream);
}

std::optional<OutMessage> SendQueue::pop(Instant now) {
  while (!scheduler_->empty()) {
    const StreamId id = scheduler_->next();
    Stream& stream = *streams_[id.value];
    OutMessage message = std::move(stream.messages.front());
    stream.messages.pop_front();
    if (stream.beforeReset > 0) --stream.beforeReset;
    stream.entered = isReady(stream);
    scheduler_->onMessage(id, message.message.payload.size(), stream.entered);
    if (now >= message.expires) {
      ++expired_;
      if (!isPlanted(PlantedBug::expiredStaysBuffered))
        noteSent(message, message.message.payload.size());
      continue;
    }
    message.ssn = stream.next;
    if (message.options.ordered) ++stream.next.value;
    ++stream.live;
    return message;
  }
  return std::nullopt;
}

void SendQueue::noteSent(const OutMessage& message, std::size_t bytes) {
  bytes_ -= bytes;
  if (!message.options.counted || bytes == 0) return;
  const StreamId id = message.message.stream;
  Stream& stream = *streams_[id.value];
  if (stream.sentBytes == 0) sentStreams_.push_back(id);
  stream.sentBytes += bytes;
}

std::vector<SendQueue::Sent> SendQueue::takeSent() {
  std::vector<Sent> sent;
  sent.reserve(sentStreams_.size());
  for (const StreamId id : sentStreams_) {
    sent.push_back({id, std::exchange(streams_[id.value]->sentBytes, 0)});
  }
  sentStreams_.clear();
  return sent;
}

void SendQueue::settled(StreamId id) {
  if (id.value < streams_.size() && streams_[id.value] && streams_[id.value]->live > 0) {
    --streams_[id.value]->live;
  }
}

void SendQueue::beginReset(StreamId id) {
  Stream& stream = streamOf(id);
  if (stream.resetting) return;
  stream.resetting = true;
  stream.beforeReset = stream.messages.size();
}

bool SendQueue::isResetting(StreamId id) const {
  const Stream* stream = find(id);
  return stream && stream->resetting;
}

bool SendQueue::isQuiet(StreamId id) const {
  const Stream* stream = find(id);
  return !stream || (stream->beforeReset == 0 && stream->live == 0);
}

void SendQueue::endReset(StreamId id, bool startOver) {
  Stream& stream = streamOf(id);
  stream.resetting = false;
  stream.beforeReset = 0;  // all its messages are of one life again
  if (startOver) stream.next = {};
  enterIfReady(id, stream);
}

void SendQueue::dropStreamsFrom(std::uint16_t first) {
  bool dropped = false;
  for (std::size_t i = first; i < streams_.size(); ++i) {
    if (!streams_[i]) continue;
    for (const OutMessage& message : streams_[i]->messages) {
      bytes_ -= message.message.payload.size();
    }
    streams_[i].reset();
    dropped = true;
  }
  if (!dropped) return;
  scheduler_->clear();
  std::erase_if(sentStreams_, [first](StreamId id) { return id.value >= first; });
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    if (!streams_[i]) continue;
    streams_[i]->entered = false;
    enterIfReady({static_cast<std::uint16_t>(i)}, *streams_[i]);
  }
}

void SendQueue::clear() {
  scheduler_->clear();
  streams_.clear();
  sentStreams_.clear();
  bytes_ = 0;
}

}  // namespace parley::sctp
