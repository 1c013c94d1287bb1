#include "crypto/certificate.h"

#include "fuzz/common.h"

// Fingerprint texts come back as they were; a certificate matches its own fingerprints and no
// others.
// max_len: 128

namespace parley::fuzz {
namespace {

void fingerprintText(Bytes input) {
  const Frugal frugal(input.size());
  const auto first = crypto::Fingerprint::parse(textOf(input));
  if (!first) return;
  FUZZ_REQUIRE(first->digest.size() == crypto::digestSize(first->algorithm));
  const auto second = crypto::Fingerprint::parse(first->toString());
  FUZZ_REQUIRE(second && *second == *first && second->toString() == first->toString());
  const auto third = crypto::Fingerprint::parse(crypto::hashName(first->algorithm), first->hex());
  FUZZ_REQUIRE(third && *third == *first);
}

void matching(Input& in) {
  const auto hash = crypto::Hash{static_cast<std::uint8_t>(in.below(5))};
  const std::size_t at = in.u8();
  const std::uint8_t flip = in.u8();
  const crypto::Certificate certificate(toVector(in.rest()));
  crypto::Fingerprint fingerprint = certificate.fingerprint(hash);
  const bool mayMatch = fingerprint.isStrong() && !certificate.der().empty();
  FUZZ_REQUIRE(certificate.matches(fingerprint) == mayMatch);
  fingerprint.digest[at % fingerprint.digest.size()] ^= flip;
  FUZZ_REQUIRE(certificate.matches(fingerprint) == (flip == 0 && mayMatch));
  fingerprint.digest.pop_back();
  FUZZ_REQUIRE(!certificate.matches(fingerprint));
}

}  // namespace

void oneInput(Bytes input) {
  Input in(input);
  const std::uint8_t what = in.u8();
  if (what >= 224) {
    matching(in);
  } else {
    fingerprintText(in.rest());
  }
}

}  // namespace parley::fuzz
