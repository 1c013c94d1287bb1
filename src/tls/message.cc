#include "tls/message.h"

#include <algorithm>
#include <utility>

namespace parley::dtls {

ByteVector Message::encode() const {
  ByteVector bytes(kHeader + body.size());
  const auto length = static_cast<std::uint32_t>(body.size());
  WireWriter(bytes)
      .u8(static_cast<std::uint8_t>(type))
      .u24(length)
      .u16(sequence)
      .u24(0)
      .u24(length)
      .bytes(body);
  return bytes;
}

// RFC 6347 4.2.2.
std::optional<MessageAssembler::Fragment> MessageAssembler::Fragment::read(WireReader& in) {
  Fragment fragment;
  fragment.type = static_cast<MessageType>(in.u8());
  fragment.length = in.u24();
  fragment.sequence = in.u16();
  fragment.offset = in.u24();
  fragment.bytes = in.bytes(in.u24());
  if (in.failed()) return std::nullopt;
  return fragment;
}

bool MessageAssembler::take(Bytes record, std::vector<Message>& whole) {
  WireReader in(record);
  do {
    const auto fragment = Fragment::read(in);
    if (!fragment || fragment->offset + fragment->bytes.size() > fragment->length ||
        fragment->length > limits::dtls::kMessage || fragment->sequence >= partial_.size()) {
      return false;
    }
    if (fragment->isWhole()) {
      whole.push_back({fragment->type, fragment->sequence, toVector(fragment->bytes)});
    } else if (!fragment->bytes.empty()) {
      add(*fragment, whole);
    }
  } while (in.remaining() > 0);
  return true;
}

void MessageAssembler::add(const Fragment& fragment, std::vector<Message>& whole) {
  std::optional<Partial>& slot = partial_[fragment.sequence];
  if (!slot || slot->message.type != fragment.type || slot->has.size() != fragment.length) {
    slot = Partial{{fragment.type, fragment.sequence, ByteVector(fragment.length)},
                   std::vector<bool>(fragment.length),
                   fragment.length};
  }
  std::ranges::copy(fragment.bytes, slot->message.body.begin() + fragment.offset);
  for (std::size_t at = fragment.offset; at < fragment.offset + fragment.bytes.size(); ++at) {
    if (!slot->has[at]) --slot->missing;
    slot->has[at] = true;
  }
  if (slot->missing > 0) return;
  whole.push_back(std::move(slot->message));
  slot.reset();
}

std::size_t MessageAssembler::bytesHeld() const {
  std::size_t bytes = 0;
  for (const auto& slot : partial_) bytes += slot ? slot->message.body.size() : 0;
  return bytes;
}

}  // namespace parley::dtls
