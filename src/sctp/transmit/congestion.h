#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::sctp {

// How much may be in flight. It knows bytes and events, neither packets nor time.
class CongestionController {
 public:
  struct Acked {
    std::size_t bytes;  // newly acknowledged, with chunk headers
    bool cumulativeAdvanced;
    bool wasLimited;  // the window was what held the last flush back
    bool allAcked;
    bool inRecovery;
  };

  virtual ~CongestionController() = default;
  virtual void onAcked(const Acked& acked) = 0;
  virtual void onLoss() = 0;  // once per recovery
  virtual void onTimeout() = 0;
  virtual void onIdle() = 0;  // a whole RTO without sending

  virtual std::size_t window() const = 0;
  virtual std::size_t threshold() const = 0;
};

// RFC 9260 7.2. A peer that acknowledges many packets with one SACK grows the window as much as
// one that acknowledges every second packet: L of 7.2.1 follows the bytes.
class NewReno final : public CongestionController {
 public:
  explicit NewReno(std::size_t packetSize);

  void onAcked(const Acked& acked) override;
  void onLoss() override;
  void onTimeout() override;
  void onIdle() override;

  std::size_t window() const override { return window_; }
  std::size_t threshold() const override { return threshold_; }

 private:
  std::size_t packetSize_;
  std::size_t window_;
  std::size_t threshold_ = SIZE_MAX;
  std::size_t partialBytes_ = 0;
};

}  // namespace parley::sctp
