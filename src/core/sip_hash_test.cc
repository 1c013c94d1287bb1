#include "core/sip_hash.h"

#include <gtest/gtest.h>

namespace parley {
namespace {

SipKey countingKey() {
  SipKey key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::uint8_t>(i);
  return key;
}

ByteVector counting(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

// Made with another implementation: openssl mac -macopt size:16 SIPHASH.
TEST(SipHash, MatchesTheVectorsOfAnotherImplementation) {
  const SipTag empty{0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                     0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
  const SipTag one{0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44,
                   0x34, 0x76, 0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45};
  const SipTag eight{0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61,
                     0x0f, 0x83, 0xe2, 0x64, 0xf3, 0x14, 0x97, 0xb4};
  const SipTag fifteen{0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11,
                       0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf, 0xc3, 0xd9};
  EXPECT_EQ(sipHash128(countingKey(), {}), empty);
  EXPECT_EQ(sipHash128(countingKey(), counting(1)), one);
  EXPECT_EQ(sipHash128(countingKey(), counting(8)), eight);
  EXPECT_EQ(sipHash128(countingKey(), counting(15)), fifteen);
}

TEST(SipHash, DependsOnEveryBitOfKeyAndInput) {
  const SipTag plain = sipHash128(countingKey(), counting(40));
  for (std::size_t bit = 0; bit < 128; ++bit) {
    SipKey key = countingKey();
    key[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_NE(sipHash128(key, counting(40)), plain);
  }
  for (std::size_t bit = 0; bit < 320; ++bit) {
    ByteVector input = counting(40);
    input[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_NE(sipHash128(countingKey(), input), plain);
  }
}

TEST(EqualInConstantTime, ComparesLengthAndBytes) {
  EXPECT_TRUE(equalInConstantTime(counting(9), counting(9)));
  EXPECT_FALSE(equalInConstantTime(counting(9), counting(8)));
  ByteVector other = counting(9);
  other[8] ^= 1;
  EXPECT_FALSE(equalInConstantTime(counting(9), other));
}

}  // namespace
}  // namespace parley
