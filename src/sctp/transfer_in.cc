#include "sctp/machine.h"

#include "core/planted.h"

// DATA and FORWARD TSN in, SACK out (RFC 9260 6.2, RFC 3758 3.6).

namespace parley::sctp {
namespace {

// A window that reopens is announced only once it is worth a bundle of packets (RFC 9260 6.2,
// silly window syndrome).
std::size_t worthTelling(const Config& config) {
  return std::min(config.receiveWindow / 4, 32 * config.packetSize);
}

}  // namespace

std::size_t Association::Machine::windowNow() const {
  const std::size_t unread = isPlanted(PlantedBug::unreadNotCounted) ? 0 : unread_;
  const std::size_t used = unread + (link_ ? link_->reassembly.held() : 0);
  const std::size_t left = config_.receiveWindow - std::min(config_.receiveWindow, used);
  return left < config_.packetSize ? 0 : left;
}

// The peer's books count payload, ours what it costs to hold it, so a quarter more than the window
// is taken. What fills a hole is taken beyond that, because only it frees what waits behind it.
bool Association::Machine::hasRoomFor(const DataChunk& data, bool next) const {
  const std::size_t charge = data.payload.size() + limits::sctp::kMessageOverhead;
  const std::size_t soft = config_.receiveWindow + config_.receiveWindow / 4;
  const std::size_t held = link_->reassembly.held();
  const std::size_t unread = isPlanted(PlantedBug::unreadNotCounted) ? 0 : unread_;
  if (unread + held + charge <= soft) return true;
  return unread_ <= config_.receiveWindow &&
         (next || (link_->tracker.hasGaps() &&
                   link_->tracker.positionOf(data.tsn) < link_->tracker.highest() &&
                   held + charge <= 2 * config_.receiveWindow));
}

void Association::Machine::onData(Step& step, const ChunkView& chunk) {
  const auto data = DataChunk::parse(chunk);
  if (!data) {
    drop(Drop::malformedChunk);
    if (chunk.body.size() == DataChunk::kHeader - kChunkHeader) {  // RFC 9260 6.2
      fail(step, Failed::Why::protocolViolation, "DATA without payload", Cause::noUserData);
    }
    return;
  }
  ++stats_.dataChunksReceived;
  sawData_ = true;
  Link& link = *link_;
  const auto verdict = link.tracker.look(data->tsn);
  if (verdict == DataTracker::Verdict::duplicate) {
    link.tracker.noteDuplicate(data->tsn);
    link.acks.ackAtOnce();
    return drop(Drop::duplicateData);
  }
  const std::int64_t at = link.tracker.positionOf(data->tsn);
  const bool next = at == link.tracker.cumulative() + 1;
  if (verdict == DataTracker::Verdict::tooFar || !hasRoomFor(*data, next)) {
    link.acks.ackAtOnce();
    return drop(Drop::windowExceeded);
  }
  if (data->stream.value >= link.streamsIn) {  // RFC 9260 6.5: acknowledged, reported, not used
    link.tracker.insert(data->tsn);
    ByteVector detail(4);
    WireWriter(detail).u16(data->stream.value);
    answer(makeError(Cause::invalidStream, detail));
    return drop(Drop::badStream);
  }
  const bool wasOrderly = next && !link.tracker.hasGaps();
  const auto outcome = link.reassembly.add(at, next, *data, complete_);
  if (outcome == Reassembly::Outcome::violation) {
    return fail(step, Failed::Why::protocolViolation, "fragments contradict each other",
                Cause::protocolViolation);
  }
  if (outcome == Reassembly::Outcome::full) return drop(Drop::windowExceeded);
  link.tracker.insert(data->tsn);
  link.tracker.adaptReach(config_.receiveWindow, data->payload.size());
  if (!wasOrderly || data->flags & DataChunk::kImmediate) link.acks.ackAtOnce();
  deliver(complete_);
  tryDeferredReset(step);
  if (link.reassembly.held() > 2 * config_.receiveWindow + config_.receiveMessageMax) {
    fail(step, Failed::Why::outOfResource, "too much held out of order", Cause::outOfResource);
  }
  if (is<ShutdownSent>()) {  // RFC 9260 9.2: answered with SACK and SHUTDOWN at once
    link_->acks.ackAtOnce();
    advanceShutdown(step);
  }
}

void Association::Machine::deliver(std::vector<Complete>& complete) {
  for (Complete& one : complete) {
    if (one.oversized) {
      ++stats_.messagesOversized;
      events_.push(Oversized{one.message.stream});
      continue;
    }
    ++stats_.messagesReceived;
    stats_.payloadBytesReceived += one.message.payload.size();
    unread_ += one.message.payload.size() + limits::sctp::kMessageOverhead;
    events_.push(Received{std::move(one.message)});
  }
  complete.clear();
}

void Association::Machine::consumed(std::size_t bytes, std::size_t messages) {
  unread_ -= std::min(unread_, bytes + messages * limits::sctp::kMessageOverhead);
  if (!link_ || !isTransferring()) return;
  if (owesWindow() && !isPlanted(PlantedBug::windowUpdateLost)) link_->acks.ackAtOnce();
}

bool Association::Machine::owesWindow() const {
  const std::size_t threshold = worthTelling(config_);
  return link_->announced < threshold && windowNow() >= link_->announced + threshold;
}

void Association::Machine::onForwardTsn(Step& step, const ChunkView& chunk) {
  Link& link = *link_;
  const auto forward = ForwardTsnChunk::parse(chunk.body);
  if (!forward) return drop(Drop::malformedChunk);
  const std::int32_t ahead = distance(link.tracker.cumulativeTsn(), forward->newCumulativeTsn);
  if (ahead <= 0) return link.acks.ackAtOnce();  // RFC 3758 3.6: our SACK may have been lost
  const bool streamsExist = std::ranges::all_of(
      forward->skipped, [&](const auto& skip) { return skip.stream.value < link.streamsIn; });
  if (ahead > static_cast<std::int32_t>(link.tracker.reach()) || !streamsExist) {
    return drop(Drop::badForwardTsn);
  }
  const std::int64_t cumulative = link.tracker.positionOf(forward->newCumulativeTsn);
  PARLEY_TRACE(step, Topic::sctp, "forward_tsn_received", {"tsn", forward->newCumulativeTsn.value},
               {"skipped", ahead});
  link.tracker.forwardTo(forward->newCumulativeTsn);
  link.reassembly.forwardTo(cumulative, forward->skipped, complete_);
  link.acks.ackAtOnce();
  deliver(complete_);
  tryDeferredReset(step);
}

bool Association::Machine::sendSack(Outbox& out) {
  Link& link = *link_;
  SackChunk sack;
  sack.receiverWindow = static_cast<std::uint32_t>(windowNow());
  link.tracker.report(sack, Outbox::roomOfPacket(config_));
  const auto room = out.reserve(sack.size());
  if (!room) return false;
  sack.write(*room);
  link.announced = sack.receiverWindow;
  link.acks.onSackSent();
  ++stats_.sacksSent;
  return true;
}

}  // namespace parley::sctp
