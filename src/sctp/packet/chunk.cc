#include "sctp/packet/chunk.h"

#include "core/planted.h"
#include "core/wire.h"

namespace parley::sctp {
namespace {

// Takes one length-prefixed element off the front; empty when its length is not possible. The
// padding of the last element may be missing (RFC 9260 3.2: the receiver need not care).
Bytes takeElement(Bytes& rest) {
  if (rest.size() < kChunkHeader) return {};
  const std::size_t length = static_cast<std::size_t>(rest[2] << 8 | rest[3]);
  if (isPlanted(PlantedBug::zeroLengthChunk) && length == 0) return rest.first(kChunkHeader);
  if (length < kChunkHeader || length > rest.size()) return {};
  const Bytes element = rest.first(length);
  rest = rest.subspan(std::min(padded(length), rest.size()));
  return element;
}

}  // namespace

Result<CommonHeader, ParseError> parsePacket(Bytes packet, std::vector<ChunkView>& chunks) {
  chunks.clear();
  WireReader in(packet);
  CommonHeader header{in.u16(), in.u16(), {in.u32()}};
  in.skip(4);  // checksum
  Bytes rest = in.rest();
  if (in.failed() || rest.empty()) return Unexpected(ParseError::truncated);
  while (!rest.empty()) {
    const Bytes whole = takeElement(rest);
    if (whole.empty()) return Unexpected(ParseError::malformed);
    chunks.push_back({ChunkType{whole[0]}, whole[1], whole.subspan(kChunkHeader), whole});
  }
  return header;
}

bool parseTlvs(Bytes bytes, std::vector<TlvView>& out) {
  out.clear();
  while (!bytes.empty()) {
    const Bytes whole = takeElement(bytes);
    if (whole.empty()) return false;
    const auto type = static_cast<std::uint16_t>(whole[0] << 8 | whole[1]);
    out.push_back({type, whole.subspan(kChunkHeader), whole});
  }
  return true;
}

ByteVector makeChunk(ChunkType type, std::uint8_t flags, Bytes body) {
  ByteVector chunk(padded(kChunkHeader + body.size()));
  WireWriter out(chunk);
  out.u8(static_cast<std::uint8_t>(type)).u8(flags);
  out.u16(static_cast<std::uint16_t>(kChunkHeader + body.size())).bytes(body);
  return chunk;
}

void appendTlv(ByteVector& to, std::uint16_t type, Bytes value) {
  const std::size_t at = padded(to.size());
  to.resize(at + kChunkHeader + value.size());  // the last one's padding is not counted, 3.2.1
  WireWriter out(MutableBytes(to).subspan(at));
  out.u16(type).u16(static_cast<std::uint16_t>(kChunkHeader + value.size())).bytes(value);
}

}  // namespace parley::sctp
