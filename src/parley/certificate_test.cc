#include "parley/certificate.h"

#include <gtest/gtest.h>

#include "peer/fake_realm.h"

namespace parley {
namespace {

using peer::testing::nameThrownBy;

TEST(Certificate, HasALowerCaseSha256Fingerprint) {
  const auto certificate = RTCCertificate::generate();
  const auto fingerprints = certificate->getFingerprints();
  ASSERT_EQ(fingerprints.size(), 1u);
  EXPECT_EQ(fingerprints[0].algorithm, "sha-256");
  EXPECT_EQ(fingerprints[0].value.size(), 32u * 3 - 1);
  EXPECT_EQ(fingerprints[0].value.find_first_of("ABCDEF"), std::string::npos);
}

TEST(Certificate, SurvivesPem) {
  const auto first = RTCCertificate::generate();
  const auto second = RTCCertificate::fromPem(first->certificatePem(), first->privateKeyPem());
  EXPECT_EQ(first->getFingerprints()[0].value, second->getFingerprints()[0].value);
  EXPECT_EQ(first->expires() / 1'000, second->expires() / 1'000);
}

TEST(Certificate, LivesAYearAtMost) {
  using std::chrono::hours;
  const auto day = RTCCertificate::generate(RTCCertificate::KeyAlgorithm::ecdsaP256, hours(24));
  const auto year =
      RTCCertificate::generate(RTCCertificate::KeyAlgorithm::ecdsaP256, hours(24 * 4'000));
  const double days = static_cast<double>(year->expires() - day->expires()) / 86'400'000;
  EXPECT_NEAR(days, 364, 1);
}

TEST(Certificate, SaysWhatIsWrongWithAPem) {
  const auto one = RTCCertificate::generate();
  const auto other = RTCCertificate::generate();
  EXPECT_EQ(nameThrownBy([&] { RTCCertificate::fromPem("x", "y"); }), "InvalidAccessError");
  EXPECT_EQ(
      nameThrownBy([&] { RTCCertificate::fromPem(one->certificatePem(), other->privateKeyPem()); }),
      "InvalidAccessError");
}

}  // namespace
}  // namespace parley
