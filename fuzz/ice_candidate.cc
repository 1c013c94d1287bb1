#include "ice/candidate.h"

#include "fuzz/common.h"

// A line that is understood comes back from its own words as the same candidate.
// max_len: 128

namespace parley::fuzz {

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  const auto first = ice::Candidate::parse(textOf(input));
  if (!first) return;
  FUZZ_REQUIRE(first->component >= 1 && first->component <= 256);
  FUZZ_REQUIRE(!first->foundation.empty() && first->foundation.size() <= 64);
  FUZZ_REQUIRE(first->hostname.size() <= 253);
  const std::string written = first->toString();
  const auto second = ice::Candidate::parse(written);
  FUZZ_REQUIRE(second);
  FUZZ_REQUIRE(*second == *first);
  FUZZ_REQUIRE(second->toString() == written);
}

}  // namespace parley::fuzz
