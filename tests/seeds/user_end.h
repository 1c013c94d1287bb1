#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "user.h"

namespace parley::seeds {

// One end of a data channel as its user sees it.
struct User::End {
  Channel channel;
  std::string name;  // of what we send: "<label>/<who>"
  std::string peerName;
  RTCDataChannelInit init;
  std::optional<Agreed> agreed;
  bool isPulled = false;
  bool greets = false;  // sends as soon as it is open
  bool wasOpen = false;
  bool sawClosing = false;
  bool wasClosed = false;  // the close event came
  bool closedHere = false;
  bool failed = false;  // an error event came
  Instant openedAt{}, closedAt{};
  std::size_t accepted = 0;  // bytes that send() took
  std::size_t buffered = 0;
  std::size_t lows = 0, crossings = 0;
};

}  // namespace parley::seeds
