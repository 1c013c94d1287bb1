#include "sctp/association.h"

#include "core/planted.h"
#include "sctp/machine.h"

namespace parley::sctp {
namespace {

constexpr std::size_t kAnswersMax = 32;  // waiting for one flush, bundled
constexpr std::size_t kRepliesMax = 8;   // packets of their own
constexpr Duration kPoolRetry = 5ms;

constexpr std::string_view kStates[] = {
    "idle",         "cookieWait",       "cookieEchoed",    "established", "shutdownPending",
    "shutdownSent", "shutdownReceived", "shutdownAckSent", "ended"};
static_assert(std::size(kStates) == std::variant_size_v<StateVariant>);

constexpr std::string_view kDrops[] = {
    "malformedPacket", "badChecksum",   "badTag",         "malformedChunk", "unexpectedChunk",
    "unknownChunk",    "duplicateData", "windowExceeded", "badStream",      "badSack",
    "badForwardTsn",   "badCookie",     "badHeartbeat",   "badReset",       "tooManyAnswers"};
static_assert(std::size(kDrops) == static_cast<std::size_t>(Drop::count));

Config checked(Config config) {
  config.receiveMessageMax =
      std::min(config.receiveMessageMax, limits::sctp::kMessageMaxConfigurable);
  config.receiveWindow = std::clamp<std::size_t>(
      config.receiveWindow, std::max<std::size_t>(128u << 10, 2 * config.receiveMessageMax),
      4 * limits::sctp::kMessageMaxConfigurable);
  config.packetSize = std::clamp<std::size_t>(config.packetSize, 512, PacketPool::kBody);
  config.streamsOut = std::max<std::uint16_t>(config.streamsOut, 1);
  config.streamsIn = std::max<std::uint16_t>(config.streamsIn, 1);
  return config;
}

}  // namespace

Association::Machine::Machine(const Config& config, PacketSink& lower)
    : config_(checked(config)), lower_(lower) {}

void Association::Machine::answer(ByteVector chunk) {
  if (answers_.size() >= kAnswersMax || chunk.size() > Outbox::roomOfPacket(config_)) {
    return drop(Drop::tooManyAnswers);
  }
  answers_.push_back(std::move(chunk));
}

void Association::Machine::reply(Tag tag, ByteVector chunk) {
  if (replies_.size() >= kRepliesMax || chunk.size() > Outbox::roomOfPacket(config_)) {
    return drop(Drop::tooManyAnswers);
  }
  replies_.push_back({tag, std::move(chunk)});
}

void Association::Machine::become(Step& step, StateVariant next, const char* trigger) {
  const std::size_t before = state_.index();
  state_ = std::move(next);
  PARLEY_TRACE(step, Topic::sctp, "connection_state_updated", {"old", kStates[before]},
               {"new", kStates[state_.index()]}, {"trigger", trigger});
}

// Once per packet and kind, with the count so far: a peer that misbehaves must not fill a trace.
void Association::Machine::tellDrops(Step& step) {
  for (std::size_t i = 0; untoldDrops_ != 0; ++i, untoldDrops_ >>= 1) {
    if ((untoldDrops_ & 1) == 0) continue;
    PARLEY_TRACE(step, Topic::sctp, "packet_dropped", {"trigger", kDrops[i]},
                 {"count", static_cast<std::int64_t>(stats_.drops[i])});
  }
}

void Association::Machine::receive(Step& step, Bytes packet) {
  receiveChunks(step, packet);
  if (untoldDrops_ != 0) tellDrops(step);
}

void Association::Machine::receiveChunks(Step& step, Bytes packet) {
  ++stats_.packetsReceived;
  stats_.bytesReceived += packet.size();
  const auto header = parsePacket(packet, chunks_);
  if (!header || header->sourcePort != config_.remotePort ||
      header->destinationPort != config_.localPort) {
    return drop(Drop::malformedPacket);
  }
  if (!hasValidChecksum(packet)) return drop(Drop::badChecksum);
  const bool alone = chunks_.size() == 1;
  sawData_ = false;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    const ChunkView& chunk = chunks_[i];
    const bool mustBeAlone = chunk.type == ChunkType::init || chunk.type == ChunkType::initAck ||
                             chunk.type == ChunkType::shutdownComplete;
    if (mustBeAlone && !alone) return drop(Drop::malformedPacket);  // RFC 9260 6.10
    if (chunk.type == ChunkType::cookieEcho) {
      if (i != 0) {
        drop(Drop::unexpectedChunk);
      } else if (!onCookieEcho(step, *header, chunk)) {
        return;
      }
      continue;
    }
    if (!hasAcceptableTag(*header, chunk)) {
      drop(Drop::badTag);
      if (i == 0) onStranger(*header, chunk);
      return;
    }
    const bool known =
        chunk.type <= ChunkType::cookieAck || chunk.type == ChunkType::shutdownComplete ||
        (chunk.type == ChunkType::reConfig && link_ && link_->extensions.reConfig) ||
        (chunk.type == ChunkType::forwardTsn && link_ && link_->extensions.partialReliability);
    if (!known) {
      if (!onUnknown(chunk)) return;
      continue;
    }
    dispatch(step, *header, chunk, i == 0);
    if (hasEnded()) break;
  }
  if (sawData_ && link_) link_->acks.onPacketWithData(step.now);
}

