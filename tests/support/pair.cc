#include "support/pair.h"

namespace parley::support {

Pair::Pair(Loop& loop, RTCDataChannelInit init, Tuning tuning)
    : offerer(loop, {}, tuning), answerer(loop, {}, tuning), loop_(loop) {
  offerer.onicecandidate = [this](const RTCPeerConnectionIceEvent& event) {
    if (event.candidate) answerer.addIceCandidate(event.candidate->toInit());
  };
  answerer.onicecandidate = [this](const RTCPeerConnectionIceEvent& event) {
    if (event.candidate) offerer.addIceCandidate(event.candidate->toInit());
  };
  answerer.ondatachannel = [this](const RTCDataChannelEvent& event) { announced = event.channel; };
  offered = offerer.createDataChannel("channel", init);
  negotiate();
}

Async Pair::negotiate() {
  try {
    co_await offerer.setLocalDescription();
    co_await answerer.setRemoteDescription(*offerer.localDescription());
    co_await answerer.setLocalDescription();
    co_await offerer.setRemoteDescription(*answerer.localDescription());
  } catch (const DOMException& error) {
    if (error.name() != "AbortError") throw;  // closed before it was done
  }
}

bool Pair::isOpen() const {
  return announced && announced->readyState() == RTCDataChannelState::open &&
         offered->readyState() == RTCDataChannelState::open;
}

bool Pair::connect(std::chrono::milliseconds limit) {
  return loop_.runUntil([this] { return isOpen(); }, limit);
}

}  // namespace parley::support
