#include "channel.h"

#include <string_view>

namespace parley::node {

std::span<const napi_property_descriptor> Channel::properties() {
  static const napi_property_descriptor kProperties[] = {
      read<Channel, &RTCDataChannel::label>("label"),
      read<Channel, &RTCDataChannel::ordered>("ordered"),
      read<Channel, &RTCDataChannel::maxPacketLifeTime>("maxPacketLifeTime"),
      read<Channel, &RTCDataChannel::maxRetransmits>("maxRetransmits"),
      read<Channel, &RTCDataChannel::protocol>("protocol"),
      read<Channel, &RTCDataChannel::negotiated>("negotiated"),
      read<Channel, &RTCDataChannel::id>("id"),
      read<Channel, &RTCDataChannel::priority>("priority"),
      read<Channel, &RTCDataChannel::readyState>("readyState"),
      read<Channel, &RTCDataChannel::bufferedAmount>("bufferedAmount"),
      read<Channel, &RTCDataChannel::bufferedAmountLowThreshold>("bufferedAmountLowThreshold"),
      method<Channel, &Channel::setBufferedAmountLowThreshold>("setBufferedAmountLowThreshold"),
      method<Channel, &Channel::send>("send"),
      read<Channel, &RTCDataChannel::close>("close"),
      read<Channel, &RTCDataChannel::pauseReceiving>("pauseReceiving"),
      read<Channel, &RTCDataChannel::resumeReceiving>("resumeReceiving"),
      read<Channel, &RTCDataChannel::isReceivingPaused>("isReceivingPaused"),
      method<Channel, &Channel::receive>("receive"),
      method<Channel, &Channel::drained>("drained"),
  };
  return kProperties;
}

Channel::Channel(std::shared_ptr<Environment> environment, std::shared_ptr<RTCDataChannel> channel)
    : WrappedShared(std::move(environment), std::move(channel)) {
  const auto simple = [this](const Event& event) { emit(event.type); };
  target_->onopen = simple;
  target_->onbufferedamountlow = simple;
  target_->onclosing = simple;
  target_->onclose = simple;
  target_->onerror = [this](const RTCErrorEvent& event) {
    emit("error", this->environment()->toException(std::make_exception_ptr(event.error)));
  };
  target_->onmessage = [this](const MessageEvent& event) {
    emit("message", toValue(env(), event.data));
  };
}

void Channel::disconnect(RTCDataChannel& channel) {
  channel.onopen = nullptr;
  channel.onbufferedamountlow = nullptr;
  channel.onerror = nullptr;
  channel.onclosing = nullptr;
  channel.onclose = nullptr;
  channel.onmessage = nullptr;
}

napi_value Channel::setBufferedAmountLowThreshold(const Arguments& arguments) {
  target_->setBufferedAmountLowThreshold(static_cast<std::size_t>(readNumber(env(), arguments[0])));
  return undefined(env());
}

napi_value Channel::send(const Arguments& arguments) {
  if (typeOf(env(), arguments[0]) == napi_string) {
    target_->send(std::string_view(arguments.text(0)));
  } else {
    target_->send(readBytes(env(), arguments[0]));
  }
  return undefined(env());
}

napi_value Channel::receive(const Arguments& arguments) {
  follow(target_->receive(), std::make_unique<Promised>(environment(), arguments[0], arguments[1]),
         [env = env()](const std::optional<MessageData>& data) {
           return data ? toValue(env, *data) : undefined(env);
         });
  return undefined(env());
}

napi_value Channel::drained(const Arguments& arguments) {
  follow(target_->drained(), std::make_unique<Promised>(environment(), arguments[0], arguments[1]),
         [env = env()](Undefined) { return undefined(env); });
  return undefined(env());
}

}  // namespace parley::node
