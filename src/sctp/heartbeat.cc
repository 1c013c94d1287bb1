#include "sctp/machine.h"

// HEARTBEAT both ways (RFC 9260 8.3). Nothing is concluded from one that stays unanswered.

namespace parley::sctp {
namespace {

constexpr std::uint16_t kHeartbeatInfo = 1;

}  // namespace

void Association::Machine::startHeartbeat(Step& step) {
  const Duration rto = link_->rto.value();
  const auto jitter = step.random.below(static_cast<std::uint64_t>(rto.count()));
  link_->heartbeat.next.start(
      step.now, config_.heartbeatInterval + rto / 2 + Duration(static_cast<std::int64_t>(jitter)));
}

void Association::Machine::onHeartbeat(const ChunkView& chunk) {
  if (chunk.body.size() + kChunkHeader > Outbox::roomOfPacket(config_)) {
    return drop(Drop::badHeartbeat);
  }
  answer(makeChunk(ChunkType::heartbeatAck, 0, chunk.body));
}

void Association::Machine::onHeartbeatAck(Step& step, const ChunkView& chunk) {
  auto& heartbeat = link_->heartbeat;
  std::vector<TlvView> tlvs;
  const bool wellFormed = parseTlvs(chunk.body, tlvs) && tlvs.size() == 1 &&
                          tlvs[0].type == kHeartbeatInfo && tlvs[0].value.size() == 8;
  // The time is ours and not the packet's, so nobody can tell us another round trip.
  if (!wellFormed || !heartbeat.nonce || WireReader(tlvs[0].value).u64() != *heartbeat.nonce) {
    return drop(Drop::badHeartbeat);
  }
  link_->rto.observe(step.now - heartbeat.sentAt);
  heartbeat.nonce.reset();
}

void Association::Machine::onHeartbeatTimer(Step& step) {
  auto& heartbeat = link_->heartbeat;
  if (!heartbeat.next.expire(step.now)) return;
  startHeartbeat(step);
  const Duration quiet = step.now - link_->lastData;
  if (!is<Established>() || quiet < config_.heartbeatInterval) return;
  heartbeat.nonce = step.secrets.number<std::uint64_t>();
  heartbeat.sentAt = step.now;
  ByteVector value(8);
  WireWriter(value).u64(*heartbeat.nonce);
  ByteVector body;
  appendTlv(body, kHeartbeatInfo, value);
  answer(makeChunk(ChunkType::heartbeat, 0, body));
  ++stats_.heartbeatsSent;
}

}  // namespace parley::sctp
