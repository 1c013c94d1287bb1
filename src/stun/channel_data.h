#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/bytes.h"
#include "core/packet.h"

namespace parley::stun {

// RFC 8656 12: numbers that a client may bind to a peer.
inline constexpr std::uint16_t kChannelMin = 0x4000;
inline constexpr std::uint16_t kChannelMax = 0x4fff;
inline constexpr std::size_t kChannelHeader = 4;

constexpr bool isChannelNumber(std::uint16_t number) {
  return number >= kChannelMin && number <= kChannelMax;
}

// A ChannelData message seen in place (RFC 8656 12.4): a number, a length and the data of one
// datagram. Over UDP bytes may follow the data, for padding; they are no part of it.
struct ChannelData {
  std::uint16_t number = 0;
  Bytes data;

  static bool looksLike(Bytes datagram);  // RFC 7983: a first byte from 64 to 79
  static std::optional<ChannelData> parse(Bytes datagram);
  // Puts the header in front of the data, in the packet's headroom.
  static void wrap(std::uint16_t number, Packet& data);
};

}  // namespace parley::stun
