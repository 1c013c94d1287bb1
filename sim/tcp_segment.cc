#include "sim/tcp_segment.h"

#include "core/wire.h"

namespace parley::sim {

namespace {

constexpr std::size_t kHeader = 29;
constexpr std::size_t kChecksum = 4;

std::uint32_t checksumOf(Bytes bytes) {  // FNV-1a
  std::uint32_t sum = 0x811c'9dc5;
  for (const std::uint8_t byte : bytes) sum = (sum ^ byte) * 0x0100'0193;
  return sum;
}

}  // namespace

ByteVector TcpSegment::serialize() const {
  ByteVector bytes(kHeader + payload.size());
  const MutableBytes all(bytes);
  WireWriter out(all.subspan(kChecksum));
  out.u8(static_cast<std::uint8_t>(kind)).u32(from).u32(to).u64(offset).u64(acknowledged);
  copyBytes(all.subspan(kHeader), payload);
  WireWriter(all).u32(checksumOf(Bytes(bytes).subspan(kChecksum)));
  return bytes;
}

std::optional<TcpSegment> TcpSegment::parse(Bytes bytes) {
  if (bytes.size() < kHeader) return std::nullopt;
  WireReader in(bytes);
  if (in.u32() != checksumOf(bytes.subspan(kChecksum))) return std::nullopt;
  TcpSegment segment;
  segment.kind = static_cast<Kind>(in.u8());
  segment.from = in.u32();
  segment.to = in.u32();
  segment.offset = in.u64();
  segment.acknowledged = in.u64();
  segment.payload = bytes.subspan(kHeader);
  return segment;
}

}  // namespace parley::sim
