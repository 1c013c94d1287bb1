#include "core/limits.h"
#include "fuzz/common.h"
#include "sdp/session_description.h"

// Whatever is accepted is written and read again as the same model and the same text, and reading
// takes memory in proportion to the text.
// max_len: 192

namespace parley::fuzz {

void oneInput(Bytes input) {
  // A section costs what its model costs, however short its line is.
  constexpr std::size_t kSections = 2 * limits::sdp::kSections * sizeof(sdp::MediaDescription);
  const std::string_view text = textOf(input);
  const Frugal frugal(input.size(), kSections);
  const auto first = sdp::SessionDescription::parse(text);
  if (!first) {
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    FUZZ_REQUIRE(first.error().line >= 1 && first.error().line <= lines + 2);
    FUZZ_REQUIRE(first.error().what[0] != 0);
    return;
  }
  frugal.check();
  FUZZ_REQUIRE(first->media.size() <= limits::sdp::kSections);
  for (const sdp::MediaDescription& section : first->media) {
    (void)first->transportOf(section);
    for (const std::string& candidate : section.candidates) {
      const auto view = sdp::CandidateView::parse(candidate);
      if (view) FUZZ_REQUIRE(isInside(bytesOf(view->address), bytesOf(candidate)));
    }
  }
  const std::string written = first->serialize();
  const auto second = sdp::SessionDescription::parse(written);
  FUZZ_REQUIRE(second);
  FUZZ_REQUIRE(*second == *first);
  FUZZ_REQUIRE(second->serialize() == written);
}

}  // namespace parley::fuzz
