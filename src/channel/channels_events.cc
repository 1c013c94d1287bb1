#include <algorithm>
#include <utility>

#include "channel/channels.h"
#include "channel/dcep.h"
#include "core/planted.h"

namespace parley::channel {
namespace {

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

CloseError errorOf(const sctp::Failed& failed) {
  return {CloseError::Why::associationFailed, failed.reason,
          failed.why == sctp::Failed::Why::abortedByPeer, failed.causeCode};
}

}  // namespace

void Channels::onAssociation(Step& step, sctp::Event event) {
  std::visit(
      Overloaded{
          [&](sctp::Connected& e) { onConnected(step, e.streamsOut, e.streamsIn); },
          [&](sctp::Received& e) { onReceived(step, std::move(e.message)); },
          [&](sctp::BytesSent& e) {
            Entry* entry = onStream(e.stream);
            if (!entry) return;
            Channel& channel = entry->second;
            const std::size_t count = std::min(e.bytes, channel.buffered);
            channel.buffered -= count;
            if (count > 0) events_.push(BytesSent{entry->first, count});
          },
          [&](sctp::StreamsReset& e) { onReset(step, e); },
          [&](sctp::ResetFailed& e) {
            for (const sctp::StreamId stream : e.streams) onResetFailed(step, stream);
          },
          [&](sctp::Oversized& e) {
            Entry* entry = onStream(e.stream);
            if (!entry || entry->second.state != State::open) return;
            entry->second.error =
                CloseError{CloseError::Why::messageTooLarge, "message too large", {}, {}};
            events_.push(Closing{entry->first});
            startClosing(step, *entry, "message too large");
          },
          [&](sctp::Restarted& e) {
            finishAll(step, {CloseError::Why::associationClosed, "the peer restarted", {}, {}});
            unanswered_.clear();
            onConnected(step, e.streamsOut, e.streamsIn);
          },
          [&](sctp::Closed&) {
            ended_ = true;
            finishAll(
                step,
                {CloseError::Why::associationClosed, "the association was shut down", {}, {}});
          },
          [&](sctp::Failed& e) {
            ended_ = true;
            finishAll(step, errorOf(e));
          },
      },
      event);
}

void Channels::onConnected(Step& step, std::uint16_t streamsOut, std::uint16_t streamsIn) {
  connected_ = true;
  streamsOut_ = streamsOut;
  streamsIn_ = streamsIn;
  beginWaiting(step);
}

void Channels::onReceived(Step& step, sctp::Message message) {
  if (message.protocol == dcep::kControl) {
    association_.consumed(step, message.payload.size(), 1);
    return onControl(step, message.stream, message.payload);
  }
  Entry* entry = onStream(message.stream);
  if (entry && entry->second.begun && !entry->second.incomingReset) {
    return onUserMessage(step, *entry, std::move(message));
  }
  holdEarly(step, std::move(message));
}

void Channels::onControl(Step& step, sctp::StreamId stream, Bytes message) {
  const std::uint8_t type = message.empty() ? 0 : message[0];
  if (type == dcep::kOpen) {
    onOpen(step, stream, message);
  } else if (type == dcep::kAck && message.size() == 1) {
    onAck(step, stream);
  } else {
    ++stats_.badMessages;
    PARLEY_TRACE(step, Topic::channel, "message_dropped", {"stream", stream.value},
                 {"trigger", "not a DCEP message"});
  }
}

void Channels::onOpen(Step& step, sctp::StreamId stream, Bytes message) {
  if (Entry* entry = onStream(stream); entry && entry->second.incomingReset)
    supersede(step, *entry);
  if (onStream(stream)) {  // in use: the channel that is there stays as it is
    ++stats_.badOpens;
    PARLEY_TRACE(step, Topic::channel, "message_dropped", {"stream", stream.value},
                 {"trigger", "OPEN on a stream in use"});
    return;
  }
  auto parameters = dcep::parseOpen(message);
  // RFC 8832 6: the peer's streams have the other parity. Without a role both are believed.
  const bool odd = stream.value & 1;
  const bool ours = dtlsClient_ && odd != *dtlsClient_;
  if (!parameters || ours || stream.value >= streamsOut_) {
    ++stats_.badOpens;
    return refuse(step, stream, "an OPEN that cannot be");
  }
  const ChannelId id{kAnnouncedBit | announced_++};
  Entry& entry = *channels_.emplace(id, Channel{}).first;
  Channel& channel = entry.second;
  channel.parameters = *parameters;
  channel.parameters.stream = stream;
  bind(entry, stream);
  channel.begun = channel.acknowledged = true;
  channel.state = State::open;
  ++stats_.opened;
  const auto acknowledged =
      association_.send(step, {stream, dcep::kControl, {dcep::kAck}}, dcep::controlOptions());
  if (!acknowledged) {
    // The queue is full or we shut down: a channel that cannot be answered is not announced.
    channels_.erase(id);
    byStream_[stream.value] = nullptr;
    --stats_.opened;
    return refuse(step, stream, "no room to answer its OPEN");
  }
  PARLEY_TRACE(step, Topic::channel, "channel_state_updated", {"channel", id.value}, {"old", "new"},
               {"new", "open"}, {"stream", stream.value}, {"trigger", "OPEN of the peer"},
               {"label", parameters->label});
  events_.push(Announced{id, std::move(*parameters), stream});
  releaseEarly(step, stream, &entry);
}

void Channels::onAck(Step& step, sctp::StreamId stream) {
  Entry* entry = onStream(stream);
  if (!entry || !entry->second.begun || entry->second.acknowledged) {
    ++stats_.badMessages;
    return;
  }
  entry->second.acknowledged = true;
  PARLEY_TRACE(step, Topic::channel, "open_acknowledged", {"channel", entry->first.value},
               {"stream", stream.value});
}

void Channels::onUserMessage(Step& step, Entry& entry, sctp::Message message) {
  Channel& channel = entry.second;
  // Data is as good as an ACK: the peer has seen the OPEN (RFC 8832 6).
  channel.acknowledged = true;
  const std::size_t size = message.payload.size();
  if (channel.state != State::open) return association_.consumed(step, size, 1);

  const auto protocol = message.protocol;
  const bool empty = protocol == dcep::kStringEmpty || protocol == dcep::kBinaryEmpty;
  const bool partial = protocol == dcep::kStringPartial || protocol == dcep::kBinaryPartial;
  const bool whole = protocol == dcep::kString || protocol == dcep::kBinary;
  if (!empty && !partial && !whole) {
    ++stats_.badMessages;
    return association_.consumed(step, size, 1);
  }
  if (empty) {
    association_.consumed(step, size, 0);  // the byte that stands for nothing
    message.payload.clear();
  }
  if (partial || !channel.partial.empty()) {
    association_.consumed(step, 0, partial ? 1 : 0);
    if (channel.partial.size() + size > limits::sctp::kMessageMax) {
      association_.consumed(step, channel.partial.size() + size, partial ? 0 : 1);
      channel.partial = {};
      channel.error = CloseError{CloseError::Why::messageTooLarge, "message too large", {}, {}};
      events_.push(Closing{entry.first});
      return startClosing(step, entry, "message too large");
    }
    channel.partial.insert(channel.partial.end(), message.payload.begin(), message.payload.end());
    if (partial) return;
    message.payload = std::exchange(channel.partial, {});
  }
  ++channel.stats.messagesReceived;
  ++stats_.messagesReceived;
  channel.stats.bytesReceived += message.payload.size();
  stats_.bytesReceived += message.payload.size();
  const bool binary = protocol == dcep::kBinary || protocol == dcep::kBinaryEmpty;
  events_.push(MessageArrived{entry.first, binary, std::move(message.payload)});
}

void Channels::holdEarly(Step& step, sctp::Message message) {
  const std::size_t cost = message.payload.size() + limits::sctp::kMessageOverhead;
  if (earlyBytes_ + cost > limits::channel::kEarlyBytes) {
    ++stats_.earlyDropped;
    association_.consumed(step, message.payload.size(), 1);
    return refuse(step, message.stream, "too much data without an OPEN");
  }
  Early& early = early_[message.stream];
  if (!early.expires.isRunning()) early.expires.start(step.now, limits::channel::kEarlyHold);
  early.bytes += cost;
  earlyBytes_ += cost;
  early.messages.push_back(std::move(message));
}

// Hands what came early to its channel, or forgets it.
void Channels::releaseEarly(Step& step, sctp::StreamId stream, Entry* entry) {
  const auto found = early_.find(stream);
  if (found == early_.end()) return;
  earlyBytes_ -= found->second.bytes;
  std::vector<sctp::Message> messages = std::move(found->second.messages);
  early_.erase(found);
  for (sctp::Message& message : messages) {
    if (entry && !isPlanted(PlantedBug::earlyDataLost)) {
      onUserMessage(step, *entry, std::move(message));
    } else {
      ++stats_.earlyDropped;
      association_.consumed(step, message.payload.size(), 1);
    }
  }
}

// A stream that the peer should not use: our direction is reset, which tells it so.
void Channels::refuse(Step& step, sctp::StreamId stream, const char* trigger) {
  PARLEY_TRACE(step, Topic::channel, "stream_refused", {"stream", stream.value},
               {"trigger", trigger});
  releaseEarly(step, stream, nullptr);
  if (!onStream(stream)) association_.resetStreams(step, {&stream, 1});
}

void Channels::onReset(Step& step, const sctp::StreamsReset& reset) {
  if (!reset.byPeer) {
    for (const sctp::StreamId stream : reset.streams) onOwnReset(step, stream);
    return;
  }
  std::vector<sctp::StreamId> streams = reset.streams;
  if (streams.empty()) {  // all of them
    for (const auto& [id, channel] : channels_) {
      if (channel.stream) streams.push_back(*channel.stream);
    }
  }
  for (const sctp::StreamId stream : streams) {
    if (Entry* entry = onStream(stream); entry && entry->second.begun) {
      onPeerReset(step, *entry);
    } else {
      releaseEarly(step, stream, nullptr);
    }
  }
}

void Channels::onPeerReset(Step& step, Entry& entry) {
  entry.second.incomingReset = true;
  if (isPlanted(PlantedBug::closeNotAnswered)) return;
  if (entry.second.state == State::open) {  // RFC 8831 6.7: answered in kind, queued data first
    events_.push(Closing{entry.first});
    startClosing(step, entry, "the peer reset its direction");
  }
  finishIfReset(step, entry);
}

// The peer opens a channel where we still close one: it has reset both directions and only its
// answer to us is late.
void Channels::supersede(Step& step, Entry& entry) {
  if (!entry.second.outgoingReset) unanswered_.insert(*entry.second.stream);
  finish(step, entry.first, std::nullopt, "the peer uses its stream anew");
}

void Channels::onResetFailed(Step& step, sctp::StreamId stream) {
  unanswered_.erase(stream);
  if (stream.value >= burned_.size()) burned_.resize(stream.value + std::size_t{1});
  burned_[stream.value] = true;
  if (Entry* entry = onStream(stream))
    finish(step, entry->first, std::nullopt, "its stream cannot be reset");
}

void Channels::onOwnReset(Step& step, sctp::StreamId stream) {
  Entry* entry = onStream(stream);
  if (unanswered_.erase(stream) > 0) {
    if (entry && entry->second.state == State::closing)
      startClosing(step, *entry, "its stream was still being reset");
    return;
  }
  if (!entry || !entry->second.begun) return;
  if (entry->second.state == State::open) {
    // Only the peer can have asked for it (RFC 6525 4.2), so it wants the channel closed.
    entry->second.state = State::closing;
    PARLEY_TRACE(step, Topic::channel, "channel_state_updated", {"channel", entry->first.value},
                 {"old", "open"}, {"new", "closing"}, {"trigger", "the peer asked for our reset"});
    events_.push(Closing{entry->first});
  }
  entry->second.outgoingReset = true;
  finishIfReset(step, *entry);
}

}  // namespace parley::channel
