#include "sctp/cookie.h"

#include "fuzz/common.h"

// A cookie of ours is opened to what was sealed; one that was forged, changed or cut is not.
// max_len: 80

namespace parley::fuzz {

using namespace sctp;

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  // Of the input: the fuzzer watches comparisons and would copy the right MAC out of this one.
  SipKey key{};
  copyBytes(key, sipHash128(key, input));
  FUZZ_REQUIRE(!Cookie::open(key, input));

  Input in(input);
  Cookie cookie;
  cookie.made = Instant(Duration(static_cast<std::int64_t>(in.u64() >> 1)));
  cookie.localTag = {in.u32()};
  cookie.remoteTag = {in.u32()};
  cookie.localTsn = {in.u32()};
  cookie.remoteTsn = {in.u32()};
  cookie.remoteWindow = in.u32();
  cookie.streamsOut = in.u16();
  cookie.streamsIn = in.u16();
  cookie.extensions = {in.flag(), in.flag()};
  cookie.localTie = {in.u32()};
  cookie.remoteTie = {in.u32()};
  ByteVector sealed = cookie.seal(key);
  const ByteVector original = sealed;
  const auto opened = Cookie::open(key, sealed);
  FUZZ_REQUIRE(opened && opened->seal(key) == sealed);
  FUZZ_REQUIRE(opened->made == cookie.made && opened->localTag == cookie.localTag);
  FUZZ_REQUIRE(opened->remoteTie == cookie.remoteTie && opened->streamsIn == cookie.streamsIn);

  for (std::size_t changes = 1 + in.below(3); changes > 0; --changes) {
    sealed[in.below(sealed.size())] ^= in.u8();
  }
  if (in.u8() % 4 == 1) sealed.resize(in.u8());
  FUZZ_REQUIRE(Cookie::open(key, sealed).has_value() == (sealed == original));
  key[0] = static_cast<std::uint8_t>(key[0] ^ (in.u8() | 1));
  FUZZ_REQUIRE(!Cookie::open(key, original));
}

}  // namespace parley::fuzz
