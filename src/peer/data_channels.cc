#include "peer/data_channels.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/planted.h"
#include "peer/errors.h"

namespace parley::peer {
namespace {

constexpr std::uint32_t kStreamsMax = 65'535;  // RFC 8831 6.6: 65,535 itself is no id

RTCPriorityType priorityOf(std::uint16_t wire) {  // RFC 8831 6.4
  if (wire <= 128) return RTCPriorityType::veryLow;
  if (wire <= 256) return RTCPriorityType::low;
  if (wire <= 512) return RTCPriorityType::medium;
  return RTCPriorityType::high;
}

// createDataChannel, steps 5 to 17.
void validate(const std::string& label, RTCDataChannelInit& init) {
  if (label.size() > limits::channel::kLabelMax) throw typeError("the label is too long");
  if (init.protocol.size() > limits::channel::kLabelMax)
    throw typeError("the protocol is too long");
  if (!init.negotiated) init.id.reset();
  if (init.negotiated && !init.id) throw typeError("a negotiated channel needs an id");
  if (init.maxPacketLifeTime && init.maxRetransmits)
    throw typeError("maxPacketLifeTime and maxRetransmits exclude each other");
  if (init.id == kStreamsMax) throw typeError("65535 is not an id");
}

}  // namespace

std::shared_ptr<DataChannel> DataChannels::create(const std::string& label,
                                                  RTCDataChannelInit init) {
  validate(label, init);
  if (!init.id && role_) {
    init.id = takeStream();
    if (!init.id) throw operationError("no id is left for another data channel");
  } else if (init.id) {
    if (isUsed(*init.id)) throw operationError("the id is used by another data channel");
    if (*init.id >= streamLimit()) throw operationError("the id exceeds what was negotiated");
  }
  const channel::ChannelId id{nextId_++};
  const auto channel =
      std::make_shared<DataChannel>(*this, context_.realm->microtasks(), id, label, std::move(init),
                                    RTCDataChannelState::connecting);
  if (channel->id()) used_.insert(*channel->id());
  channels_.emplace(id, channel);
  wasAnyCreated_ = true;
  if (role_) open(*channel);
  return channel;
}

void DataChannels::open(DataChannel& channel) {
  asked_.insert(channel.channelId());
  context_.execute(session::OpenChannel{channel.channelId(), channel.parameters()});
}

std::vector<std::shared_ptr<DataChannel>> DataChannels::start(jsep::DtlsRole role) {
  std::vector<Channel> failed;
  role_ = role;
  for (const auto& [id, channel] : channels_) {
    if (asked_.contains(id) || channel->readyState() != RTCDataChannelState::connecting) continue;
    if (!channel->id()) {
      const auto stream = takeStream();
      if (!stream) {
        channel->failNumbering();
        failed.push_back(channel);
        continue;
      }
      channel->setStream(*stream);
      used_.insert(*stream);
    }
    open(*channel);
  }
  return failed;
}

void DataChannels::fail(const Channel& channel) {
  context_.fire(channel, &RTCDataChannel::onerror,
                RTCErrorEvent{{"error"},
                              RTCError(RTCErrorDetailType::dataChannelFailure,
                                       "no id is left for the data channel")});
  context_.tasks.next([channel] { channel->end(); });
}

// The engine closes the channels it knows; those that still waited to be asked for end here.
void DataChannels::stop() {
  role_.reset();
  wasAnyCreated_ = false;
  for (const auto& [id, channel] : channels_)
    if (!asked_.contains(id)) context_.tasks.queue([channel] { channel->onClosed(std::nullopt); });
}

std::uint32_t DataChannels::streamLimit() const {
  const auto& sctp = transports_.sctp();
  return sctp && sctp->maxChannels() ? *sctp->maxChannels() : kStreamsMax;
}

// RFC 8832 6: the DTLS client takes even ids, the server odd ones.
std::optional<std::uint16_t> DataChannels::takeStream() {
  const std::uint32_t first = role_ == jsep::DtlsRole::client ? 0 : 1;
  const std::uint32_t limit = streamLimit();
  if (first >= limit) return std::nullopt;
  const std::uint32_t ours = (limit - first + 1) / 2;  // how many ids have our parity
  for (std::uint32_t tried = 0; tried < ours; ++tried) {
    const auto stream = static_cast<std::uint16_t>(first + 2 * (nextStream_++ % ours));
    if (!isUsed(stream)) return stream;
  }
  return std::nullopt;
}

// --- what channels ask

double DataChannels::messageMax() const {
  const auto& sctp = transports_.sctp();
  return sctp ? sctp->maxMessageSize() : 0;
}

bool DataChannels::reserve(std::size_t buffered, std::size_t bytes) {
  if (bytes > caps_.perChannel || buffered > caps_.perChannel - bytes) return false;
  if (bytes > caps_.perConnection || buffered_ > caps_.perConnection - bytes) return false;
  buffered_ += bytes;
  return true;
}

bool DataChannels::isOpenAsked(const DataChannel& channel) const {
  return asked_.contains(channel.channelId());
}

void DataChannels::freeStream(const DataChannel& channel) {
  if (channel.id()) used_.erase(*channel.id());
}

void DataChannels::forget(DataChannel& channel) {
  const channel::ChannelId id = channel.channelId();
  if (!channels_.contains(id)) return;
  asked_.erase(id);
  channels_.erase(id);
}

DataChannels::Channel DataChannels::find(channel::ChannelId id) const {
  const auto found = channels_.find(id);
  return found == channels_.end() ? nullptr : found->second;
}

// --- what the engine tells

void DataChannels::on(channel::Event event) {
  std::visit([this](auto& any) { on(std::move(any)); }, event);
}

void DataChannels::on(channel::Opened event) {
  if (const Channel channel = find(event.channel)) channel->onOpen();
}

// "Announce a data channel instance". The open event comes right after, before any message.
void DataChannels::on(channel::Announced event) {
  if (find(event.channel)) return;
  channel::Parameters& from = event.parameters;
  RTCDataChannelInit init{.ordered = from.ordered,
                          .maxPacketLifeTime = from.maxPacketLifeTime,
                          .maxRetransmits = from.maxRetransmits,
                          .protocol = std::move(from.protocol),
                          .negotiated = false,
                          .id = event.stream.value,
                          .priority = priorityOf(from.priority)};
  const auto channel = std::make_shared<DataChannel>(*this, context_.realm->microtasks(),
                                                     event.channel, std::move(from.label),
                                                     std::move(init), RTCDataChannelState::open);
  channels_.emplace(event.channel, channel);
  asked_.insert(event.channel);
  used_.insert(event.stream.value);
  context_.fire(&RTCPeerConnection::ondatachannel, RTCDataChannelEvent{{"datachannel"}, channel});
  if (isPlanted(PlantedBug::messageBeforeOpen))
    return context_.tasks.queue([channel] { channel->onOpen(); });
  context_.tasks.next([channel] { channel->onOpen(); });
}

void DataChannels::on(channel::MessageArrived event) {
  const std::size_t size = event.data.size();
  if (const Channel channel = find(event.channel))
    return channel->onMessage(std::move(event.data), event.binary);
  context_.execute(session::Consumed{event.channel, size});
}

void DataChannels::on(channel::BytesSent event) {
  if (const Channel channel = find(event.channel)) channel->onSent(event.count);
}

void DataChannels::on(channel::Closing event) {
  if (const Channel channel = find(event.channel)) channel->onClosing();
}

// A SHUTDOWN or a restart of the association is no error: W3C fires one only for a failure.
void DataChannels::on(channel::Closed event) {
  const Channel channel = find(event.channel);
  if (!channel) return;
  const bool isError =
      event.error && event.error->why != channel::CloseError::Why::associationClosed;
  channel->onClosed(isError ? std::optional(errorOf(*event.error)) : std::nullopt);
}

// "Once an SCTP transport is connected": ids beyond what was negotiated fail; the others are
// announced as open when the engine has opened them.
void DataChannels::onConnected(std::uint16_t channelsMax) {
  for (const auto& [id, channel] : channels_) {
    if (!channel->id() || *channel->id() < channelsMax) continue;
    context_.execute(session::CloseChannel{id});
    context_.tasks.queue([channel] {
      channel->onClosed(
          RTCError(RTCErrorDetailType::dataChannelFailure, "the id exceeds what was negotiated"));
    });
  }
}

// The engine closes every channel it knows; this is for those it does not.
void DataChannels::onAssociationClosed(const session::SctpStateChanged& event) {
  std::optional<RTCError> error;
  if (event.causeCode) {
    error.emplace(RTCErrorDetailType::sctpFailure, event.reason);
    error->sctpCauseCode = *event.causeCode;
  }
  for (const auto& [id, channel] : channels_)
    context_.tasks.queue([channel, error] { channel->onClosed(error); });
}

void DataChannels::close(Graves& graves) {
  for (const auto& [id, channel] : std::exchange(channels_, {})) channel->abandon(graves);
}

}  // namespace parley::peer
