#include "sctp/packet/forward_tsn_chunk.h"

#include "core/wire.h"

namespace parley::sctp {

std::optional<ForwardTsnChunk> ForwardTsnChunk::parse(Bytes body) {
  WireReader in(body);
  ForwardTsnChunk chunk;
  chunk.newCumulativeTsn = {in.u32()};
  if (in.failed() || in.remaining() % 4 != 0) return std::nullopt;
  chunk.skipped.reserve(in.remaining() / 4);
  while (in.remaining() > 0) {
    const StreamId stream{in.u16()};
    chunk.skipped.push_back({stream, {in.u16()}});
  }
  return chunk;
}

ByteVector ForwardTsnChunk::toChunk() const {
  ByteVector body(4 + 4 * skipped.size());
  WireWriter out(body);
  out.u32(newCumulativeTsn.value);
  for (const Skipped& skip : skipped) out.u16(skip.stream.value).u16(skip.ssn.value);
  return makeChunk(ChunkType::forwardTsn, 0, body);
}

}  // namespace parley::sctp
