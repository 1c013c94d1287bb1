#include "sim/mangler.h"

#include "sim/chance.h"

namespace parley::sim {

bool mangle(const LinkOptions& options, Random& random, ByteVector& bytes) {
  bool isMangled = false;
  if (happens(random, options.corrupt) && !bytes.empty()) {
    bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
    isMangled = true;
  }
  if (happens(random, options.truncate) && !bytes.empty()) {
    bytes.resize(random.below(bytes.size()));
    isMangled = true;
  }
  if (happens(random, options.append) && options.appendMax > 0) {
    for (std::uint64_t more = 1 + random.below(options.appendMax); more > 0; --more) {
      bytes.push_back(static_cast<std::uint8_t>(random.u32()));
    }
    isMangled = true;
  }
  return isMangled;
}

}  // namespace parley::sim
