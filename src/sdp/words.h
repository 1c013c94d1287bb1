#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

// Cutting SDP values apart. Views into the text that was given; nothing is copied.

namespace parley::sdp {

// Reads words separated by one or more spaces off the front of a value.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view next() {  // empty: no more
    skip();
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(word.size());
    return word;
  }
  std::string_view rest() {  // everything that follows, spaces inside included
    skip();
    return rest_;
  }
  bool done() {
    skip();
    return rest_.empty();
  }

 private:
  void skip() {
    const std::size_t start = rest_.find_first_not_of(' ');
    rest_.remove_prefix(start == std::string_view::npos ? rest_.size() : start);
  }

  std::string_view rest_;
};

// Takes what stands before `separator` off `text`, and the separator too.
inline std::string_view takeUntil(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

// Decimal digits and nothing else, within the range of the type.
template <std::unsigned_integral Number>
std::optional<Number> parseNumber(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// RFC 3551 6: seven bits. Written in one way only, so that equal types are equal texts.
inline std::optional<std::uint8_t> parsePayloadType(std::string_view text) {
  const std::optional<std::uint8_t> type = parseNumber<std::uint8_t>(text);
  const bool padded = text.size() > 1 && text.front() == '0';
  return type && *type <= 127 && !padded ? type : std::nullopt;
}

}  // namespace parley::sdp
