#include "perfect_negotiation.h"

#include <cstdio>

using namespace parley;

PerfectNegotiation::PerfectNegotiation(std::shared_ptr<RTCPeerConnection> connection, bool polite,
                                       Send send)
    : connection_(std::move(connection)), polite_(polite), send_(std::move(send)) {}

void PerfectNegotiation::start() {
  connection_->onnegotiationneeded = [weak = weak_from_this()](const Event&) {
    if (const auto self = weak.lock()) self->offer();
  };
  connection_->onicecandidate = [this,
                                 weak = weak_from_this()](const RTCPeerConnectionIceEvent& event) {
    if (weak.expired()) return;
    send_({{"candidate", event.candidate ? Message::parse(event.candidate->toJSON()) : Message()}});
  };
}

Async PerfectNegotiation::offer() {
  const auto self = shared_from_this();  // the frame outlives the caller
  try {
    makingOffer_ = true;
    co_await connection_->setLocalDescription();
    sendDescription();
  } catch (const DOMException& error) {
    std::fprintf(stderr, "offer: %s\n", error.what());
  }
  makingOffer_ = false;
}

void PerfectNegotiation::sendDescription() {
  send_({{"description", Message::parse(connection_->localDescription()->toJSON())}});
}

bool PerfectNegotiation::isCollision(RTCSdpType type) const {
  const bool readyForOffer =
      !makingOffer_ &&
      (connection_->signalingState() == RTCSignalingState::stable || settingRemoteAnswer_);
  return type == RTCSdpType::offer && !readyForOffer;
}

Async PerfectNegotiation::receive(Message message) {
  const auto self = shared_from_this();
  try {
    if (message.contains("description")) {
      const auto description = RTCSessionDescription::fromJSON(message.at("description").dump());
      ignoreOffer_ = !polite_ && isCollision(description.type);
      if (ignoreOffer_) co_return;
      settingRemoteAnswer_ = description.type == RTCSdpType::answer;
      co_await connection_->setRemoteDescription(description);  // rolls our own offer back
      settingRemoteAnswer_ = false;
      if (description.type == RTCSdpType::offer) {
        co_await connection_->setLocalDescription();
        sendDescription();
      }
    } else if (message.contains("candidate") && !message.at("candidate").is_null()) {
      co_await connection_->addIceCandidate(
          RTCIceCandidateInit::fromJSON(message.at("candidate").dump()));
    }
  } catch (const DOMException& error) {
    // Candidates of an offer that we ignored find no section; anything else is worth a line.
    if (!ignoreOffer_) std::fprintf(stderr, "negotiation: %s\n", error.what());
  }
}
