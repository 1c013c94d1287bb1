#include "sctp/machine.h"

#include "core/planted.h"

// DATA and FORWARD TSN out, SACK in, T3-rtx (RFC 9260 6.1 to 6.3, 7.2; RFC 3758 3.5).

namespace parley::sctp {
namespace {

// Less than this is not worth ending a packet with a fragment.
constexpr std::size_t kFragmentMin = 128;

// TSNs under way at once: peers refuse what is too far ahead of what they have.
constexpr std::size_t kChunksInFlight = 8'000;

std::size_t wireSize(std::size_t payload) { return padded(DataChunk::kHeader + payload); }

std::size_t payloadPerPacket(const Config& config) {
  return Outbox::roomOfPacket(config) - DataChunk::kHeader;
}

}  // namespace

Result<void, SendError> Association::Machine::send(Step& step, Message message,
                                                   const SendOptions& options) {
  const bool closing =
      !is<Idle>() && !is<CookieWait>() && !is<CookieEchoed>() && !is<Established>();
  if (closing) return Unexpected(SendError::closing);
  const std::size_t size = message.payload.size();
  if (size == 0) return Unexpected(SendError::empty);
  if (config_.sendMessageMax != 0 && size > config_.sendMessageMax) {
    return Unexpected(SendError::tooLarge);
  }
  const std::uint16_t streams = link_ ? link_->streamsOut : config_.streamsOut;
  if (message.stream.value >= streams) return Unexpected(SendError::noSuchStream);
  if (size > config_.sendQueueMax || queue_.bytes() > config_.sendQueueMax - size) {
    return Unexpected(SendError::queueFull);
  }
  OutMessage out{std::move(message), options, never(), {}};
  if (options.lifetime) out.expires = step.now + *options.lifetime;
  queue_.push(std::move(out));
  return {};
}

void Association::Machine::onSack(Step& step, const ChunkView& chunk) {
  const auto sack = SackChunk::parse(chunk.body);
  if (!sack) return drop(Drop::malformedChunk);
  ++stats_.sacksReceived;
  takeSack(step, *sack);
  advanceShutdown(step);
}

void Association::Machine::takeSack(Step& step, const SackChunk& sack) {
  Link& link = *link_;
  const auto outcome = link.outstanding.onSack(sack, step.now, queue_);
  if (!outcome.valid) return drop(Drop::badSack);
  if (outcome.stale) return;
  if (outcome.roundTrip) link.rto.observe(*outcome.roundTrip);

  const bool opened = link.peerWindow < sack.receiverWindow;
  link.peerWindow = sack.receiverWindow;
  if (outcome.ackedBytes > 0) link.probing = false;
  if (link.probing && opened) {
    // The probe was refused and nothing else is on its way: send it again now, not at T3.
    link.probing = false;
    link.outstanding.onTimeout(step.now, queue_);
    PARLEY_TRACE(step, Topic::sctp, "window_reopened", {"window", sack.receiverWindow});
  }

  const bool inRecovery = link.recoveryExit > link.outstanding.acknowledged();
  if (!inRecovery) link.recoveryExit = 0;
  if (outcome.newLoss && !inRecovery) {  // RFC 9260 7.2.4
    link.congestion->onLoss();
    link.recoveryExit = link.outstanding.end() - 1;
    link.resendAtOnce = true;
    ++stats_.fastRecoveries;
    PARLEY_TRACE(step, Topic::sctp, "congestion_state_updated", {"new", "recovery"},
                 {"trigger", "gap reports"},
                 {"congestion_window", static_cast<std::int64_t>(link.congestion->window())});
  } else if (outcome.ackedBytes > 0) {
    link.congestion->onAcked({outcome.ackedBytes, outcome.cumulativeAdvanced, link.wasLimited,
                              link.outstanding.empty(), inRecovery});
  }
  link.ackedSinceFlush += outcome.ackedBytes;

  if (link.outstanding.empty()) {  // RFC 9260 6.3.2 R2, R3
    link.t3.stop();
  } else if (outcome.cumulativeAdvanced) {
    link.t3.start(step.now, link.rto.value());
  }
  link.forwardTsnDue = link.outstanding.needsForwardTsn();
}

void Association::Machine::onT3(Step& step) {  // RFC 9260 6.3.3
  Link& link = *link_;
  if (!link.t3.expire(step.now)) return;
  ++stats_.timeouts;
  link.rto.backOff();
  if (!link.probing) link.congestion->onTimeout();  // 6.1: a closed window is not congestion
  PARLEY_TRACE(step, Topic::sctp, "loss_timer_updated", {"timer_type", "T3-rtx"},
               {"event_type", "expired"},
               {"trigger", link.probing ? "the peer's window is closed" : "no SACK came"},
               {"congestion_window", static_cast<std::int64_t>(link.congestion->window())},
               {"rto_us", link.rto.value().count()});
  link.outstanding.onTimeout(step.now, queue_);
  link.recoveryExit = 0;
  link.ackedSinceFlush = 0;
  link.forwardTsnDue = link.outstanding.needsForwardTsn();
  if (isPlanted(PlantedBug::t3Forgotten)) return;
  if (!link.outstanding.empty()) link.t3.start(step.now, link.rto.value());
}

// RFC 9260 6.1 A and B. A first packet may always leave: it is the window probe when the peer's
// window is closed.
bool Association::Machine::fitsWindows(std::size_t wire, std::size_t payload) const {
  const Outstanding& outstanding = link_->outstanding;
  if (outstanding.bytesInFlight() == 0) return true;
  return outstanding.bytesInFlight() + wire <= link_->congestion->window() &&
         outstanding.payloadInFlight() + payload <= link_->peerWindow;
}

bool Association::Machine::mayTransmit() const {
  const Link& link = *link_;
  if (link.forwardTsnDue || (link.outstanding.hasLost() && link.resendAtOnce)) return true;
  const bool has =
      link.outstanding.hasLost() || link.outstanding.hasCurrent() || queue_.hasMessages();
  return has && fitsWindows(DataChunk::kHeader + 4, 1);
}

void Association::Machine::sendData(Step& step, Outbox& out) {
  Link& link = *link_;
  link.outstanding.giveUpExpiredCurrent(step.now, queue_);
  link.forwardTsnDue |= link.outstanding.needsForwardTsn() && link.outstanding.empty();
  const bool idle = link.outstanding.bytesInFlight() == 0;
  if (idle && link.lastData != Instant{} && mayTransmit()) {  // RFC 9260 7.2.1
    const auto periods = (step.now - link.lastData) / link.rto.value();
    for (std::int64_t i = 0; i < std::min<std::int64_t>(periods, 8); ++i) link.congestion->onIdle();
  }
  // Max.Burst (RFC 9260 6.1 D): what was acknowledged since the last flush may be replaced, and a
  // few packets more; a quiet path takes an initial window.
  const std::size_t burst =
      idle ? limits::sctp::kInitialWindowPackets : limits::sctp::kBurstPackets;
  const std::size_t packetsMax = out.packets() + burst + link.ackedSinceFlush / config_.packetSize;
  link.ackedSinceFlush = 0;

  if (link.forwardTsnDue && !sendForwardTsn(step, out)) return;
  if (sendLost(step, out, packetsMax)) sendNew(step, out, packetsMax);
  link.resendAtOnce = false;
  link.wasLimited =
      link.outstanding.bytesInFlight() + config_.packetSize > link.congestion->window();
  if (!link.outstanding.empty() && !link.t3.isRunning() && !isPlanted(PlantedBug::t3Forgotten)) {
    link.t3.start(step.now, link.rto.value());
  }
}

// False: the windows, the burst limit or the pool say stop.
bool Association::Machine::sendLost(Step& step, Outbox& out, std::size_t packetsMax) {
  Link& link = *link_;
  const std::size_t before = out.packets();
  while (link.outstanding.hasLost()) {
    const std::size_t wire = link.outstanding.firstLostSize();
    const bool free = link.resendAtOnce && out.packets() <= before + 1;
    if (!free && !fitsWindows(wire, wire - DataChunk::kHeader)) return false;
    if (!out.fits(wire) && out.packets() >= packetsMax) return false;
    const bool first = link.outstanding.bytesInFlight() == 0;
    const auto room = out.reserve(wire);
    if (!room) return false;
    writeData(step, *room, link.outstanding.resendFirstLost(out.number(), step.now), first);
    if (first) link.t3.start(step.now, link.rto.value());
    ++stats_.chunksRetransmitted;
    stats_.bytesRetransmitted += wire - DataChunk::kHeader;
    link.lastData = step.now;
  }
  return true;
}

void Association::Machine::sendNew(Step& step, Outbox& out, std::size_t packetsMax) {
  Link& link = *link_;
  const std::size_t whole = payloadPerPacket(config_);
  while (link.outstanding.chunkCount() < kChunksInFlight) {
    if (!link.outstanding.hasCurrent()) {
      if (!queue_.hasMessages()) return;
      if (!fitsWindows(DataChunk::kHeader + 4, 1)) return;
      if (out.room() < DataChunk::kHeader + 4 && out.packets() >= packetsMax) return;
      auto message = queue_.pop(step.now);
      if (!message) return;
      link.outstanding.begin(std::move(*message));
      ++stats_.messagesSent;
    }
    const std::size_t left = link.outstanding.currentLeft();
    std::size_t size = std::min(left, whole);
    if (left > whole && out.room() >= DataChunk::kHeader + kFragmentMin) {
      size = out.room() - DataChunk::kHeader;  // the head of a long message fills the packet
    }
    if (!fitsWindows(wireSize(size), size)) return;
    if (!out.fits(wireSize(size)) && out.packets() >= packetsMax) return;
    const bool first = link.outstanding.bytesInFlight() == 0;
    const auto room = out.reserve(wireSize(size));
    if (!room) return;
    const OutMessage& message = link.outstanding.current();
    queue_.noteSent(message, size);
    writeData(step, *room, link.outstanding.cut(size, out.number(), step.now), first);
    ++stats_.dataChunksSent;
    stats_.payloadBytesSent += size;
    link.lastData = step.now;
  }
}

void Association::Machine::writeData(Step& step, MutableBytes room, DataChunk chunk, bool first) {
  Link& link = *link_;
  if (first && link.peerWindow < chunk.payload.size()) {
    if (!link.probing)
      PARLEY_TRACE(step, Topic::sctp, "window_closed",
                   {"window", static_cast<std::int64_t>(link.peerWindow)},
                   {"trigger", "the peer does not read; one chunk probes"});
    link.probing = true;
    ++stats_.windowProbes;
  }
  // RFC 7053: worth an answer at once when something waits for it here.
  const bool lastOne = !queue_.hasMessages() && !link.outstanding.hasCurrent();
  const bool cramped = link.congestion->window() < 4 * config_.packetSize;
  if (cramped || (lastOne && (is<ShutdownPending>() || queue_.isResetting(chunk.stream)))) {
    chunk.flags |= DataChunk::kImmediate;
  }
  chunk.write(room);
}

bool Association::Machine::sendForwardTsn(Step& step, Outbox& out) {
  Link& link = *link_;
  const std::size_t skippedMax = (Outbox::roomOfPacket(config_) - 8) / 4;
  if (!out.add(link.outstanding.forwardTsn(skippedMax).toChunk())) return false;
  link.forwardTsnDue = false;
  ++stats_.forwardTsnsSent;
  PARLEY_TRACE(step, Topic::sctp, "forward_tsn_sent", {"trigger", "messages were given up"});
  return true;
}

void Association::Machine::reportSent() {
  for (const SendQueue::Sent& sent : queue_.takeSent()) {
    events_.push(BytesSent{sent.stream, sent.bytes});
  }
}

}  // namespace parley::sctp
