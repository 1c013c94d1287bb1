#include "channel/dcep.h"

#include "core/wire.h"

namespace parley::channel::dcep {
namespace {

constexpr std::uint8_t kUnordered = 0x80;
constexpr std::uint8_t kReliable = 0, kRetransmits = 1, kTimed = 2;

}  // namespace

Result<Parameters, ParseError> parseOpen(Bytes message) {
  WireReader in(message);
  const std::uint8_t messageType = in.u8();
  const std::uint8_t channelType = in.u8();
  Parameters parameters;
  parameters.priority = in.u16();
  const auto reliability = static_cast<std::uint16_t>(std::min(in.u32(), 0xffffu));
  const std::size_t labelLength = in.u16();
  const std::size_t protocolLength = in.u16();
  parameters.label = textOf(in.bytes(labelLength));
  parameters.protocol = textOf(in.bytes(protocolLength));
  if (in.failed()) return Unexpected(ParseError::truncated);
  if (messageType != kOpen || !in.finished()) return Unexpected(ParseError::malformed);

  parameters.ordered = !(channelType & kUnordered);
  switch (channelType & ~kUnordered) {
    case kReliable:
      break;
    case kRetransmits:
      parameters.maxRetransmits = reliability;
      break;
    case kTimed:
      parameters.maxPacketLifeTime = reliability;
      break;
    default:
      return Unexpected(ParseError::unsupported);
  }
  return parameters;
}

ByteVector writeOpen(const Parameters& parameters) {
  std::uint8_t type = kReliable;
  std::uint32_t reliability = 0;
  if (parameters.maxRetransmits) {
    type = kRetransmits;
    reliability = *parameters.maxRetransmits;
  } else if (parameters.maxPacketLifeTime) {
    type = kTimed;
    reliability = *parameters.maxPacketLifeTime;
  }
  if (!parameters.ordered) type |= kUnordered;
  ByteVector message(12 + parameters.label.size() + parameters.protocol.size());
  WireWriter out(message);
  out.u8(kOpen).u8(type).u16(parameters.priority).u32(reliability);
  out.u16(static_cast<std::uint16_t>(parameters.label.size()));
  out.u16(static_cast<std::uint16_t>(parameters.protocol.size()));
  out.bytes(bytesOf(parameters.label)).bytes(bytesOf(parameters.protocol));
  return message;
}

}  // namespace parley::channel::dcep
