#pragma once

#include <cstdint>

#include "core/address.h"
#include "core/packet.h"
#include "core/step.h"

namespace parley::turn {

// Data on its way to a peer, framed in the packet's own headroom; moved into another block where
// there is no room. A false packet: it fits none.
Packet wrapInSend(Step& step, const Address& peer, Packet data);  // RFC 8656 11.1
Packet wrapInChannel(Step& step, std::uint16_t number, bool isPadded, Packet data);  // 12.5

}  // namespace parley::turn
