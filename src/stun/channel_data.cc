#include "stun/channel_data.h"

#include "core/wire.h"

namespace parley::stun {

bool ChannelData::looksLike(Bytes datagram) {
  return !datagram.empty() && datagram[0] >= 64 && datagram[0] <= 79;
}

std::optional<ChannelData> ChannelData::parse(Bytes datagram) {
  WireReader in(datagram);
  ChannelData message;
  message.number = in.u16();
  message.data = in.bytes(in.u16());
  if (in.failed() || !isChannelNumber(message.number)) return std::nullopt;
  return message;
}

void ChannelData::wrap(std::uint16_t number, Packet& data) {
  const auto length = static_cast<std::uint16_t>(data.size());
  WireWriter(data.prepend(kChannelHeader)).u16(number).u16(length);
}

}  // namespace parley::stun
