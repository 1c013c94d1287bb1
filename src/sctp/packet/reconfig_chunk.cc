#include "sctp/packet/reconfig_chunk.h"

#include "core/assert.h"
#include "core/wire.h"

namespace parley::sctp {
namespace {

enum Parameter : std::uint16_t {
  kOutgoingReset = 13,
  kIncomingReset = 14,
  kSsnTsnReset = 15,
  kResponse = 16,
  kAddOutgoing = 17,
  kAddIncoming = 18,
};

std::optional<std::vector<StreamId>> readStreams(WireReader& in) {
  if (in.remaining() % 2 != 0) return std::nullopt;
  std::vector<StreamId> streams;
  streams.reserve(in.remaining() / 2);
  while (in.remaining() > 0) streams.push_back({in.u16()});
  return streams;
}

std::optional<ReConfigParameter> readParameter(const TlvView& tlv) {
  WireReader in(tlv.value);
  std::optional<ReConfigParameter> result;
  switch (tlv.type) {
    case kOutgoingReset: {
      OutgoingResetRequest request{in.u32(), in.u32(), {in.u32()}, {}};
      auto streams = readStreams(in);
      if (!streams) return std::nullopt;
      request.streams = std::move(*streams);
      result = std::move(request);
      break;
    }
    case kIncomingReset: {
      IncomingResetRequest request{in.u32(), {}};
      auto streams = readStreams(in);
      if (!streams) return std::nullopt;
      request.streams = std::move(*streams);
      result = std::move(request);
      break;
    }
    case kSsnTsnReset:
    case kAddOutgoing:
    case kAddIncoming:
      result = OtherRequest{in.u32()};
      break;
    case kResponse:
      result = ResetResponse{in.u32(), ResetResult{in.u32()}};
      break;
    default:
      return std::nullopt;
  }
  if (in.failed()) return std::nullopt;
  return result;
}

ByteVector streamBytes(const std::vector<StreamId>& streams, std::size_t fixed) {
  ByteVector value(fixed + 2 * streams.size());
  WireWriter out(MutableBytes(value).subspan(fixed));
  for (const StreamId stream : streams) out.u16(stream.value);
  return value;
}

void writeParameter(ByteVector& body, const ReConfigParameter& parameter) {
  if (const auto* outgoing = std::get_if<OutgoingResetRequest>(&parameter)) {
    ByteVector value = streamBytes(outgoing->streams, 12);
    WireWriter(value)
        .u32(outgoing->sequence)
        .u32(outgoing->responseSequence)
        .u32(outgoing->lastTsn.value);
    appendTlv(body, kOutgoingReset, value);
  } else if (const auto* incoming = std::get_if<IncomingResetRequest>(&parameter)) {
    ByteVector value = streamBytes(incoming->streams, 4);
    WireWriter(value).u32(incoming->sequence);
    appendTlv(body, kIncomingReset, value);
  } else if (const auto* response = std::get_if<ResetResponse>(&parameter)) {
    ByteVector value(8);
    WireWriter(value).u32(response->sequence).u32(static_cast<std::uint32_t>(response->result));
    appendTlv(body, kResponse, value);
  } else {
    PARLEY_ASSERT(false);
  }
}

}  // namespace

std::optional<ReConfigChunk> ReConfigChunk::parse(Bytes body) {
  std::vector<TlvView> tlvs;
  if (!parseTlvs(body, tlvs) || tlvs.empty() || tlvs.size() > 2) return std::nullopt;
  ReConfigChunk chunk;
  for (const TlvView& tlv : tlvs) {
    auto parameter = readParameter(tlv);
    if (!parameter) return std::nullopt;
    chunk.parameters.push_back(std::move(*parameter));
  }
  return chunk;
}

ByteVector ReConfigChunk::toChunk() const {
  ByteVector body;
  for (const ReConfigParameter& parameter : parameters) writeParameter(body, parameter);
  return makeChunk(ChunkType::reConfig, 0, body);
}

}  // namespace parley::sctp
