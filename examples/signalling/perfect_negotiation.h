#pragma once

#include <parley/parley.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

// The perfect negotiation of webrtc-pc 10.7: either side may offer at any time, and when both do at
// once the polite one gives way. Messages are {"description":{...}} or {"candidate":{...}|null}.
class PerfectNegotiation : public std::enable_shared_from_this<PerfectNegotiation> {
 public:
  using Message = nlohmann::json;
  using Send = std::function<void(const Message&)>;

  PerfectNegotiation(std::shared_ptr<parley::RTCPeerConnection> connection, bool polite, Send send);

  void start();  // takes onnegotiationneeded and onicecandidate of the connection
  parley::Async receive(Message message);

 private:
  parley::Async offer();
  bool isCollision(parley::RTCSdpType type) const;
  void sendDescription();

  std::shared_ptr<parley::RTCPeerConnection> connection_;
  bool polite_;
  Send send_;
  bool makingOffer_ = false;
  bool ignoreOffer_ = false;
  bool settingRemoteAnswer_ = false;
};
