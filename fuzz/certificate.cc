#include "crypto/certificate.h"

#include "crypto/identity.h"
#include "fuzz/common.h"

// Fingerprint texts come back as they were; a certificate matches its own fingerprints and no
// others; PEM that is imported comes back as the same identity.
// max_len: 128

namespace parley::fuzz {
namespace {

const crypto::Identity& known() {
  static const crypto::Identity::Shared identity = [] {
    SeededSecrets secrets(5);
    return crypto::Identity::generate(secrets, World::kWall).value();
  }();
  return *identity;
}

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

void importPem(Input& in) {
  std::string key = known().privateKeyPem(), certificate = known().certificatePem();
  const bool isKey = in.flag();
  std::string& text = isKey ? key : certificate;
  const std::size_t at = in.u16() % text.size();
  const std::size_t removed = in.u8();
  text.replace(at, removed, textOf(in.rest()));
  const auto made = crypto::Identity::fromPem(key, certificate);
  if (!made) {
    FUZZ_REQUIRE(!crypto::describe(made.error()).empty());
    return;
  }
  const auto again = crypto::Identity::fromPem((*made)->privateKeyPem(), (*made)->certificatePem());
  FUZZ_REQUIRE(again && (*again)->fingerprint() == (*made)->fingerprint());
  FUZZ_REQUIRE((*again)->expiresMicros() == (*made)->expiresMicros());
}

}  // namespace

void oneInput(Bytes input) {
  Input in(input);
  const std::uint8_t what = in.u8();
  if (what == 255) {
    importPem(in);
  } else if (what >= 224) {
    matching(in);
  } else {
    fingerprintText(in.rest());
  }
}

}  // namespace parley::fuzz
