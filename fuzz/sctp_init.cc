#include "fuzz/common.h"
#include "sctp/packet/init_chunk.h"

// The parameters of INIT and INIT ACK: what was read and written is read the same again, and what
// is reported back is bounded.
// max_len: 160

namespace parley::fuzz {

using namespace sctp;

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  const auto first = InitChunk::parse(input);
  if (!first) return;
  std::size_t reported = 0;
  for (const ByteVector& parameter : first->unrecognized) reported += parameter.size();
  FUZZ_REQUIRE(first->unrecognized.size() <= 4 && reported <= 4 * 128);
  FUZZ_REQUIRE(first->cookie.size() <= input.size());

  for (const ChunkType type : {ChunkType::init, ChunkType::initAck}) {
    const ByteVector chunk = first->toChunk(type);
    const std::size_t length = static_cast<std::size_t>(chunk[2] << 8 | chunk[3]);
    FUZZ_REQUIRE(ChunkType{chunk[0]} == type && padded(length) == chunk.size());
    const auto second = InitChunk::parse(Bytes(chunk).first(length).subspan(kChunkHeader));
    FUZZ_REQUIRE(second && second->tag == first->tag);
    FUZZ_REQUIRE(second->receiverWindow == first->receiverWindow);
    FUZZ_REQUIRE(second->streamsOut == first->streamsOut);
    FUZZ_REQUIRE(second->streamsIn == first->streamsIn);
    FUZZ_REQUIRE(second->initialTsn == first->initialTsn && second->cookie == first->cookie);
    FUZZ_REQUIRE(second->extensions.reConfig == first->extensions.reConfig);
    FUZZ_REQUIRE(second->extensions.partialReliability == first->extensions.partialReliability);
    FUZZ_REQUIRE(second->unrecognized.empty());
  }
}

}  // namespace parley::fuzz
