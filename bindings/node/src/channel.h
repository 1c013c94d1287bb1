#pragma once

#include <memory>
#include <span>

#include "parley/data_channel.h"
#include "wrapped.h"

namespace parley::node {

class Channel final : public WrappedShared<Channel, RTCDataChannel> {
 public:
  static constexpr const char* kName = "Channel";
  static std::span<const napi_property_descriptor> properties();
  static void disconnect(RTCDataChannel& channel);

  Channel(std::shared_ptr<Environment> environment, std::shared_ptr<RTCDataChannel> channel);

 private:
  napi_value send(const Arguments& arguments);
  napi_value receive(const Arguments& arguments);
  napi_value drained(const Arguments& arguments);
  napi_value setBufferedAmountLowThreshold(const Arguments& arguments);
};

}  // namespace parley::node
