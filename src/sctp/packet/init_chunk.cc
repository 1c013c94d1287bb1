#include "sctp/packet/init_chunk.h"

#include "core/wire.h"

namespace parley::sctp {
namespace {

enum Parameter : std::uint16_t {
  kIpv4Address = 5,
  kIpv6Address = 6,
  kStateCookie = 7,
  kUnrecognizedParameter = 8,
  kCookiePreservative = 9,
  kSupportedAddressTypes = 12,
  kSupportedExtensions = 0x8008,
  kForwardTsnSupported = 0xc000,
};

constexpr std::size_t kUnrecognizedMax = 4;  // reported per INIT: an answer stays small
constexpr std::size_t kUnrecognizedBytes = 128;

void readExtensions(Bytes types, Extensions& extensions) {
  for (const std::uint8_t type : types) {
    if (ChunkType{type} == ChunkType::reConfig) extensions.reConfig = true;
    if (ChunkType{type} == ChunkType::forwardTsn) extensions.partialReliability = true;
  }
}

// RFC 9260 3.2.1: the two high bits say whether to go on and whether to report.
bool passUnknown(const TlvView& parameter, InitChunk& init) {
  const bool report = parameter.type & 0x4000;
  if (report && init.unrecognized.size() < kUnrecognizedMax &&
      parameter.whole.size() <= kUnrecognizedBytes) {
    init.unrecognized.push_back(toVector(parameter.whole));
  }
  return parameter.type & 0x8000;
}

}  // namespace

std::optional<InitChunk> InitChunk::parse(Bytes body) {
  WireReader in(body);
  InitChunk init;
  init.tag = {in.u32()};
  init.receiverWindow = in.u32();
  init.streamsOut = in.u16();
  init.streamsIn = in.u16();
  init.initialTsn = {in.u32()};
  std::vector<TlvView> parameters;
  const Bytes rest = in.rest();
  if (in.failed() || !parseTlvs(rest, parameters)) return std::nullopt;

  for (const TlvView& parameter : parameters) {
    switch (parameter.type) {
      case kStateCookie:
        init.cookie = toVector(parameter.value);
        break;
      case kSupportedExtensions:
        readExtensions(parameter.value, init.extensions);
        break;
      case kForwardTsnSupported:
        init.extensions.partialReliability = true;
        break;
      case kIpv4Address:
      case kIpv6Address:
      case kUnrecognizedParameter:
      case kCookiePreservative:
      case kSupportedAddressTypes:
        break;
      default:
        if (!passUnknown(parameter, init)) return init;
    }
  }
  return init;
}

ByteVector InitChunk::toChunk(ChunkType type) const {
  ByteVector body(16);
  WireWriter out(body);
  out.u32(tag.value).u32(receiverWindow).u16(streamsOut).u16(streamsIn).u32(initialTsn.value);
  if (!cookie.empty()) appendTlv(body, kStateCookie, cookie);
  if (extensions.partialReliability) appendTlv(body, kForwardTsnSupported, {});
  for (const ByteVector& parameter : unrecognized) {
    appendTlv(body, kUnrecognizedParameter, parameter);
  }
  std::vector<std::uint8_t> types;
  if (extensions.reConfig) types.push_back(static_cast<std::uint8_t>(ChunkType::reConfig));
  if (extensions.partialReliability) {
    types.push_back(static_cast<std::uint8_t>(ChunkType::forwardTsn));
  }
  if (!types.empty()) appendTlv(body, kSupportedExtensions, types);
  return makeChunk(type, 0, body);
}

}  // namespace parley::sctp
