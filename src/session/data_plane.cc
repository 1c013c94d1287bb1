#include "session/data_plane.h"

#include <algorithm>

namespace parley::session {
namespace {

void tap(Step& step, TracedPacket::Direction direction, Bytes packet) {
  step.trace.packet({.when = step.now,
                     .layer = TracedPacket::Layer::sctp,
                     .direction = direction,
                     .bytes = packet});
}

}  // namespace

void DataPlane::start(Step& step, const StartSctp& start, bool dtlsClient) {
  transportId_ = start.id;  // BUNDLE may have moved it
  if (association_) {
    association_->setSendMessageMax(start.messageMax);
    return;
  }
  sctp::Config config;
  config.localPort = start.localPort;
  config.remotePort = start.remotePort;
  config.sendMessageMax = start.messageMax;
  config.receiveMessageMax = config_.messageMax;
  config.receiveWindow = config_.receiveWindow;
  number_ = start.association;
  association_.emplace(config, static_cast<PacketSink&>(*this));
  channels_.emplace(*association_, announced_);
  channels_->setRole(step, dtlsClient);
  for (OpenChannel& command : std::exchange(waiting_, {})) open(step, std::move(command));
}

void DataPlane::connect(Step& step) {
  if (!association_ || connected_ || ended_) return;
  association_->connect(step);
}

void DataPlane::open(Step& step, OpenChannel command) {
  if (!channels_ && !ended_) {
    waiting_.push_back(std::move(command));
    return;
  }
  const ChannelId id = command.id;
  using Why = channel::CloseError::Why;
  if (ended_) {
    events_.push_back(ChannelEvent{channel::Closed{
        id, channel::CloseError{Why::associationClosed, "the association has ended", false, {}}}});
    return;
  }
  const auto opened = channels_->open(step, id, std::move(command.parameters));
  if (opened) return;
  const bool exhausted = opened.error() == channel::OpenError::exhausted;
  events_.push_back(ChannelEvent{
      channel::Closed{id, channel::CloseError{exhausted ? Why::exhausted : Why::protocolViolation,
                                              "no stream for this channel",
                                              false,
                                              {}}}});
}

void DataPlane::send(Step& step, SendMessage command) {
  // The peer layer checked state, size and caps; what fails here lost a race with the closing of
  // the channel, whose Closed event is on its way.
  if (channels_) (void)channels_->send(step, command.id, std::move(command.data), command.binary);
}

void DataPlane::close(Step& step, const CloseChannel& command) {
  if (channels_) return channels_->close(step, command.id);
  const auto waiting = std::ranges::find(waiting_, command.id, &OpenChannel::id);
  if (waiting == waiting_.end()) return;
  waiting_.erase(waiting);
  events_.push_back(ChannelEvent{channel::Closed{command.id, std::nullopt}});
}

void DataPlane::consumed(Step& step, const Consumed& command) {
  if (channels_) channels_->consumed(step, command.id, command.payload);
}

std::size_t DataPlane::bytesUnread() const {
  return association_ && !ended_ ? association_->stats().bytesUnread : 0;
}

const char* DataPlane::inconsistency() const {
  if (!association_ || ended_) return nullptr;
  const char* found = association_->inconsistency();
  return found ? found : channels_->inconsistency();
}

// What a packet brought is taken up before the next one is looked at: an ABORT right behind a
// message must not undo it.
void DataPlane::receive(Step& step, Bytes packet) {
  if (step.trace.wantsPackets()) tap(step, TracedPacket::Direction::in, packet);
  if (!association_) return;
  association_->receive(step, packet);
  pump(step);
}

void DataPlane::settle(Step& step) {
  if (!association_) return;
  collect();
  pump(step);
  // What channels do with an event may queue more to send, and a flush may have more to tell.
  do {
    association_->flush(step);
  } while (pump(step));
}

bool DataPlane::pump(Step& step) {
  bool any = false;
  while (auto event = association_->nextEvent()) {
    any = true;
    noteAssociation(*event);
    channels_->onAssociation(step, std::move(*event));
    collect();
  }
  return any;
}

void DataPlane::collect() {
  while (auto event = channels_->nextEvent()) events_.push_back(ChannelEvent{std::move(*event)});
}

void DataPlane::noteAssociation(const sctp::Event& event) {
  if (const auto* connected = std::get_if<sctp::Connected>(&event)) {
    connected_ = true;
    events_.push_back(
        SctpStateChanged{.state = SctpState::connected,
                         .association = number_,
                         .channelsMax = std::min(connected->streamsIn, connected->streamsOut)});
  } else if (std::holds_alternative<sctp::Closed>(event)) {
    ended_ = true;
    events_.push_back(
        SctpStateChanged{.state = SctpState::closed, .association = number_, .closedByPeer = true});
  } else if (const auto* failed = std::get_if<sctp::Failed>(&event)) {
    ended_ = true;
    events_.push_back(
        SctpStateChanged{.state = SctpState::closed,
                         .association = number_,
                         .closedByPeer = failed->why == sctp::Failed::Why::abortedByPeer,
                         .causeCode = failed->causeCode,
                         .reason = failed->reason});
  }
}

void DataPlane::onTimer(Step& step) {
  if (!association_) return;
  association_->onTimer(step);
  channels_->onTimer(step);
}

Instant DataPlane::deadline() const {
  if (!association_ || ended_) return never();
  return earliest(association_->deadline(), channels_->deadline());
}

void DataPlane::abort(Step& step) {
  if (association_ && !ended_) association_->abort(step);
  ended_ = true;
}

bool DataPlane::shutdown(Step& step) {
  if (!association_ || !connected_ || ended_) return false;
  association_->shutdown(step);
  return true;
}

void DataPlane::fail(Step& step, bool closedByPeer, const char* reason) {
  sctp::Event how = sctp::Closed{};
  if (!closedByPeer)
    how = sctp::Failed{
        .why = sctp::Failed::Why::protocolViolation, .reason = reason, .causeCode = {}};
  end(step, how,
      {.state = SctpState::closed,
       .association = number_,
       .closedByPeer = closedByPeer,
       .reason = reason});
}

void DataPlane::stop(Step& step) {
  end(step, sctp::Closed{},
      {.state = SctpState::closed, .association = number_, .reason = "the data section went away"});
  for (const OpenChannel& command : std::exchange(waiting_, {}))
    events_.push_back(ChannelEvent{channel::Closed{command.id, std::nullopt}});
  if (channels_) announced_ = channels_->announced();
  channels_.reset();
  association_.reset();
  transport_ = nullptr;
  connected_ = ended_ = false;
}

void DataPlane::end(Step& step, const sctp::Event& how, SctpStateChanged change) {
  if (!association_ || ended_) return;
  collect();
  abort(step);
  events_.push_back(std::move(change));
  channels_->onAssociation(step, how);
  collect();
}

void DataPlane::sendPacket(Step& step, Packet packet) {
  if (!transport_) return;
  if (config_.mangle) config_.mangle(step, packet.mutableBytes());
  if (step.trace.wantsPackets()) tap(step, TracedPacket::Direction::out, packet.bytes());
  transport_->sendPacket(step, std::move(packet));
}

}  // namespace parley::session
