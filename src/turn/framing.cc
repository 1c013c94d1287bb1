#include "turn/framing.h"

#include "core/wire.h"
#include "stun/channel_data.h"
#include "stun/protocol.h"

namespace parley::turn {
namespace {

using stun::Attribute;

constexpr std::uint16_t kSendIndication = 0x0016;  // RFC 8656 17

constexpr std::size_t paddingOf(std::size_t length) { return (4 - length % 4) % 4; }

Packet withRoom(Step& step, Packet data, std::size_t front, std::size_t back) {
  if (data.headroom() >= front && data.tailroom() >= back) return data;
  Packet copy = step.packets.copyOf(data.bytes());
  return copy && copy.headroom() >= front && copy.tailroom() >= back ? std::move(copy) : Packet();
}

void pad(Packet& data, std::size_t padding) {
  if (padding > 0) std::ranges::fill(data.append(padding), std::uint8_t{0});
}

}  // namespace

Packet wrapInSend(Step& step, const Address& peer, Packet data) {
  const Bytes ip = peer.ip.bytes();
  const std::size_t front = stun::kHeaderSize + 4 + 4 + ip.size() + 4;
  const std::size_t size = data.size();
  Packet packet = withRoom(step, std::move(data), front, paddingOf(size));
  if (!packet) return {};
  pad(packet, paddingOf(size));

  const stun::TransactionId id = stun::newTransactionId(step.secrets);
  std::array<std::uint8_t, 16> mask{};  // RFC 8489 14.2
  WireWriter(mask).u32(stun::kMagicCookie).bytes(id);
  std::array<std::uint8_t, 16> masked{};
  for (std::size_t i = 0; i < ip.size(); ++i)
    masked[i] = static_cast<std::uint8_t>(ip[i] ^ mask[i]);
  const std::size_t length = front - stun::kHeaderSize + packet.size();
  WireWriter(packet.prepend(front))
      .u16(kSendIndication)
      .u16(static_cast<std::uint16_t>(length))
      .u32(stun::kMagicCookie)
      .bytes(id)
      .u16(static_cast<std::uint16_t>(Attribute::xorPeerAddress))
      .u16(static_cast<std::uint16_t>(4 + ip.size()))
      .u8(0)
      .u8(static_cast<std::uint8_t>(peer.ip.isV4() ? stun::AddressFamily::v4
                                                   : stun::AddressFamily::v6))
      .u16(static_cast<std::uint16_t>(peer.port ^ stun::kMagicCookie >> 16))
      .bytes(Bytes(masked).first(ip.size()))
      .u16(static_cast<std::uint16_t>(Attribute::data))
      .u16(static_cast<std::uint16_t>(size));
  return packet;
}

Packet wrapInChannel(Step& step, std::uint16_t number, bool isPadded, Packet data) {
  const std::size_t padding = isPadded ? paddingOf(data.size()) : 0;
  Packet packet = withRoom(step, std::move(data), stun::kChannelHeader, padding);
  if (!packet) return {};
  stun::ChannelData::wrap(number, packet);
  pad(packet, padding);
  return packet;
}

}  // namespace parley::turn
