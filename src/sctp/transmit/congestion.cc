#include "sctp/transmit/congestion.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::sctp {

NewReno::NewReno(std::size_t packetSize)
    : packetSize_(packetSize), window_(limits::sctp::kInitialWindowPackets * packetSize) {}

void NewReno::onAcked(const Acked& acked) {
  if (acked.inRecovery) return;
  if (window_ <= threshold_) {  // RFC 9260 7.2.1
    if (!acked.cumulativeAdvanced || !acked.wasLimited) return;
    const std::size_t packets = std::max<std::size_t>(acked.bytes / packetSize_, 2);
    window_ += std::min(acked.bytes, packets / 2 * packetSize_);
    return;
  }
  // RFC 9260 7.2.2. A window is filled with whole packets, so what lacks less than one was full,
  // as in wasLimited: where one SACK takes the whole flight, it would never be reached otherwise.
  partialBytes_ += acked.bytes;
  if (partialBytes_ + packetSize_ > window_) {
    partialBytes_ -= std::min(partialBytes_, window_);
    if (acked.wasLimited) window_ += packetSize_;
    partialBytes_ = std::min(partialBytes_, window_);
  }
  if (acked.allAcked) partialBytes_ = 0;
}

void NewReno::onLoss() {  // RFC 9260 7.2.3
  threshold_ = std::max(window_ / 2, 4 * packetSize_);
  window_ = threshold_;
  partialBytes_ = 0;
}

void NewReno::onTimeout() {
  threshold_ = std::max(window_ / 2, 4 * packetSize_);
  window_ = packetSize_;
  partialBytes_ = 0;
}

void NewReno::onIdle() {  // RFC 9260 7.2.1
  threshold_ = std::max(threshold_ == SIZE_MAX ? window_ : threshold_, window_);
  window_ = std::max(window_ / 2, 4 * packetSize_);
  partialBytes_ = 0;
}

}  // namespace parley::sctp
