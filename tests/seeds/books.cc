#include "books.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace parley::seeds {
namespace {

// "<name>:<number>;" and then a pattern that no other message of the run has.
std::string bodyOf(const std::string& name, std::size_t number, std::size_t size) {
  std::string body = name + ":" + std::to_string(number) + ";";
  const std::size_t head = std::min(body.size(), size);
  body.resize(size);
  for (std::size_t i = head; i < size; ++i)
    body[i] = static_cast<char>('0' + (i * 7 + number * 13 + name.size()) % 75);
  return body;
}

std::string_view viewOf(const MessageData& message) {
  if (const auto* text = std::get_if<std::string>(&message)) return *text;
  const auto& bytes = std::get<std::vector<std::uint8_t>>(message);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The number a message claims to have, or SIZE_MAX when it does not say.
std::size_t numberIn(std::string_view body, const std::string& name) {
  std::size_t number = SIZE_MAX;
  if (!body.starts_with(name + ":")) return number;
  body.remove_prefix(name.size() + 1);
  std::from_chars(body.data(), body.data() + std::min(body.size(), body.find(';')), number);
  return number;
}

}  // namespace

MessageData Books::Line::next(const std::string& name, std::size_t size, bool isText) const {
  std::string body = bodyOf(name, sizes_.size(), size);
  if (isText) return body;
  return std::vector<std::uint8_t>(body.begin(), body.end());
}

void Books::Line::sent(std::size_t size, bool isText) { sizes_.push_back({size, isText}); }

std::string Books::Line::claim(std::size_t number, const std::string& name,
                               const MessageData& message) {
  if (number >= sizes_.size()) return "a message that was never sent";
  Sent& sent = sizes_[number];
  if (sent.delivered) return "message " + std::to_string(number) + " a second time";
  if (sent.isText != std::holds_alternative<std::string>(message))
    return "message " + std::to_string(number) + " as the other kind";
  if (viewOf(message) != bodyOf(name, number, sent.size))
    return "message " + std::to_string(number) + " with other bytes";
  sent.delivered = true;
  ++delivered_;
  return {};
}

std::string Books::Line::deliver(const std::string& name, const MessageData& message) {
  if (isOrdered_ && isReliable_) {
    std::string wrong = claim(nextInOrder_, name, message);
    ++nextInOrder_;
    return wrong;
  }
  const std::size_t number = numberIn(viewOf(message), name);
  if (number == SIZE_MAX) return "bytes that are no message of this channel";
  if (isOrdered_ && number < nextInOrder_)
    return "message " + std::to_string(number) + " after a later one";
  nextInOrder_ = number + 1;
  return claim(number, name, message);
}

Books::Line& Books::line(const std::string& label, int from, const RTCDataChannelInit& init) {
  return lines_.try_emplace({label, from}, init).first->second;
}

const Books::Line* Books::find(const std::string& label, int from) const {
  const auto found = lines_.find({label, from});
  return found == lines_.end() ? nullptr : &found->second;
}

}  // namespace parley::seeds
