#include "crypto/fingerprint.h"

#include "crypto/certificate.h"

namespace parley::crypto {
namespace {

const std::string kSha1 =
    "sha-1 A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D";  // of "abc"

TEST(Fingerprint, ReadsWhatItWrites) {
  const Certificate certificate(toVector(bytesOf("abc")));
  for (const Hash hash : {Hash::md5, Hash::sha1, Hash::sha256, Hash::sha384, Hash::sha512}) {
    const Fingerprint fingerprint = certificate.fingerprint(hash);
    const auto parsed = Fingerprint::parse(fingerprint.toString());
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(*parsed, fingerprint);
  }
  EXPECT_EQ(certificate.fingerprint(Hash::sha1).toString(), kSha1);
}

TEST(Fingerprint, AcceptsEitherCase) {
  const auto parsed =
      Fingerprint::parse("SHA-1 a9:99:3e:36:47:06:81:6a:ba:3e:25:71:78:50:c2:6c:9c:d0:d8:9d");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->toString(), kSha1);
}

TEST(Fingerprint, NamesTheFault) {
  const auto fault = [](std::string_view text) { return Fingerprint::parse(text).error(); };
  EXPECT_EQ(fault("sha-224 AB:CD"), ParseError::unsupported);
  EXPECT_EQ(fault("AB:CD"), ParseError::malformed);
  EXPECT_EQ(fault(""), ParseError::malformed);
  EXPECT_EQ(fault("sha-1 "), ParseError::truncated);
  EXPECT_EQ(fault(std::string_view(kSha1).substr(0, kSha1.size() - 3)), ParseError::truncated);
  EXPECT_EQ(fault(kSha1 + ":00"), ParseError::malformed);
  EXPECT_EQ(fault(kSha1 + " "), ParseError::malformed);
}

TEST(Fingerprint, RefusesEveryCharacterThatIsNoDigitOrColon) {
  for (std::size_t at = 6; at < kSha1.size(); ++at) {
    std::string broken = kSha1;
    broken[at] = 'g';
    EXPECT_FALSE(Fingerprint::parse(broken).has_value()) << broken;
  }
}

TEST(Certificate, MatchesItsStrongFingerprintsOnly) {
  const Certificate certificate(toVector(bytesOf("abc")));
  for (const Hash hash : {Hash::sha256, Hash::sha384, Hash::sha512}) {
    Fingerprint fingerprint = certificate.fingerprint(hash);
    EXPECT_TRUE(certificate.matches(fingerprint));
    fingerprint.digest.back() ^= 1;
    EXPECT_FALSE(certificate.matches(fingerprint));
    fingerprint.digest.pop_back();
    EXPECT_FALSE(certificate.matches(fingerprint));
    fingerprint.digest.clear();
    EXPECT_FALSE(certificate.matches(fingerprint));
  }
  EXPECT_FALSE(certificate.matches(certificate.fingerprint(Hash::md5)));
  EXPECT_FALSE(certificate.matches(certificate.fingerprint(Hash::sha1)));
}

TEST(Certificate, ThatIsEmptyMatchesNothing) {
  const Certificate none;
  EXPECT_FALSE(none.matches(none.fingerprint()));
}

}  // namespace
}  // namespace parley::crypto
