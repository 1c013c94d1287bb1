#include "crypto/digest.h"

#include "crypto/test_hex.h"

namespace parley::crypto {
namespace {

using testing::fromHex;

TEST(Digest, GivesThePublishedValuesOfAbc) {
  const Bytes abc = bytesOf("abc");
  EXPECT_TRUE(equal(digest(Hash::md5, abc), fromHex("900150983cd24fb0d6963f7d28e17f72")));
  EXPECT_TRUE(equal(digest(Hash::sha1, abc), fromHex("a9993e364706816aba3e25717850c26c9cd0d89d")));
  EXPECT_TRUE(equal(digest(Hash::sha256, abc),
                    fromHex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")));
  EXPECT_TRUE(equal(digest(Hash::sha384, abc),
                    fromHex("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                            "8086072ba1e7cc2358baeca134c825a7")));
  EXPECT_TRUE(equal(digest(Hash::sha512, abc),
                    fromHex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")));
}

TEST(Digest, OfPartsIsTheDigestOfTheirJoin) {
  EXPECT_EQ(digest(Hash::sha256, {bytesOf("a"), Bytes(), bytesOf("bc")}),
            digest(Hash::sha256, bytesOf("abc")));
  EXPECT_NE(digest(Hash::sha256, bytesOf("ab")), digest(Hash::sha256, bytesOf("abc")));
}

TEST(Digest, OfNothingIsDefined) {
  EXPECT_TRUE(equal(digest(Hash::md5, Bytes()), fromHex("d41d8cd98f00b204e9800998ecf8427e")));
}

TEST(EqualInConstantTime, TellsLengthAndEveryByteApart) {
  const ByteVector a = {1, 2, 3};
  EXPECT_TRUE(equalInConstantTime(a, ByteVector{1, 2, 3}));
  EXPECT_TRUE(equalInConstantTime(Bytes(), Bytes()));
  EXPECT_FALSE(equalInConstantTime(a, ByteVector{1, 2}));
  EXPECT_FALSE(equalInConstantTime(a, Bytes()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    ByteVector other = a;
    other[i] ^= 0x80;
    EXPECT_FALSE(equalInConstantTime(a, other));
  }
}

TEST(Wipe, LeavesZeros) {
  ByteVector secret = {1, 2, 3};
  wipe(secret);
  EXPECT_EQ(secret, ByteVector(3));
  wipe({});
}

}  // namespace
}  // namespace parley::crypto
