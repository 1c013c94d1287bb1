#include "session/demux.h"

#include <gtest/gtest.h>

namespace parley::session {
namespace {

TEST(Demux, TellsProtocolsApartByTheFirstByte) {
  struct Range {
    std::uint8_t first, last;
    Protocol protocol;
  };
  int seen = 0;
  for (const Range& range :
       {Range{0, 3, Protocol::stun}, Range{4, 15, Protocol::unknown}, Range{16, 19, Protocol::zrtp},
        Range{20, 63, Protocol::dtls}, Range{64, 79, Protocol::turnChannel},
        Range{80, 127, Protocol::unknown}, Range{128, 191, Protocol::rtp},
        Range{192, 255, Protocol::unknown}}) {
    for (int first = range.first; first <= range.last; ++first, ++seen) {
      const std::uint8_t datagram[] = {static_cast<std::uint8_t>(first), 99};
      EXPECT_EQ(protocolOf(datagram), range.protocol) << first;
    }
  }
  EXPECT_EQ(seen, 256);
  EXPECT_EQ(protocolOf({}), Protocol::unknown);
}

}  // namespace
}  // namespace parley::session
