#include "crypto/hmac.h"

#include "crypto/test_hex.h"

namespace parley::crypto {
namespace {

using testing::fromHex;

TEST(Hmac, AgreesWithRfc2202) {
  EXPECT_TRUE(equal(hmac(Hash::sha1, ByteVector(20, 0x0b), bytesOf("Hi There")),
                    fromHex("b617318655057264e28bc0b6fb378c8ef146be00")));
  EXPECT_TRUE(equal(hmac(Hash::sha1, bytesOf("Jefe"), bytesOf("what do ya want for nothing?")),
                    fromHex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")));
}

TEST(Hmac, AgreesWithRfc4231) {
  EXPECT_TRUE(equal(hmac(Hash::sha256, bytesOf("Jefe"), bytesOf("what do ya want for nothing?")),
                    fromHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
  // Test case 6: the key is longer than a block.
  EXPECT_TRUE(equal(hmac(Hash::sha256, ByteVector(131, 0xaa),
                         bytesOf("Test Using Larger Than Block-Size Key - Hash Key First")),
                    fromHex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")));
}

TEST(Hmac, SignsAgainWithTheSameKey) {
  Hmac key(Hash::sha1, bytesOf("Jefe"));
  const Digest first = key.sign(bytesOf("what do ya want for nothing?"));
  EXPECT_NE(key.sign(bytesOf("something else")), first);
  EXPECT_EQ(key.sign({bytesOf("what do ya "), bytesOf("want for nothing?")}), first);
  EXPECT_EQ(first.size(), 20u);
}

TEST(Hmac, TakesAnEmptyKeyAndAnEmptyMessage) {
  EXPECT_TRUE(equal(hmac(Hash::sha256, Bytes(), Bytes()),
                    fromHex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")));
  Hmac key(Hash::sha256, Bytes());
  EXPECT_EQ(key.sign(Bytes()), key.sign(Bytes()));
}

TEST(Hmac, VerifiesOnlyTheWholeAndRightMac) {
  Hmac key(Hash::sha256, bytesOf("key"));
  const Digest mac = key.sign(bytesOf("message"));
  EXPECT_TRUE(key.verify({bytesOf("mess"), bytesOf("age")}, mac));
  EXPECT_FALSE(key.verify({bytesOf("massage")}, mac));
  EXPECT_FALSE(key.verify({bytesOf("message")}, mac.bytes().first(16)));
  EXPECT_FALSE(key.verify({bytesOf("message")}, Bytes()));
}

TEST(Hmac, MayBeMoved) {
  Hmac first(Hash::sha1, bytesOf("key"));
  const Digest mac = first.sign(bytesOf("message"));
  Hmac second = std::move(first);
  EXPECT_EQ(second.sign(bytesOf("message")), mac);
}

}  // namespace
}  // namespace parley::crypto
