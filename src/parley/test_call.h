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

  explicit Call(const Make& make) : offerer(make()), answerer(make()) {
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
  static void trickle(RTCPeerConnection& from, std::unique_ptr<RTCPeerConnection>& to) {
    from.onicecandidate = [&to](const RTCPeerConnectionIceEvent& event) {
      if (event.candidate && to) to->addIceCandidate(event.candidate->toInit());
    };
  }
  Async negotiate() {
    try {
      co_await offerer->setLocalDescription();
      co_await answerer->setRemoteDescription(*offerer->localDescription());
      co_await answerer->setLocalDescription();
      co_await offerer->setRemoteDescription(*answerer->localDescription());
    } catch (const DOMException& error) {
      EXPECT_EQ(error.name(), "AbortError") << error.what();
    }
  }
};

}  // namespace parley::test
