#include "sctp/transmit/outstanding.h"

#include <algorithm>

#include "core/assert.h"
#include "core/planted.h"

namespace parley::sctp {
namespace {

// A chunk is lost once something that left three packets later has arrived. RFC 9260 7.2.4 asks
// for three reports; with a peer that reports every packet this is the same, and one that
// bundles its reports does not slow us down.
constexpr std::uint64_t kReorderingPackets = 3;

}  // namespace

void Outstanding::begin(OutMessage message) {
  PARLEY_ASSERT(!current_);
  messages_.push_back({std::move(message), end(), end() - 1, 0, false, false});
  current_ = true;
}

DataChunk Outstanding::cut(std::size_t payloadMax, std::uint64_t packet, Instant now) {
  Sent& sent = messages_.back();
  const std::size_t total = sent.message.message.payload.size();
  const std::size_t left = currentLeft();
  const std::size_t size = std::min(payloadMax, left);
  Chunk chunk{};
  chunk.message = messageBase_ + messages_.size() - 1;
  chunk.offset = static_cast<std::uint32_t>(total - left);
  chunk.size = static_cast<std::uint16_t>(size);
  if (left == total) chunk.flags |= DataChunk::kBegin;
  if (left == size) chunk.flags |= DataChunk::kEnd;
  if (!sent.message.options.ordered) chunk.flags |= DataChunk::kUnordered;
  chunk.transmissions = 1;
  chunk.packet = packet;
  chunk.sentAt = now;
  chunks_.push_back(chunk);
  sent.last = end() - 1;
  sent.cut += size;
  enterFlight(chunk);
  if (left == size) {
    sent.complete = true;
    current_ = false;
  }
  return viewOf(sent.last);
}

DataChunk Outstanding::viewOf(std::int64_t at) const {
  const Chunk& chunk = chunkAt(at);
  const OutMessage& message = sentOf(chunk).message;
  DataChunk data;
  data.tsn = tsnAt(at);
  data.stream = message.message.stream;
  data.ssn = message.ssn;
  data.protocol = message.message.protocol;
  data.flags = chunk.flags;
  data.payload = Bytes(message.message.payload).subspan(chunk.offset, chunk.size);
  return data;
}

void Outstanding::giveUpExpiredCurrent(Instant now, SendQueue& queue) {
  if (!current_ || !partialReliability_ || now < messages_.back().message.expires) return;
  abandon(messages_.back(), queue);
  advance();
}

std::size_t Outstanding::firstLostSize() const { return wireSize(chunkAt(*lost_.begin())); }

DataChunk Outstanding::resendFirstLost(std::uint64_t packet, Instant now) {
  const std::int64_t at = *lost_.begin();
  lost_.erase(lost_.begin());
  Chunk& chunk = chunkAt(at);
  chunk.state = State::inFlight;
  ++chunk.transmissions;
  chunk.packet = packet;
  chunk.sentAt = now;
  enterFlight(chunk);
  return viewOf(at);
}

void Outstanding::enterFlight(const Chunk& chunk) {
  bytesInFlight_ += wireSize(chunk);
  payloadInFlight_ += chunk.size;
}

void Outstanding::leaveFlight(const Chunk& chunk) {
  bytesInFlight_ -= wireSize(chunk);
  payloadInFlight_ -= chunk.size;
}

std::optional<std::vector<Outstanding::Range>> Outstanding::readGaps(
    const SackChunk& sack, std::int64_t cumulative) const {
  std::vector<Range> gaps;
  gaps.reserve(sack.gaps.size());
  std::int64_t reached = cumulative;
  for (const SackChunk::Gap& gap : sack.gaps) {
    Range range{cumulative + gap.first, cumulative + gap.last};
    if (gap.first == 0 || range.last < range.first || range.last >= end()) return std::nullopt;
    range.first = std::max(range.first, reached + 1);  // overlapping ones are taken as one
    if (range.last < range.first) continue;
    reached = range.last;
    gaps.push_back(range);
  }
  return gaps;
}

Outstanding::SackOutcome Outstanding::onSack(const SackChunk& sack, Instant now, SendQueue& queue) {
  SackOutcome outcome;
  const std::int64_t cumulative = base_ - 1 + distance(tsnAt(base_ - 1), sack.cumulativeTsn);
  if (cumulative >= end() && !isPlanted(PlantedBug::sackBeyondSent)) return outcome;
  if (cumulative < base_ - 1) {  // RFC 9260 6.2.1: overtaken by a newer one
    outcome.valid = outcome.stale = true;
    return outcome;
  }
  auto gaps = readGaps(sack, cumulative);
  if (!gaps) return outcome;
  outcome.valid = true;
  takeCumulative(cumulative, outcome, now, queue);
  takeGaps(std::move(*gaps), outcome, now);
  if (outcome.ackedBytes > 0) findLosses(outcome, now, queue);
  advance();
  return outcome;
}

void Outstanding::acknowledge(std::int64_t at, SackOutcome& outcome, Instant now) {
  Chunk& chunk = chunkAt(at);
  const bool again = isPlanted(PlantedBug::ackedTwice) && chunk.state == State::acked;
  if (chunk.state == State::inFlight || again) leaveFlight(chunk);
  if (chunk.state == State::lost) lost_.erase(at);
  if (chunk.state == State::inFlight || chunk.state == State::lost) {
    outcome.ackedBytes += wireSize(chunk);
    newestPacket_ = std::max(newestPacket_, chunk.packet);
    // Karn: what was sent twice says nothing about the round trip (RFC 9260 6.3.1 C5).
    if (chunk.transmissions == 1) outcome.roundTrip = now - chunk.sentAt;
    chunk.state = State::acked;
  }
}

void Outstanding::takeCumulative(std::int64_t cumulative, SackOutcome& outcome, Instant now,
                                 SendQueue& queue) {
  outcome.cumulativeAdvanced = cumulative >= base_;
  while (base_ <= cumulative) {
    acknowledge(base_, outcome, now);
    chunks_.pop_front();
    ++base_;
  }
  while (!messages_.empty() && messages_.front().complete && messages_.front().last < base_) {
    queue.settled(messages_.front().message.message.stream);
    messages_.pop_front();
    ++messageBase_;
  }
}

// Compares with the gaps of the SACK before, so that the work is in what changed.
void Outstanding::takeGaps(std::vector<Range> gaps, SackOutcome& outcome, Instant now) {
  std::size_t old = 0;
  std::int64_t at = base_;
  const auto skipOld = [&](std::int64_t from, std::int64_t to, bool nowAcked) {
    // Walks the old ranges over [from, to]: what is in them was acknowledged before.
    while (from <= to) {
      while (old < gaps_.size() && gaps_[old].last < from) ++old;
      if (old == gaps_.size() || gaps_[old].first > to) {
        if (nowAcked) {
          for (std::int64_t i = from; i <= to; ++i) acknowledge(i, outcome, now);
        }
        return;
      }
      const Range known{std::max(from, gaps_[old].first), std::min(to, gaps_[old].last)};
      if (nowAcked) {
        for (std::int64_t i = from; i < known.first; ++i) acknowledge(i, outcome, now);
      } else {
        renege(known);
      }
      from = known.last + 1;
    }
  };
  for (const Range& gap : gaps) {
    skipOld(at, gap.first - 1, false);
    skipOld(gap.first, gap.last, true);
    at = gap.last + 1;
  }
  skipOld(at, end() - 1, false);
  gaps_ = std::move(gaps);
}

// RFC 9260 6.2.1: the peer may take back what it only reported in a gap.
void Outstanding::renege(Range range) {
  for (std::int64_t at = range.first; at <= range.last; ++at) {
    Chunk& chunk = chunkAt(at);
    if (chunk.state != State::acked) continue;
    chunk.state = State::inFlight;
    enterFlight(chunk);
  }
}

void Outstanding::findLosses(SackOutcome& outcome, Instant now, SendQueue& queue) {
  std::int64_t at = base_;
  for (const Range& gap : gaps_) {
    for (; at < gap.first; ++at) {
      const Chunk& chunk = chunkAt(at);
      if (chunk.state != State::inFlight) continue;
      if (chunk.packet + kReorderingPackets > newestPacket_) continue;
      markLost(at, now, queue);
      outcome.newLoss = true;
    }
    at = gap.last + 1;
  }
}

void Outstanding::markLost(std::int64_t at, Instant now, SendQueue& queue) {
  Chunk& chunk = chunkAt(at);
  if (chunk.state != State::inFlight) return;
  if (!isPlanted(PlantedBug::flightNotReduced)) leaveFlight(chunk);
  chunk.state = State::lost;
  lost_.insert(at);
  Sent& sent = sentOf(chunk);
  const auto& retransmitsMax = sent.message.options.retransmitsMax;
  const bool spent = retransmitsMax && chunk.transmissions > *retransmitsMax;
  if (partialReliability_ && (spent || now >= sent.message.expires)) abandon(sent, queue);
}

void Outstanding::onTimeout(Instant now, SendQueue& queue) {
  for (std::int64_t at = base_; at < end(); ++at) markLost(at, now, queue);
  advance();
}

void Outstanding::abandon(Sent& sent, SendQueue& queue) {
  ++abandonedMessages_;
  for (std::int64_t at = std::max(sent.first, base_); at <= sent.last; ++at) {
    Chunk& chunk = chunkAt(at);
    if (chunk.state == State::inFlight) leaveFlight(chunk);
    if (chunk.state == State::lost) lost_.erase(at);
    chunk.state = State::abandoned;
    chunk.size = 0;
  }
  if (!sent.complete) {
    // The rest gets one TSN that is never sent: were all before it to arrive after all, the peer
    // would still learn from a FORWARD TSN that no end will come.
    const std::size_t left = currentLeft();
    queue.noteSent(sent.message, left);
    Chunk end{};
    end.message = messageBase_ + messages_.size() - 1;
    end.state = State::abandoned;
    chunks_.push_back(end);
    sent.last = this->end() - 1;
    sent.complete = true;
    current_ = false;
  }
  sent.abandoned = true;
  sent.message.message.payload = {};
}

void Outstanding::advance() {
  advanced_ = std::max(advanced_, base_ - 1);
  while (advanced_ + 1 < end() && chunkAt(advanced_ + 1).state == State::abandoned) ++advanced_;
}

ForwardTsnChunk Outstanding::forwardTsn(std::size_t skippedMax) const {
  ForwardTsnChunk chunk;
  std::int64_t reached = base_ - 1;
  std::map<StreamId, Ssn> skipped;
  for (std::int64_t at = base_; at <= advanced_;) {
    const Sent& sent = sentOf(chunkAt(at));
    const OutMessage& message = sent.message;
    if (message.options.ordered) {
      const bool known = skipped.contains(message.message.stream);
      if (!known && skipped.size() == skippedMax) break;
      skipped[message.message.stream] = message.ssn;  // ascending along the TSNs
    }
    reached = std::min(sent.last, advanced_);
    at = reached + 1;
  }
  if (isPlanted(PlantedBug::forwardTsnTooFar)) reached = std::min(reached + 1, end() - 1);
  chunk.newCumulativeTsn = tsnAt(reached);
  for (const auto& [stream, ssn] : skipped) chunk.skipped.push_back({stream, ssn});
  return chunk;
}

bool Outstanding::isConsistent() const {
  std::size_t bytes = 0, payload = 0, lost = 0;
  for (const Chunk& chunk : chunks_) {
    if (chunk.state == State::lost) ++lost;
    if (chunk.state != State::inFlight) continue;
    bytes += wireSize(chunk);
    payload += chunk.size;
  }
  return bytes == bytesInFlight_ && payload == payloadInFlight_ && lost == lost_.size();
}

}  // namespace parley::sctp
