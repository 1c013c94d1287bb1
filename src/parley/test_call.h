#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "parley/peer_connection.h"
#include "parley/runtime.h"

// Two connections of one thread signalled to each other in memory, for the tests of loops.

namespace parley::test {

inline constexpr std::chrono::seconds kPatience{30};  // nothing takes long; a busy machine may

class Call {
 public:
  using Make = std::function<std::unique_ptr<RTCPeerConnection>()>;

  using IsTold = std::function<bool(const RTCIceCandidate&)>;  // to the other side

  explicit Call(const Make& make, IsTold isTold = {})
      : offerer(make()), answerer(make()), isTold_(std::move(isTold)) {
    trickle(*offerer, answerer);
    trickle(*answerer, offerer);
    offered = offerer->createDataChannel("call");
    hear(*offered, atOfferer);
    answerer->ondatachannel = [this](const RTCDataChannelEvent& event) {
      announced = event.channel;
      hear(*announced, atAnswerer);
      announced->onclose = [this](const Event&) { ++closes; };
    };
    negotiate();
  }
  explicit Call(Loop& loop) : Call([&] { return std::make_unique<RTCPeerConnection>(loop); }) {}

  bool isOpen() const {
    return announced && announced->readyState() == RTCDataChannelState::open &&
           offered->readyState() == RTCDataChannelState::open;
  }

  std::unique_ptr<RTCPeerConnection> offerer;
  std::unique_ptr<RTCPeerConnection> answerer;
  std::shared_ptr<RTCDataChannel> offered;
  std::shared_ptr<RTCDataChannel> announced;
  std::vector<std::string> atOfferer;  // messages
  std::vector<std::string> atAnswerer;
  int closes = 0;  // of the announced channel

 private:
  static void hear(RTCDataChannel& channel, std::vector<std::string>& into) {
    channel.onmessage = [&into](const MessageEvent& event) {
      into.push_back(std::get<std::string>(event.data));
    };
  }
  void trickle(RTCPeerConnection& from, std::unique_ptr<RTCPeerConnection>& to) {
    from.onicecandidate = [this, &to](const RTCPeerConnectionIceEvent& event) {
      if (event.candidate && isTold_ && !isTold_(*event.candidate)) return;
      if (event.candidate && to) to->addIceCandidate(event.candidate->toInit());
    };
  }
  // Descriptions tell no candidates where some are not to be told.
  RTCSessionDescriptionInit toldBy(const RTCPeerConnection& peer) const {
    RTCSessionDescriptionInit description = *peer.localDescription();
    if (!isTold_) return description;
    for (std::size_t at; (at = description.sdp.find("a=candidate:")) != std::string::npos;)
      description.sdp.erase(at, description.sdp.find('\n', at) + 1 - at);
    return description;
  }
  Async negotiate() {
    try {
      co_await offerer->setLocalDescription();
      co_await answerer->setRemoteDescription(toldBy(*offerer));
      co_await answerer->setLocalDescription();
      co_await offerer->setRemoteDescription(toldBy(*answerer));
    } catch (const DOMException& error) {
      EXPECT_EQ(error.name(), "AbortError") << error.what();
    }
  }

  IsTold isTold_;
};

}  // namespace parley::test
