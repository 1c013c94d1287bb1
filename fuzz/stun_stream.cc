#include <string>
#include <vector>

#include "fuzz/common.h"
#include "stun/length_framer.h"
#include "stun/stream_framer.h"

// What a framer finds does not depend on where the stream is cut, nothing it finds is larger than
// the bound, and a stream that has failed is empty and stays so.
// max_len: 512

namespace parley::fuzz {
namespace {

constexpr std::size_t kLargest = 64;

template <class Framer>
void take(Framer& framer, std::vector<std::string>& found) {
  while (const auto message = framer.next()) {
    FUZZ_REQUIRE(message->size() <= kLargest);
    found.emplace_back(textOf(*message));
  }
  FUZZ_REQUIRE(!framer.failed() || framer.held() == 0);
  FUZZ_REQUIRE(framer.held() <= kLargest + 3);
}

template <class Framer>
void compare(Bytes stream, std::size_t width) {
  Framer whole(kLargest);
  std::vector<std::string> atOnce;
  whole.push(stream);
  take(whole, atOnce);

  Framer cut(kLargest);
  std::vector<std::string> inPieces;
  for (Bytes rest = stream; !rest.empty();) {
    const Bytes piece = rest.first(std::min(width, rest.size()));
    cut.push(piece);
    take(cut, inPieces);
    rest = rest.subspan(piece.size());
  }
  FUZZ_REQUIRE(atOnce == inPieces && whole.failed() == cut.failed());
  FUZZ_REQUIRE(whole.held() == cut.held());
}

}  // namespace

void oneInput(Bytes bytes) {
  const Frugal frugal(bytes.size());
  Input input(bytes);
  const std::size_t width = 1 + input.below(32);
  compare<stun::StreamFramer>(input.rest(), width);
  Input again(bytes);
  again.u8();
  compare<stun::LengthFramer>(again.rest(), width);
}

}  // namespace parley::fuzz
