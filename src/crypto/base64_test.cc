#include "crypto/base64.h"

namespace parley::crypto {
namespace {

TEST(Base64, AgreesWithRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64Encode(bytesOf(plain)), encoded);
    const auto decoded = base64Decode(encoded);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(textOf(*decoded), plain);
  }
}

TEST(Base64, GivesBackEveryByte) {
  ByteVector all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(base64Decode(base64Encode(all)), all);
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zm9v\n",
        "Zm 9v===", "Zg==Zg==", "Zh==", "Zm9=", "Zm-_", "Zm8=Zm8=", "Z=g="}) {
    EXPECT_FALSE(base64Decode(text)) << text;
  }
}

}  // namespace
}  // namespace parley::crypto
