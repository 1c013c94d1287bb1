#pragma once

#include <optional>

#include "core/ports.h"
#include "core/step.h"
#include "sctp/config.h"
#include "sctp/packet/packet_builder.h"
#include "sctp/stats.h"

namespace parley::sctp {

// Bundles chunks into packets of one tag and hands each down when the next chunk does not fit.
class Outbox {
 public:
  struct Shared {  // belongs to the association
    const Config& config;
    PacketSink& lower;
    Stats& stats;
    std::uint64_t& packetNumber;
  };

  Outbox(Step& step, Shared shared, const CommonHeader& header)
      : step_(step), shared_(shared), header_(header) {}
  ~Outbox() { close(); }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  static std::size_t roomOfPacket(const Config& config) {
    return (config.packetSize - kCommonHeader) & ~std::size_t{3};
  }

  std::size_t room() const { return builder_ ? builder_->room() & ~std::size_t{3} : 0; }
  bool fits(std::size_t size) const { return size <= room(); }
  std::size_t packets() const { return packets_; }               // opened so far
  std::uint64_t number() const { return shared_.packetNumber; }  // of the open packet
  bool poolIsOut() const { return poolIsOut_; }
  bool isOpen() const { return builder_.has_value(); }

  // Room for a chunk of a multiple of four bytes, no more than roomOfPacket(); a new packet is
  // opened when it does not fit. Nothing when the pool is out.
  std::optional<MutableBytes> reserve(std::size_t size) {
    if (!fits(size)) {
      close();
      if (!open()) return std::nullopt;
    }
    return builder_->take(size);
  }
  bool add(Bytes chunk) {
    const auto room = reserve(chunk.size());
    if (room) copyBytes(*room, chunk);
    return room.has_value();
  }

  void close() {
    if (!builder_) return;
    Packet packet = std::move(*builder_).finish();
    builder_.reset();
    ++shared_.stats.packetsSent;
    shared_.stats.bytesSent += packet.size();
    shared_.lower.sendPacket(step_, std::move(packet));
  }

 private:
  bool open() {
    Packet packet = step_.packets.take();
    if (!packet) {
      poolIsOut_ = true;
      ++shared_.stats.poolRefusals;
      return false;
    }
    builder_.emplace(std::move(packet), header_, shared_.config.packetSize);
    ++packets_;
    ++shared_.packetNumber;
    return true;
  }

  Step& step_;
  Shared shared_;
  CommonHeader header_;
  std::optional<PacketBuilder> builder_;
  std::size_t packets_ = 0;
  bool poolIsOut_ = false;
};

}  // namespace parley::sctp
