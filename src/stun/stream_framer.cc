#include "stun/stream_framer.h"

#include <utility>

#include "core/wire.h"
#include "stun/channel_data.h"
#include "stun/protocol.h"

namespace parley::stun {

namespace {
constexpr std::size_t kLengthEnd = 4;  // of either header: the length is in the second two bytes
constexpr std::size_t kCookieEnd = 8;
}  // namespace

void StreamFramer::push(Bytes bytes) {
  queue_.drop(std::exchange(taken_, 0));
  if (!failed_) queue_.push(bytes);
}

std::optional<MutableBytes> StreamFramer::next() {
  queue_.drop(std::exchange(taken_, 0));
  const auto frame = frameAtFront();
  if (failed_) queue_.clear();
  if (!frame || queue_.size() < frame->message + frame->padding) return std::nullopt;
  taken_ = frame->message + frame->padding;
  return queue_.mutableBytes().first(frame->message);
}

std::optional<StreamFramer::Frame> StreamFramer::frameAtFront() {
  if (failed_ || queue_.empty()) return std::nullopt;
  const Bytes front = queue_.bytes();
  const bool isChannel = ChannelData::looksLike(front);
  failed_ = !isChannel && front[0] >= 64;  // RFC 8489 5: the first two bits of STUN are 0
  if (failed_ || front.size() < kLengthEnd) return std::nullopt;
  WireReader in(front);
  in.skip(2);
  const std::size_t length = in.u16();
  if (isChannel) {
    failed_ = kChannelHeader + length > largest_;
    return Frame{kChannelHeader + length, (4 - length % 4) % 4};
  }
  failed_ = length % 4 != 0 || kHeaderSize + length > largest_ ||
            (front.size() >= kCookieEnd && in.u32() != kMagicCookie);
  return Frame{kHeaderSize + length, 0};
}

}  // namespace parley::stun
