#include "crypto/aead.h"

#include "crypto/test_hex.h"

namespace parley::crypto {
namespace {

using testing::fromHex;

struct Vector {
  AeadAlgorithm algorithm;
  std::string_view key, nonce, associated, plain, sealed, tag;
};

// The GCM specification's test cases 4 and 16, and RFC 8439 2.8.2.
const Vector kVectors[] = {
    {AeadAlgorithm::aes128Gcm, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {AeadAlgorithm::aes256Gcm, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {AeadAlgorithm::chacha20Poly1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a20496620"
     "4920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c"
     "2073756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92"
     "728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b"
     "4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"}};

TEST(Aead, SealsThePublishedVectorsInPlaceAndApart) {
  for (const Vector& vector : kVectors) {
    AeadSealer sealer(vector.algorithm, fromHex(vector.key));
    const ByteVector plain = fromHex(vector.plain);
    ByteVector text = plain;
    ByteVector tag(kAeadTag);
    sealer.seal(fromHex(vector.nonce), fromHex(vector.associated), text, tag);
    EXPECT_EQ(text, fromHex(vector.sealed));
    EXPECT_EQ(tag, fromHex(vector.tag));

    ByteVector apart(plain.size());
    ByteVector again(kAeadTag);
    sealer.seal(fromHex(vector.nonce), fromHex(vector.associated), plain, apart, again);
    EXPECT_EQ(apart, text);
    EXPECT_EQ(again, tag);
  }
}

TEST(Aead, OpensThePublishedVectors) {
  for (const Vector& vector : kVectors) {
    AeadOpener opener(vector.algorithm, fromHex(vector.key));
    ByteVector text = fromHex(vector.sealed);
    ASSERT_TRUE(
        opener.open(fromHex(vector.nonce), fromHex(vector.associated), text, fromHex(vector.tag)));
    EXPECT_EQ(text, fromHex(vector.plain));
  }
}

TEST(Aead, RefusesEveryFlippedBitWipesTheTextAndGoesOn) {
  for (const Vector& vector : kVectors) {
    AeadOpener opener(vector.algorithm, fromHex(vector.key));
    const ByteVector parts[] = {fromHex(vector.nonce), fromHex(vector.associated),
                                fromHex(vector.sealed), fromHex(vector.tag)};
    for (std::size_t part = 0; part < 4; ++part) {
      for (std::size_t bit = 0; bit < parts[part].size() * 8; ++bit) {
        ByteVector changed[] = {parts[0], parts[1], parts[2], parts[3]};
        changed[part][bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        ASSERT_FALSE(opener.open(changed[0], changed[1], changed[2], changed[3]));
        ASSERT_EQ(changed[2], ByteVector(changed[2].size()));
      }
    }
    ByteVector text = parts[2];
    EXPECT_TRUE(opener.open(parts[0], parts[1], text, parts[3]));
  }
}

TEST(Aead, ProtectsAnEmptyText) {
  for (const Vector& vector : kVectors) {
    AeadSealer sealer(vector.algorithm, fromHex(vector.key));
    AeadOpener opener(vector.algorithm, fromHex(vector.key));
    ByteVector tag(kAeadTag);
    const ByteVector nonce(kAeadNonce, 7);
    sealer.seal(nonce, bytesOf("header"), MutableBytes(), tag);
    EXPECT_TRUE(opener.open(nonce, bytesOf("header"), {}, tag));
    EXPECT_FALSE(opener.open(nonce, bytesOf("Header"), {}, tag));
    sealer.seal(nonce, Bytes(), MutableBytes(), tag);
    EXPECT_TRUE(opener.open(nonce, {}, {}, tag));
  }
}

}  // namespace
}  // namespace parley::crypto