// RFC 9260 8.5.1.
bool Association::Machine::hasAcceptableTag(const CommonHeader& header,
                                            const ChunkView& chunk) const {
  if (chunk.type == ChunkType::init) return header.tag.value == 0;
  const bool canReflect =
      chunk.type == ChunkType::abort || chunk.type == ChunkType::shutdownComplete;
  if (canReflect && chunk.flags & kTagReflected) return link_ && header.tag == link_->remoteTag;
  if (link_) return header.tag == link_->localTag;
  return is<CookieWait>() && header.tag == ownTag_;
}

// Out of the blue (RFC 9260 8.4), while it is not a packet of an association that we have.
void Association::Machine::onStranger(const CommonHeader& header, const ChunkView& chunk) {
  const auto* ended = std::get_if<Ended>(&state_);
  const bool young = is<Idle>() || is<CookieWait>() || is<CookieEchoed>();
  if (chunk.type == ChunkType::shutdownAck && (young || (ended && ended->answersShutdownAck))) {
    return reply(header.tag, makeChunk(ChunkType::shutdownComplete, kTagReflected));
  }
  const bool silent = chunk.type == ChunkType::abort || chunk.type == ChunkType::cookieAck ||
                      chunk.type == ChunkType::shutdownComplete || chunk.type == ChunkType::error ||
                      chunk.type == ChunkType::init || chunk.type == ChunkType::shutdownAck;
  if (is<Idle>() && !silent) {
    reply(header.tag, makeChunk(ChunkType::abort, kTagReflected));
  }
}

