#include "core/planted.h"
#include "sctp/machine.h"

// SHUTDOWN, ABORT and every other end (RFC 9260 9).

namespace parley::sctp {
namespace {

constexpr Duration kGuard = 5 * limits::sctp::kRtoMax;  // T5: RFC 9260 9.2

BackoffTimer startedT2(Step& step, const Link& link) {
  BackoffTimer t2({link.rto.value(), limits::sctp::kRtoMax, 0});
  t2.start(step.now);
  return t2;
}

ByteVector shutdownChunk(const Link& link) {
  ByteVector body(4);
  WireWriter(body).u32(link.tracker.cumulativeTsn().value);
  return makeChunk(ChunkType::shutdown, 0, body);
}

}  // namespace

void Association::Machine::shutdown(Step& step) {
  if (is<Established>()) {
    become(step, ShutdownPending{}, "shutdown()");
    advanceShutdown(step);
  } else if (is<Idle>() || is<CookieWait>() || is<CookieEchoed>()) {
    end(step, false, "shutdown() before it was established");
    events_.push(Closed{});
  }
}

void Association::Machine::abort(Step& step) {
  if (hasEnded()) return;
  const ByteVector bytes = abortPacket();
  if (link_) lastRemoteTag_ = link_->remoteTag;
  lastCause_ = Cause::userAbort;
  end(step, false, "abort()");
  replies_.clear();
  events_ = {};
  if (bytes.empty() || isPlanted(PlantedBug::abortNotSent)) return;
  if (Packet packet = step.packets.copyOf(bytes)) {
    ++stats_.packetsSent;
    stats_.bytesSent += packet.size();
    PARLEY_TRACE(step, Topic::sctp, "abort_sent",
                 {"cause", static_cast<std::int64_t>(Cause::userAbort)}, {"trigger", "abort()"});
    lower_.sendPacket(step, std::move(packet));
  }
}

ByteVector Association::Machine::abortPacket() const {
  const std::optional<Tag> tag = link_ ? std::optional(link_->remoteTag) : lastRemoteTag_;
  if (!tag) return {};
  const ByteVector chunk = makeAbort(0, hasEnded() ? lastCause_ : Cause::userAbort, {});
  ByteVector packet(kCommonHeader + chunk.size());
  const CommonHeader header = headerFor(*tag);
  WireWriter(packet)
      .u16(header.sourcePort)
      .u16(header.destinationPort)
      .u32(header.tag.value)
      .u32(0)
      .bytes(chunk);
  writeChecksum(packet);
  return packet;
}

void Association::Machine::fail(Step& step, Failed::Why why, const char* reason, Cause cause) {
  if (hasEnded()) return;
  if (link_) {
    lastRemoteTag_ = link_->remoteTag;
    lastCause_ = cause;
    reply(link_->remoteTag, makeAbort(0, cause, {}));
    PARLEY_TRACE(step, Topic::sctp, "abort_sent", {"cause", static_cast<std::int64_t>(cause)},
                 {"trigger", reason});
  }
  end(step, false, reason);
  events_.push(Failed{why, reason, std::nullopt});
}

// Everything goes but the counters, the events not yet drained and what flush() has to say last.
void Association::Machine::end(Step& step, bool answersShutdownAck, const char* trigger) {
  become(step, Ended{answersShutdownAck}, trigger);
  link_.reset();
  queue_.clear();
  answers_.clear();
  earlyResets_.clear();
  complete_.clear();
}

// Moves on when nothing is queued or outstanding any more; called whenever that may be so.
void Association::Machine::advanceShutdown(Step& step) {
  if (!link_) return;
  const bool drained =
      link_->outstanding.empty() && !link_->outstanding.hasCurrent() && !queue_.hasMessages();
  if (is<ShutdownPending>() && drained) {
    ShutdownSent sent{startedT2(step, *link_), {}};
    sent.t5.start(step.now, kGuard);
    become(step, sent, "all data was acknowledged");
    answer(shutdownChunk(*link_));
  } else if (is<ShutdownReceived>() && drained) {
    ShutdownAckSent sent{startedT2(step, *link_), {}};
    sent.t5.start(step.now, kGuard);
    become(step, sent, "all data was acknowledged");
    answer(makeChunk(ChunkType::shutdownAck, 0));
  } else if (auto* sent = std::get_if<ShutdownSent>(&state_); sent && sawData_) {
    sent->t2.start(step.now);
    sent->t5.start(step.now, kGuard);  // the peer still has something to say
    answer(shutdownChunk(*link_));
  }
}

void Association::Machine::onShutdown(Step& step, const ChunkView& chunk) {
  if (chunk.body.size() != 4) return drop(Drop::malformedChunk);
  if (!isTransferring() && !is<ShutdownSent>()) return drop(Drop::unexpectedChunk);
  SackChunk sack;
  sack.cumulativeTsn = {WireReader(chunk.body).u32()};
  sack.receiverWindow = static_cast<std::uint32_t>(link_->peerWindow);
  takeSack(step, sack);
  if (is<ShutdownSent>()) {  // both sides at once
    ShutdownAckSent both{startedT2(step, *link_), std::get<ShutdownSent>(state_).t5};
    become(step, both, "SHUTDOWN of both sides");
    answer(makeChunk(ChunkType::shutdownAck, 0));
    return;
  }
  become(step, ShutdownReceived{}, "SHUTDOWN of the peer");
  advanceShutdown(step);
}

void Association::Machine::onShutdownAck(Step& step) {
  if (!is<ShutdownSent>() && !is<ShutdownAckSent>()) return drop(Drop::unexpectedChunk);
  reply(link_->remoteTag, makeChunk(ChunkType::shutdownComplete, 0));
  end(step, true, "SHUTDOWN ACK");
  events_.push(Closed{});
}

void Association::Machine::onShutdownComplete(Step& step) {
  if (!is<ShutdownAckSent>()) return drop(Drop::unexpectedChunk);
  end(step, false, "SHUTDOWN COMPLETE");
  events_.push(Closed{});
}

void Association::Machine::onShutdownTimers(Step& step) {
  Timer* guard = nullptr;
  if (auto* sent = std::get_if<ShutdownSent>(&state_)) {
    guard = &sent->t5;
    if (sent->t2.onTimer(step.now) == BackoffTimer::Outcome::resend) {
      answer(shutdownChunk(*link_));
    }
  } else if (auto* ackSent = std::get_if<ShutdownAckSent>(&state_)) {
    guard = &ackSent->t5;
    if (ackSent->t2.onTimer(step.now) == BackoffTimer::Outcome::resend) {
      answer(makeChunk(ChunkType::shutdownAck, 0));
    }
  }
  if (guard && guard->expire(step.now)) {
    fail(step, Failed::Why::shutdownTimeout, "the peer did not finish the shutdown",
         Cause::userAbort);
  }
}

}  // namespace parley::sctp
