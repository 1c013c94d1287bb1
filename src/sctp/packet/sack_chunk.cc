#include "sctp/packet/sack_chunk.h"

#include "core/wire.h"

namespace parley::sctp {

std::optional<SackChunk> SackChunk::parse(Bytes body) {
  WireReader in(body);
  SackChunk sack;
  sack.cumulativeTsn = {in.u32()};
  sack.receiverWindow = in.u32();
  const std::size_t gapCount = in.u16();
  const std::size_t duplicateCount = in.u16();
  if (in.failed() || in.remaining() != 4 * (gapCount + duplicateCount)) return std::nullopt;

  sack.gaps.reserve(gapCount);
  for (std::size_t i = 0; i < gapCount; ++i) {
    const std::uint16_t first = in.u16();
    sack.gaps.push_back({first, in.u16()});
  }
  sack.duplicates.reserve(duplicateCount);
  for (std::size_t i = 0; i < duplicateCount; ++i) sack.duplicates.push_back({in.u32()});
  return sack;
}

void SackChunk::write(MutableBytes room) const {
  WireWriter out(room);
  out.u8(static_cast<std::uint8_t>(ChunkType::sack)).u8(0);
  out.u16(static_cast<std::uint16_t>(size()));
  out.u32(cumulativeTsn.value).u32(receiverWindow);
  out.u16(static_cast<std::uint16_t>(gaps.size()));
  out.u16(static_cast<std::uint16_t>(duplicates.size()));
  for (const Gap& gap : gaps) out.u16(gap.first).u16(gap.last);
  for (const Tsn tsn : duplicates) out.u32(tsn.value);
}

}  // namespace parley::sctp
