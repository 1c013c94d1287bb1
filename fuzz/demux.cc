#include "session/demux.h"
#include "fuzz/common.h"

// Every first byte has one meaning, that of RFC 7983 7, whatever follows it.
// max_len: 16

namespace parley::fuzz {

void oneInput(Bytes input) {
  using session::Protocol;
  const Protocol found = session::protocolOf(input);
  if (input.empty()) {
    FUZZ_REQUIRE(found == Protocol::unknown);
    return;
  }
  FUZZ_REQUIRE(found == session::protocolOf(input.first(1)));
  Protocol expected = Protocol::unknown;
  switch (input[0] >> 4) {
    case 0:
      if (input[0] <= 3) expected = Protocol::stun;
      break;
    case 1:
      expected = input[0] < 20 ? Protocol::zrtp : Protocol::dtls;
      break;
    case 2:
    case 3:
      expected = Protocol::dtls;
      break;
    case 4:
      expected = Protocol::turnChannel;
      break;
    case 8:
    case 9:
    case 10:
    case 11:
      expected = Protocol::rtp;
      break;
    default:
      break;
  }
  FUZZ_REQUIRE(found == expected);
}

}  // namespace parley::fuzz
