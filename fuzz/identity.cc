#include "crypto/identity.h"

#include "fuzz/common.h"

// A key or a certificate whose PEM was changed is refused for a reason, or comes back from its own
// PEM as the same identity.
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
  importPem(in);
}

}  // namespace parley::fuzz
