#include "channel/dcep.h"

#include "fuzz/common.h"

// DATA_CHANNEL_OPEN: taken exactly when its lengths fit and its kind is known, and written again
// as it was, but for a reliability parameter beyond what W3C can say.
// max_len: 96

namespace parley::fuzz {

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  const auto first = channel::dcep::parseOpen(input);
  const bool fits = input.size() >= 12 && input[0] == 3 &&
                    input.size() == 12u + static_cast<std::size_t>(input[8] << 8 | input[9]) +
                                        static_cast<std::size_t>(input[10] << 8 | input[11]);
  FUZZ_REQUIRE(first.has_value() == (fits && (input[1] & 0x7f) <= 2));
  if (!first) return;
  FUZZ_REQUIRE(!(first->maxRetransmits && first->maxPacketLifeTime));
  FUZZ_REQUIRE(!first->negotiated && !first->stream);
  const ByteVector written = channel::dcep::writeOpen(*first);
  FUZZ_REQUIRE(equal(Bytes(written).first(4), input.first(4)));
  FUZZ_REQUIRE(equal(Bytes(written).subspan(8), input.subspan(8)));
  const auto second = channel::dcep::parseOpen(written);
  FUZZ_REQUIRE(second && second->label == first->label && second->protocol == first->protocol);
  FUZZ_REQUIRE(second->ordered == first->ordered && second->priority == first->priority);
  FUZZ_REQUIRE(second->maxRetransmits == first->maxRetransmits);
  FUZZ_REQUIRE(second->maxPacketLifeTime == first->maxPacketLifeTime);
}

}  // namespace parley::fuzz
