#include "sctp/packet/error_causes.h"

namespace parley::sctp {

std::optional<std::uint16_t> firstCause(Bytes body) {
  std::vector<TlvView> causes;
  if (!parseTlvs(body, causes) || causes.empty()) return std::nullopt;
  return causes.front().type;
}

ByteVector makeError(Cause cause, Bytes detail) {
  ByteVector body;
  appendTlv(body, static_cast<std::uint16_t>(cause), detail);
  return makeChunk(ChunkType::error, 0, body);
}

ByteVector makeAbort(std::uint8_t flags, Cause cause, Bytes detail) {
  ByteVector body;
  appendTlv(body, static_cast<std::uint16_t>(cause), detail);
  return makeChunk(ChunkType::abort, flags, body);
}

}  // namespace parley::sctp