void Association::Machine::dispatch(Step& step, const CommonHeader& header, const ChunkView& chunk,
                                    bool first) {
  // Only a peer that has our COOKIE ECHO sends these: its COOKIE ACK was lost or overtaken.
  const bool implies = chunk.type == ChunkType::data || chunk.type == ChunkType::sack;
  if (is<CookieEchoed>() && implies) establish(step, "data before COOKIE ACK");
  const bool transferring = isTransferring() || is<ShutdownSent>();
  switch (chunk.type) {
    case ChunkType::init:
      return onInit(step, header, chunk);
    case ChunkType::initAck:
      return onInitAck(step, chunk);
    case ChunkType::cookieAck:
      return onCookieAck(step);
    case ChunkType::abort:
      return onAbort(step, chunk);
    case ChunkType::error:
      return onError(step, chunk);
    case ChunkType::shutdown:
      return onShutdown(step, chunk);
    case ChunkType::shutdownAck:
      if (is<CookieWait>() || is<CookieEchoed>()) {
        if (first) onStranger(header, chunk);
        return;
      }
      return onShutdownAck(step);
    case ChunkType::shutdownComplete:
      return onShutdownComplete(step);
    default:
      break;
  }
  if (!transferring || (is<ShutdownReceived>() && chunk.type == ChunkType::data)) {
    return drop(Drop::unexpectedChunk);
  }
  switch (chunk.type) {
    case ChunkType::data:
      return onData(step, chunk);
    case ChunkType::sack:
      return onSack(step, chunk);
    case ChunkType::heartbeat:
      return onHeartbeat(chunk);
    case ChunkType::heartbeatAck:
      return onHeartbeatAck(step, chunk);
    case ChunkType::reConfig:
      return onReConfig(step, chunk);
    case ChunkType::forwardTsn:
      return onForwardTsn(step, chunk);
    default:
      return drop(Drop::unexpectedChunk);
  }
}

bool Association::Machine::onUnknown(const ChunkView& chunk) {  // RFC 9260 3.2
  drop(Drop::unknownChunk);
  const unsigned type = static_cast<unsigned>(chunk.type);
  if (type & 0x40 && link_) {
    answer(makeError(Cause::unrecognizedChunk,
                     chunk.whole.first(std::min<std::size_t>(chunk.whole.size(), 64))));
  }
  return type & 0x80;
}

void Association::Machine::onAbort(Step& step, const ChunkView& chunk) {
  if (is<Idle>() || hasEnded()) return drop(Drop::unexpectedChunk);
  const auto cause = firstCause(chunk.body);
  PARLEY_TRACE(step, Topic::sctp, "abort_received", {"cause", cause.value_or(0)});
  end(step, false, "ABORT of the peer");
  replies_.clear();
  events_.push(Failed{Failed::Why::abortedByPeer, "aborted by the peer", cause});
}

void Association::Machine::onError(Step& step, const ChunkView& chunk) {
  const auto cause = firstCause(chunk.body);
  if (!cause) return drop(Drop::malformedChunk);
  PARLEY_TRACE(step, Topic::sctp, "error_received", {"cause", *cause});
  if (*cause == static_cast<std::uint16_t>(Cause::staleCookie) && is<CookieEchoed>()) {
    onStaleCookie(step);
  }
}

void Association::Machine::onTimer(Step& step) {
  poolRetry_.expire(step.now);
  if (auto* wait = std::get_if<CookieWait>(&state_)) {
    if (wait->t1.onTimer(step.now) == BackoffTimer::Outcome::resend) {
      wait->initDue = true;
      PARLEY_TRACE(step, Topic::sctp, "loss_timer_updated", {"timer_type", "T1-init"},
                   {"event_type", "expired"}, {"trigger", "no INIT ACK came"});
    }
  } else if (auto* echoed = std::get_if<CookieEchoed>(&state_)) {
    if (echoed->t1.onTimer(step.now) == BackoffTimer::Outcome::resend) {
      echoed->echoDue = !isPlanted(PlantedBug::cookieNotRepeated);
      PARLEY_TRACE(step, Topic::sctp, "loss_timer_updated", {"timer_type", "T1-cookie"},
                   {"event_type", "expired"}, {"trigger", "no COOKIE ACK came"});
    }
  }
  if (!link_ || is<CookieEchoed>()) return;
  link_->acks.onTimer(step.now);
  onT3(step);
  onHeartbeatTimer(step);
  if (link_->outgoingReset.timer.expire(step.now)) {
    link_->outgoingReset.due = true;
    PARLEY_TRACE(step, Topic::sctp, "loss_timer_updated", {"timer_type", "reconfig"},
                 {"event_type", "expired"}, {"trigger", "the peer has not done our reset yet"});
  }
  sawData_ = false;
  advanceShutdown(step);
  onShutdownTimers(step);
}

