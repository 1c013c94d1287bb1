#include "sctp/packet/data_chunk.h"

namespace parley::sctp {

std::optional<DataChunk> DataChunk::parse(const ChunkView& chunk) {
  WireReader in(chunk.body);
  DataChunk data;
  data.tsn = {in.u32()};
  data.stream = {in.u16()};
  data.ssn = {in.u16()};
  data.protocol = {in.u32()};
  data.flags = chunk.flags;
  data.payload = in.rest();
  if (in.failed() || data.payload.empty()) return std::nullopt;
  return data;
}

void DataChunk::write(MutableBytes room) const {
  WireWriter out(room);
  out.u8(static_cast<std::uint8_t>(ChunkType::data)).u8(flags);
  out.u16(static_cast<std::uint16_t>(kHeader + payload.size()));
  out.u32(tsn.value).u16(stream.value).u16(ssn.value).u32(protocol.value);
  out.bytes(payload).padTo(4);
}

}  // namespace parley::sctp
