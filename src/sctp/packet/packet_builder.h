#pragma once

#include <optional>

#include "core/packet.h"
#include "core/wire.h"
#include "sctp/crc32c.h"
#include "sctp/packet/chunk.h"

namespace parley::sctp {

// Writes one SCTP packet into a pool packet, chunk by chunk, leaving the room around it to the
// layers below.
class PacketBuilder {
 public:
  // `packet` is empty and fresh from the pool.
  PacketBuilder(Packet packet, const CommonHeader& header, std::size_t sizeMax)
      : packet_(std::move(packet)), left_(sizeMax - kCommonHeader) {
    WireWriter(packet_.append(kCommonHeader))
        .u16(header.sourcePort)
        .u16(header.destinationPort)
        .u32(header.tag.value)
        .u32(0);
  }

  std::size_t room() const { return left_; }
  bool empty() const { return packet_.size() == kCommonHeader; }

  // Room for a whole chunk of `size` bytes, padded; the caller has looked at room().
  MutableBytes take(std::size_t size) {
    left_ -= size;
    return packet_.append(size);
  }
  bool add(Bytes chunk) {
    if (chunk.size() > left_) return false;
    copyBytes(take(chunk.size()), chunk);
    return true;
  }

  Packet finish() && {
    writeChecksum(packet_.mutableBytes());
    return std::move(packet_);
  }

 private:
  Packet packet_;
  std::size_t left_;
};

}  // namespace parley::sctp