bool Association::Machine::flushReplies(Step& step) {
  std::size_t sent = 0;
  for (; sent < replies_.size(); ++sent) {
    Outbox out(step, {config_, lower_, stats_, packetNumber_}, headerFor(replies_[sent].tag));
    if (!out.add(replies_[sent].chunk)) break;
  }
  replies_.erase(replies_.begin(), replies_.begin() + static_cast<std::ptrdiff_t>(sent));
  return replies_.empty();
}

void Association::Machine::flushHandshake(Outbox& out) {
  if (auto* echoed = std::get_if<CookieEchoed>(&state_); echoed && echoed->echoDue) {
    echoed->echoDue = !out.add(echoed->echo);  // the first chunk of its packet
  }
}

void Association::Machine::flush(Step& step) {
  bool poolIsOut = !flushReplies(step);
  if (auto* wait = std::get_if<CookieWait>(&state_); wait && wait->initDue) {
    Outbox out(step, {config_, lower_, stats_, packetNumber_}, headerFor({0}));
    wait->initDue = !out.add(initChunk());
    poolIsOut |= wait->initDue;
  }
  if (link_) {
    Outbox out(step, {config_, lower_, stats_, packetNumber_}, headerFor(link_->remoteTag));
    flushHandshake(out);
    std::size_t sent = 0;
    while (sent < answers_.size() && out.add(answers_[sent])) ++sent;
    answers_.erase(answers_.begin(), answers_.begin() + static_cast<std::ptrdiff_t>(sent));
    if (isTransferring() || is<ShutdownSent>()) {
      prepareReset();
      const auto& acks = link_->acks;
      const bool worth = acks.isPending() && (out.isOpen() || (isTransferring() && mayTransmit()));
      if (acks.isDue() || worth) sendSack(out);
      sendReset(step, out);
      if (isTransferring()) sendData(step, out);
    }
    out.close();
    poolIsOut |= out.poolIsOut();
    reportSent();
  }
  if (poolIsOut && !poolRetry_.isRunning()) poolRetry_.start(step.now, kPoolRetry);
}

Instant Association::Machine::deadline() const {
  Instant due = poolRetry_.due();
  if (const auto* wait = std::get_if<CookieWait>(&state_)) return earliest(due, wait->t1.due());
  if (const auto* echoed = std::get_if<CookieEchoed>(&state_)) {
    return earliest(due, echoed->t1.due());
  }
  if (!link_) return due;
  due = earliest(due, link_->acks.due(), link_->t3.due(), link_->heartbeat.next.due(),
                 link_->outgoingReset.timer.due());
  if (const auto* sent = std::get_if<ShutdownSent>(&state_)) {
    due = earliest(due, sent->t2.due(), sent->t5.due());
  } else if (const auto* ackSent = std::get_if<ShutdownAckSent>(&state_)) {
    due = earliest(due, ackSent->t2.due(), ackSent->t5.due());
  }
  return due;
}

// INV-4 and INV-5 of docs/reliability.md, as they hold between two steps.
const char* Association::Machine::inconsistency() const {
  if (answers_.size() > kAnswersMax || replies_.size() > kRepliesMax)
    return "sctp: more answers wait than allowed";
  // What fills a hole may free as much again as the window holds (hasRoomFor()).
  if (unread_ > 4 * config_.receiveWindow) return "sctp: more is unread than the window allows";
  if (!link_) return nullptr;
  const Link& link = *link_;
  if (!link.outstanding.isConsistent()) return "sctp: the sums over what is outstanding are wrong";
  if (link.outstanding.payloadInFlight() > link.outstanding.bytesInFlight())
    return "sctp: more payload is in flight than bytes";
  if (link.congestion->window() < config_.packetSize)
    return "sctp: the congestion window is below a packet";
  if (link.outstanding.empty() && link.t3.isRunning())
    return "sctp: T3 runs and nothing is outstanding";
  if (isTransferring() && link.outstanding.bytesInFlight() > 0 && !link.t3.isRunning())
    return "sctp: data is in flight and T3 does not run";
  if (isTransferring() && owesWindow() && !link.acks.isDue())
    return "sctp: a window that has reopened was not told of";
  if (link.reassembly.incomplete() > limits::sctp::kIncompleteMessages + 1)
    return "sctp: more incomplete messages than allowed";
  return nullptr;
}

