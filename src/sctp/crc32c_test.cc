#include "sctp/crc32c.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace parley::sctp {
namespace {

TEST(Crc32c, MatchesThePublishedVectors) {  // RFC 3720 B.4
  EXPECT_EQ(crc32c(ByteVector(32, 0x00)), 0x8a9136aau);
  EXPECT_EQ(crc32c(ByteVector(32, 0xff)), 0x62a8ab43u);
  ByteVector rising(32);
  for (std::size_t i = 0; i < 32; ++i) rising[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(crc32c(bytesOf("123456789")), 0xe3069283u);
}

TEST(Crc32c, IsTheSameInHardwareAndInTables) {
  Random random(5);
  for (std::size_t size = 0; size < 300; ++size) {
    ByteVector bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.u32());
    ASSERT_EQ(crc32c(bytes), crc32cPortable(bytes)) << size;
  }
}

TEST(Crc32c, ChecksAPacketAroundItsOwnField) {
  ByteVector packet(40, 7);
  writeChecksum(packet);
  EXPECT_TRUE(hasValidChecksum(packet));
  for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
    ByteVector broken = packet;
    broken[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(hasValidChecksum(broken));
  }
}

}  // namespace
}  // namespace parley::sctp
