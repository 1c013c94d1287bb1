#include "sctp/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace parley::sctp {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli, reflected
constexpr std::size_t kChecksumAt = 8;

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables makeTables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    for (std::size_t i = 1; i < 8; ++i) {
      const std::uint32_t before = tables[i - 1][byte];
      tables[i][byte] = before >> 8 ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = makeTables();

std::uint32_t updatePortable(std::uint32_t crc, Bytes bytes) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t low = crc ^ (std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8 |
                                     std::uint32_t{at[2]} << 16 | std::uint32_t{at[3]} << 24);
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][at[4]] ^ kTables[2][at[5]] ^ kTables[1][at[6]] ^
          kTables[0][at[7]];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ kTables[0][(crc ^ *at) & 0xff];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t updateHardware(std::uint32_t crc, Bytes bytes) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t wide = crc;
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; left > 0; --left, ++at) crc = _mm_crc32_u8(crc, *at);
  return crc;
}
#endif

std::uint32_t update(std::uint32_t crc, Bytes bytes) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return updateHardware(crc, bytes);
#endif
  return updatePortable(crc, bytes);
}

}  // namespace

std::uint32_t crc32c(Bytes bytes) { return ~update(0xffff'ffff, bytes); }

std::uint32_t crc32cPortable(Bytes bytes) { return ~updatePortable(0xffff'ffff, bytes); }

std::uint32_t packetChecksum(Bytes packet) {
  static constexpr std::array<std::uint8_t, 4> kZero{};
  std::uint32_t crc = update(0xffff'ffff, packet.first(kChecksumAt));
  crc = update(crc, kZero);
  return ~update(crc, packet.subspan(kChecksumAt + kZero.size()));
}

void writeChecksum(MutableBytes packet) {
  const std::uint32_t crc = packetChecksum(packet);
  // The one little-endian field of SCTP (RFC 9260 appendix A).
  for (std::size_t i = 0; i < 4; ++i) {
    packet[kChecksumAt + i] = static_cast<std::uint8_t>(crc >> (8 * i));
  }
}

bool hasValidChecksum(Bytes packet) {
  const std::uint32_t crc = packetChecksum(packet);
  std::uint32_t difference = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    difference |=
        static_cast<std::uint8_t>(crc >> (8 * i)) ^ std::uint32_t{packet[kChecksumAt + i]};
  }
  return difference == 0;
}

}  // namespace parley::sctp
