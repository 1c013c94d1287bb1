#include "sim/tcp_connection.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::sim {

namespace {

constexpr std::size_t kSegment = 1'000;         // fits the narrow paths of worlds
constexpr std::size_t kWindow = 32 * kSegment;  // fits the queues of slow ones
constexpr std::size_t kReceiveMax = 64u << 10;
constexpr Duration kRepeatFirst = 1s;  // RFC 6298 2
constexpr Duration kRepeatMax = 8s;
constexpr int kRepeatedMeansLost = 3;  // RFC 5681 3.2

}  // namespace

void TcpConnection::start(Instant now) {
  patience_ = kRepeatFirst;
  progress_ = now;
  greet();
  repeat_.start(now, patience_);
}

void TcpConnection::greet() {
  say(peer_ == 0 ? TcpSegment::Kind::syn : TcpSegment::Kind::synAck, 0);
}

void TcpConnection::say(TcpSegment::Kind kind, std::uint64_t offset, Bytes payload) {
  lower_.sendSegment({.kind = kind,
                      .from = number_,
                      .to = peer_,
                      .offset = offset,
                      .acknowledged = expected(),
                      .payload = payload});
}

void TcpConnection::receive(const TcpSegment& segment, Instant now) {
  if (ended_ && *ended_ != StreamEnd::byPeer) return;
  const bool isSyn = segment.kind == TcpSegment::Kind::syn;
  if (!isSyn && segment.to != number_) return;  // of an older connection
  switch (segment.kind) {
    case TcpSegment::Kind::syn:
      if (!isOpen_) greet();
      return;
    case TcpSegment::Kind::rst:
      ended_ = isOpen_ ? StreamEnd::reset : StreamEnd::refused;
      return;
    case TcpSegment::Kind::synAck:
      peer_ = segment.from;
      break;
    case TcpSegment::Kind::data:
    case TcpSegment::Kind::fin:
      break;
  }
  if (!isOpen_) {
    isOpen_ = true;
    repeat_.stop();
    noteProgress(now);
  }
  takeAcknowledgement(segment, now);
  takePayload(segment);
  const bool wantsAnswer = segment.kind != TcpSegment::Kind::data || !segment.payload.empty();
  if (wantsAnswer) say(TcpSegment::Kind::data, sent_);
  flush(now);
}

void TcpConnection::takeAcknowledgement(const TcpSegment& segment, Instant now) {
  const std::uint64_t before = acknowledged_;
  const std::uint64_t all = end();
  if (segment.acknowledged > all + (isFinSent_ ? 1 : 0)) return;
  if (segment.acknowledged > acknowledged_) {
    acknowledged_ = std::min(segment.acknowledged, all);
    out_.drop(acknowledged_ - before);
    sent_ = std::max(sent_, acknowledged_);
    isFinAcknowledged_ = isFinSent_ && segment.acknowledged == all + 1;
    repeat_.stop();
    noteProgress(now);
    if (isFinAcknowledged_) farewell_.start(now, limits::loop::kStreamLinger);
  } else if (segment.acknowledged == acknowledged_ && segment.payload.empty() &&
             sent_ > acknowledged_ && ++repeated_ == kRepeatedMeansLost) {
    sendFrom(acknowledged_);
  }
}

void TcpConnection::noteProgress(Instant now) {
  progress_ = now;
  patience_ = kRepeatFirst;
  repeated_ = 0;
}

void TcpConnection::takePayload(const TcpSegment& segment) {
  const std::uint64_t behind = segment.offset + segment.payload.size();
  if (behind > next_ + kReceiveMax - std::min(in_.size(), kReceiveMax)) return;
  if (segment.kind == TcpSegment::Kind::fin) finAt_ = behind;
  if (segment.offset > next_) {
    if (!segment.payload.empty()) ahead_.emplace(segment.offset, toVector(segment.payload));
  } else if (behind > next_) {
    takeInOrder(segment.payload.subspan(next_ - segment.offset));
  }
  while (!ahead_.empty() && ahead_.begin()->first <= next_) {
    const auto first = ahead_.extract(ahead_.begin());
    const std::uint64_t known = next_ - first.key();
    if (known < first.mapped().size()) takeInOrder(Bytes(first.mapped()).subspan(known));
  }
  if (finAt_ == next_ && !peerHasEnded_) {
    peerHasEnded_ = true;
    ended_ = StreamEnd::byPeer;
  }
}

void TcpConnection::takeInOrder(Bytes bytes) {
  next_ += bytes.size();
  if (!isClosed_) in_.push(bytes);
}

void TcpConnection::sendFrom(std::uint64_t offset) {
  const Bytes rest = out_.bytes().subspan(offset - acknowledged_);
  say(TcpSegment::Kind::data, offset, rest.first(std::min(rest.size(), kSegment)));
}

void TcpConnection::flush(Instant now) {
  if (!isOpen_ || isGone()) return;
  while (sent_ < end() && sent_ - acknowledged_ < kWindow) {
    sendFrom(sent_);
    sent_ = std::min(sent_ + kSegment, end());
  }
  if (isClosed_ && !isFinSent_ && sent_ == end()) {
    say(TcpSegment::Kind::fin, sent_);
    isFinSent_ = true;
  }
  expectAnswer(now);
}

void TcpConnection::expectAnswer(Instant now) {
  const bool isOwed = sent_ > acknowledged_ || (isFinSent_ && !isFinAcknowledged_);
  if (!isOwed) return repeat_.stop();
  if (repeat_.isRunning()) return;
  progress_ = now;
  repeat_.start(now, patience_);
}

void TcpConnection::onTimer(Instant now) {
  if (farewell_.expire(now)) peerHasEnded_ = true;  // it has nothing to say that we would hear
  if (!repeat_.expire(now) || isGone()) return;
  if (now - progress_ >= limits::loop::kStreamTimeout) {
    ended_ = StreamEnd::timedOut;
    return;
  }
  patience_ = std::min(2 * patience_, kRepeatMax);
  repeat_.start(now, patience_);
  if (!isOpen_) return greet();
  sent_ = acknowledged_;
  isFinSent_ = false;
  flush(now);
}

void TcpConnection::close(Instant now) {
  isClosed_ = true;
  in_.clear();
  if (!isOpen_) return abort();
  flush(now);
}

void TcpConnection::abort() {
  if (!isGone()) say(TcpSegment::Kind::rst, sent_);
  ended_ = StreamEnd::reset;
}

bool TcpConnection::isGone() const {
  if (ended_ && *ended_ != StreamEnd::byPeer) return true;
  return isClosed_ && isFinAcknowledged_ && peerHasEnded_;
}

}  // namespace parley::sim