Stats Association::Machine::snapshot() const {
  Stats stats = stats_;
  stats.packetSize = config_.packetSize;
  stats.bytesQueued = queue_.bytes();
  stats.bytesUnread = unread_;
  stats.receiverWindow = windowNow();
  stats.messagesAbandoned = queue_.expired();
  if (!link_) return stats;
  const Link& link = *link_;
  stats.messagesAbandoned += link.outstanding.abandonedMessages();
  stats.congestionWindow = link.congestion->window();
  stats.slowStartThreshold = link.congestion->threshold();
  stats.bytesInFlight = link.outstanding.bytesInFlight();
  stats.unacknowledgedChunks = link.outstanding.chunkCount();
  stats.peerWindow = link.peerWindow;
  stats.bytesHeld = link.reassembly.held();
  stats.smoothedRoundTrip = link.rto.smoothed();
  stats.retransmissionTimeout = link.rto.value();
  stats.streamsOut = link.streamsOut;
  stats.streamsIn = link.streamsIn;
  return stats;
}

Association::Association(const Config& config, PacketSink& lower)
    : machine_(std::make_unique<Machine>(config, lower)) {}
Association::~Association() = default;

void Association::connect(Step& step) { machine_->connect(step); }
void Association::setSendMessageMax(std::size_t bytes) { machine_->config_.sendMessageMax = bytes; }
Result<void, SendError> Association::send(Step& step, Message message, const SendOptions& options) {
  return machine_->send(step, std::move(message), options);
}
void Association::resetStreams(Step& step, std::span<const StreamId> streams) {
  machine_->resetStreams(step, streams);
}
void Association::consumed(Step&, std::size_t bytes, std::size_t messages) {
  machine_->consumed(bytes, messages);
}
void Association::shutdown(Step& step) { machine_->shutdown(step); }
void Association::abort(Step& step) { machine_->abort(step); }
void Association::receive(Step& step, Bytes packet) { machine_->receive(step, packet); }
void Association::onTimer(Step& step) { machine_->onTimer(step); }
void Association::flush(Step& step) { machine_->flush(step); }
Instant Association::deadline() const { return machine_->deadline(); }
std::optional<Event> Association::nextEvent() { return machine_->events_.pop(); }
Stats Association::stats() const { return machine_->snapshot(); }
const char* Association::inconsistency() const { return machine_->inconsistency(); }
std::size_t Association::bytesQueued() const { return machine_->queue_.bytes(); }
ByteVector Association::abortPacket() const { return machine_->abortPacket(); }

State Association::state() const { return static_cast<State>(machine_->state_.index()); }

bool Association::isWellFormed(Bytes packet) {
  std::vector<ChunkView> chunks;
  if (!parsePacket(packet, chunks)) return false;
  return std::ranges::all_of(chunks, [](const ChunkView& chunk) {
    switch (chunk.type) {
      case ChunkType::data:
        return DataChunk::parse(chunk).has_value();
      case ChunkType::init:
      case ChunkType::initAck:
        return InitChunk::parse(chunk.body).has_value();
      case ChunkType::sack:
        return SackChunk::parse(chunk.body).has_value();
      case ChunkType::forwardTsn:
        return ForwardTsnChunk::parse(chunk.body).has_value();
      case ChunkType::reConfig:
        return ReConfigChunk::parse(chunk.body).has_value();
      default:
        return true;
    }
  });
}

}  // namespace parley::sctp
