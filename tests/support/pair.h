#pragma once

#include <parley/parley.h>

#include <chrono>
#include <memory>

namespace parley::support {

// Two connections on one loop, signalled to each other in memory, with one channel between them.
// `offered` is the end that createDataChannel made, `announced` the other.
class Pair {
 public:
  explicit Pair(Loop& loop, RTCDataChannelInit init = {}, Tuning tuning = {});

  bool isOpen() const;                                                       // at both ends
  bool connect(std::chrono::milliseconds limit = std::chrono::seconds(10));  // runs the loop

  RTCPeerConnection offerer;
  RTCPeerConnection answerer;
  std::shared_ptr<RTCDataChannel> offered;
  std::shared_ptr<RTCDataChannel> announced;

 private:
  Async negotiate();

  Loop& loop_;
};

}  // namespace parley::support
