#include "channel/channels.h"

#include "channel/dcep.h"
#include "core/assert.h"
#include "core/planted.h"

// Commands, numbering and closing; what the association reports is in channels_events.cc.

namespace parley::channel {

Channels::Channels(sctp::Association& association, std::uint32_t announced)
    : association_(association), announced_(announced) {}

Channels::Entry* Channels::find(ChannelId channel) {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : &*found;
}

const Channels::Entry* Channels::find(ChannelId channel) const {
  const auto found = channels_.find(channel);
  return found == channels_.end() ? nullptr : &*found;
}

Channels::Entry* Channels::onStream(sctp::StreamId stream) const {
  return stream.value < byStream_.size() ? byStream_[stream.value] : nullptr;
}

std::uint16_t Channels::streamsGranted() const {
  return connected_ ? std::min(streamsOut_, streamsIn_) : std::uint16_t{65'535};
}

std::uint16_t Channels::maxChannels() const { return streamsGranted(); }

Result<void, OpenError> Channels::checkStream(const Parameters& parameters) const {
  if (!parameters.stream) {
    if (parameters.negotiated) return Unexpected(OpenError::streamInvalid);
    if (connected_ && dtlsClient_ && !freeStream()) return Unexpected(OpenError::exhausted);
    return {};
  }
  const sctp::StreamId stream = *parameters.stream;
  if (stream.value >= streamsGranted()) return Unexpected(OpenError::streamInvalid);
  const bool odd = stream.value & 1;
  if (!parameters.negotiated && dtlsClient_ && odd == *dtlsClient_) {  // RFC 8832 6
    return Unexpected(OpenError::streamInvalid);
  }
  const bool burned = stream.value < burned_.size() && burned_[stream.value];
  if (onStream(stream) || burned) return Unexpected(OpenError::streamInUse);
  return {};
}

std::optional<sctp::StreamId> Channels::freeStream() const {
  const unsigned first = *dtlsClient_ ? 0 : 1;
  for (unsigned id = first; id < streamsGranted(); id += 2) {
    const bool burned = id < burned_.size() && burned_[id];
    if (burned || (id < byStream_.size() && byStream_[id])) continue;
    return sctp::StreamId{static_cast<std::uint16_t>(id)};
  }
  return std::nullopt;
}

void Channels::bind(Entry& entry, sctp::StreamId stream) {
  if (stream.value >= byStream_.size()) byStream_.resize(stream.value + std::size_t{1});
  PARLEY_ASSERT(byStream_[stream.value] == nullptr);
  byStream_[stream.value] = &entry;
  entry.second.stream = stream;
}

Result<void, OpenError> Channels::open(Step& step, ChannelId channel, Parameters parameters) {
  PARLEY_ASSERT(!(channel.value & kAnnouncedBit) && !channels_.contains(channel));
  if (ended_) return Unexpected(OpenError::ended);
  const bool tooLong = parameters.label.size() > limits::channel::kLabelMax ||
                       parameters.protocol.size() > limits::channel::kLabelMax;
  if (tooLong || (parameters.maxRetransmits && parameters.maxPacketLifeTime)) {
    return Unexpected(OpenError::parameters);
  }
  if (channels_.size() >= 65'535) return Unexpected(OpenError::exhausted);
  if (auto checked = checkStream(parameters); !checked) return checked;

  Entry& entry = *channels_.emplace(channel, Channel{}).first;
  entry.second.parameters = std::move(parameters);
  if (entry.second.parameters.stream) bind(entry, *entry.second.parameters.stream);
  begin(step, entry);
  return {};
}

void Channels::setRole(Step& step, bool dtlsClient) {
  if (dtlsClient_) return;
  dtlsClient_ = dtlsClient;
  beginWaiting(step);
}

void Channels::beginWaiting(Step& step) {
  std::vector<ChannelId> waiting;  // begin() may finish some of them
  for (const auto& [id, channel] : channels_) {
    if (!channel.begun) waiting.push_back(id);
  }
  for (const ChannelId id : waiting) begin(step, *find(id));
}

// Opens the channel if all that it takes is known by now.
void Channels::begin(Step& step, Entry& entry) {
  Channel& channel = entry.second;
  if (!connected_ || channel.begun) return;
  if (!channel.parameters.negotiated && !dtlsClient_) return;
  if (!channel.stream) {
    const auto stream = freeStream();
    if (!stream) {
      return finish(step, entry.first,
                    CloseError{CloseError::Why::exhausted, "no stream left", {}, {}});
    }
    bind(entry, *stream);
    PARLEY_TRACE(
        step, Topic::channel, "stream_assigned", {"channel", entry.first.value},
        {"stream", stream->value},
        {"trigger", *dtlsClient_ ? "even, as the DTLS client" : "odd, as the DTLS server"});
  }
  const sctp::StreamId stream = *channel.stream;
  const bool wrongParity =
      !channel.parameters.negotiated && static_cast<bool>(stream.value & 1) == *dtlsClient_;
  if (stream.value >= streamsGranted() || wrongParity) {
    return finish(step, entry.first,
                  CloseError{CloseError::Why::exhausted, "the stream was not granted", {}, {}});
  }
  channel.begun = true;
  channel.acknowledged = channel.parameters.negotiated;
  if (!channel.parameters.negotiated) {
    sctp::Message open{stream, dcep::kControl, dcep::writeOpen(channel.parameters)};
    if (!association_.send(step, std::move(open), dcep::controlOptions())) {
      channel.begun = false;
      return finish(
          step, entry.first,
          CloseError{
              CloseError::Why::protocolViolation, "the peer takes no message that long", {}, {}});
    }
  }
  channel.state = State::open;
  ++stats_.opened;
  PARLEY_TRACE(step, Topic::channel, "channel_state_updated", {"channel", entry.first.value},
               {"old", "connecting"}, {"new", "open"}, {"stream", stream.value},
               {"trigger", channel.parameters.negotiated ? "negotiated by the application"
                                                         : "our OPEN is on its way"},
               {"label", channel.parameters.label});
  events_.push(Opened{entry.first, stream});
  releaseEarly(step, stream, &entry);
}

sctp::SendOptions Channels::optionsOf(const Channel& channel) const {
  sctp::SendOptions options;
  // RFC 8832 6: what might overtake the OPEN stays behind it.
  options.ordered = channel.parameters.ordered || !channel.acknowledged;
  options.retransmitsMax = channel.parameters.maxRetransmits;
  if (channel.parameters.maxPacketLifeTime) {
    options.lifetime = std::chrono::milliseconds(*channel.parameters.maxPacketLifeTime);
  }
  return options;
}

Result<void, SendError> Channels::send(Step& step, ChannelId id, ByteVector data, bool binary) {
  Entry* entry = find(id);
  if (!entry || entry->second.state != State::open) return Unexpected(SendError::notOpen);
  Channel& channel = entry->second;
  const std::size_t size = data.size();
  if (size > limits::channel::kSendBufferPerChannel - channel.buffered) {
    return Unexpected(SendError::queueFull);
  }
  sctp::SendOptions options = optionsOf(channel);
  sctp::Message message{*channel.stream, binary ? dcep::kBinary : dcep::kString, std::move(data)};
  if (size == 0) {  // RFC 8831 6.6: SCTP has no empty messages
    message.protocol = binary ? dcep::kBinaryEmpty : dcep::kStringEmpty;
    message.payload.push_back(0);
    options.counted = false;
  }
  const auto sent = association_.send(step, std::move(message), options);
  if (!sent) {
    if (sent.error() == sctp::SendError::tooLarge) return Unexpected(SendError::tooLarge);
    return Unexpected(sent.error() == sctp::SendError::queueFull ? SendError::queueFull
                                                                 : SendError::notOpen);
  }
  channel.buffered += size;
  ++channel.stats.messagesSent;
  ++stats_.messagesSent;
  channel.stats.bytesSent += size;
  stats_.bytesSent += size;
  return {};
}

void Channels::consumed(Step& step, ChannelId, std::size_t bytes, std::size_t messages) {
  association_.consumed(step, bytes, messages);
}

void Channels::close(Step& step, ChannelId id) {
  Entry* entry = find(id);
  if (!entry || entry->second.state == State::closing) return;
  if (!entry->second.begun) return finish(step, id, std::nullopt, "close() before it was open");
  startClosing(step, *entry, "close()");
}

void Channels::startClosing(Step& step, Entry& entry, const char* trigger) {
  PARLEY_TRACE(step, Topic::channel, "channel_state_updated", {"channel", entry.first.value},
               {"old", "open"}, {"new", "closing"}, {"trigger", trigger});
  entry.second.state = State::closing;
  if (unanswered_.contains(*entry.second.stream)) return;  // onOwnReset() asks again then
  association_.resetStreams(step, {&*entry.second.stream, 1});
}

void Channels::finish(Step& step, ChannelId id, std::optional<CloseError> error,
                      const char* trigger) {
  const auto found = channels_.find(id);
  if (found == channels_.end()) return;
  Channel& channel = found->second;
  if (channel.stream && onStream(*channel.stream) == &*found) {
    byStream_[channel.stream->value] = nullptr;
  }
  if (channel.begun) ++stats_.closed;
  if (channel.error) error = channel.error;
  PARLEY_TRACE(step, Topic::channel, "channel_state_updated", {"channel", id.value},
               {"old", channel.state == State::closing ? "closing"
                       : channel.begun                 ? "open"
                                                       : "connecting"},
               {"new", "closed"}, {"trigger", error ? error->reason : trigger});
  holding_.erase(id);
  channels_.erase(found);
  events_.push(Closed{id, error});
}

void Channels::finishAll(Step& step, CloseError error) {
  while (!channels_.empty()) finish(step, channels_.begin()->first, error);
  early_.clear();
  earlyBytes_ = 0;
}

void Channels::finishIfReset(Step& step, Entry& entry) {
  Channel& channel = entry.second;
  const bool isEnough = isPlanted(PlantedBug::idReusedEarly) && channel.outgoingReset;
  if (isEnough || (channel.outgoingReset && channel.incomingReset)) {
    finish(step, entry.first, std::nullopt, "both directions are reset");
  } else if (channel.outgoingReset) {
    channel.hold.start(step.now, limits::sctp::kResetHold);
    holding_.insert(entry.first);
  }
}

void Channels::onTimer(Step& step) {
  std::vector<ChannelId> over;
  for (const ChannelId id : holding_) {
    if (find(id)->second.hold.expire(step.now)) over.push_back(id);
  }
  for (const ChannelId id : over)
    finish(step, id, std::nullopt, "the peer never reset its direction");
  std::vector<sctp::StreamId> orphans;
  for (auto& [stream, early] : early_) {
    if (early.expires.expire(step.now)) orphans.push_back(stream);
  }
  for (const sctp::StreamId stream : orphans) refuse(step, stream, "data without an OPEN");
}

Instant Channels::deadline() const {
  Instant due = never();
  for (const ChannelId id : holding_) due = earliest(due, find(id)->second.hold.due());
  for (const auto& [stream, early] : early_) due = earliest(due, early.expires.due());
  return due;
}

void Channels::settle(Step& step) {
  while (auto event = association_.nextEvent()) onAssociation(step, std::move(*event));
  association_.flush(step);
  while (auto event = association_.nextEvent()) onAssociation(step, std::move(*event));
}

State Channels::state(ChannelId id) const {
  const Entry* entry = find(id);
  return entry ? entry->second.state : State::closed;
}

std::size_t Channels::bufferedAmount(ChannelId id) const {
  const Entry* entry = find(id);
  return entry ? entry->second.buffered : 0;
}

std::optional<sctp::StreamId> Channels::stream(ChannelId id) const {
  const Entry* entry = find(id);
  return entry ? entry->second.stream : std::nullopt;
}

std::optional<ChannelStats> Channels::statsOf(ChannelId id) const {
  const Entry* entry = find(id);
  return entry ? std::optional(entry->second.stats) : std::nullopt;
}

const char* Channels::inconsistency() const {
  std::size_t bound = 0;
  for (const Entry* entry : byStream_) bound += entry != nullptr;
  std::size_t withStream = 0;
  for (const auto& [id, channel] : channels_) {
    withStream += channel.stream.has_value();
    if (channel.state == State::closed) return "channel: a closed channel is kept";
  }
  if (bound != withStream) return "channel: two channels share a stream, or one lost its own";
  std::size_t early = 0;
  for (const auto& [stream, held] : early_) early += held.bytes;
  if (early != earlyBytes_ || early > limits::channel::kEarlyBytes)
    return "channel: more early data is held than allowed";
  return nullptr;
}

}  // namespace parley::channel
