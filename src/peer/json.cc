#include "peer/json.h"

#include <charconv>
#include <utility>

#include "peer/utf8.h"

namespace parley::peer {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<JsonObject> object() {
    JsonObject result;
    if (!take('{')) return std::nullopt;
    if (!take('}')) {
      do {
        skipSpace();
        auto name = string();
        if (!name || !take(':')) return std::nullopt;
        auto value = this->value();
        if (!value) return std::nullopt;
        result.insert_or_assign(std::move(*name), std::move(*value));
      } while (take(','));
      if (!take('}')) return std::nullopt;
    }
    skipSpace();
    if (!rest_.empty()) return std::nullopt;
    return result;
  }

 private:
  void skipSpace() {
    while (!rest_.empty() && std::string_view(" \t\r\n").contains(rest_.front()))
      rest_.remove_prefix(1);
  }
  bool take(char wanted) {
    skipSpace();
    return takeHere(wanted);
  }
  bool takeHere(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool takeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<JsonValue> value() {
    skipSpace();
    if (rest_.starts_with('"')) {
      auto text = string();
      if (!text) return std::nullopt;
      return JsonValue(std::move(*text));
    }
    if (takeWord("null")) return JsonValue(nullptr);
    if (takeWord("true")) return JsonValue(true);
    if (takeWord("false")) return JsonValue(false);
    return number();
  }

  std::size_t digits(std::size_t from) const {
    std::size_t at = from;
    while (at < rest_.size() && rest_[at] >= '0' && rest_[at] <= '9') ++at;
    return at - from;
  }

  std::optional<JsonValue> number() {  // RFC 8259 6
    std::size_t size = rest_.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits(size);
    if (whole == 0 || (whole > 1 && rest_[size] == '0')) return std::nullopt;
    size += whole;
    if (size < rest_.size() && rest_[size] == '.') {
      const std::size_t fraction = digits(size + 1);
      if (fraction == 0) return std::nullopt;
      size += 1 + fraction;
    }
    if (size < rest_.size() && (rest_[size] == 'e' || rest_[size] == 'E')) {
      std::size_t at = size + 1;
      if (at < rest_.size() && (rest_[at] == '+' || rest_[at] == '-')) ++at;
      const std::size_t exponent = digits(at);
      if (exponent == 0) return std::nullopt;
      size = at + exponent;
    }
    double result = 0;
    const auto read = std::from_chars(rest_.data(), rest_.data() + size, result);
    if (read.ec != std::errc()) return std::nullopt;
    rest_.remove_prefix(size);
    return JsonValue(result);
  }

  std::optional<std::string> string() {
    if (!takeHere('"')) return std::nullopt;
    std::string text;
    while (!rest_.empty()) {
      const char next = rest_.front();
      rest_.remove_prefix(1);
      if (next == '"') return toUtf8(text);
      if (static_cast<unsigned char>(next) < 0x20) return std::nullopt;
      if (next != '\\')
        text.push_back(next);
      else if (!escape(text))
        return std::nullopt;
    }
    return std::nullopt;
  }

  bool escape(std::string& text) {
    if (rest_.empty()) return false;
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    static constexpr std::string_view kKinds = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t at = kKinds.find(kind); at != kKinds.npos) {
      text.push_back(kMeanings[at]);
      return true;
    }
    if (kind != 'u') return false;
    auto unit = hex4();
    if (!unit) return false;
    char32_t codePoint = *unit;
    if (codePoint >= 0xd800 && codePoint < 0xdc00 && rest_.starts_with("\\u")) {
      const std::string_view before = rest_;
      rest_.remove_prefix(2);
      const auto low = hex4();
      if (!low) return false;
      if (*low >= 0xdc00 && *low < 0xe000)
        codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (*low - 0xdc00);
      else
        rest_ = before;  // two lone halves
    }
    appendUtf8(text, codePoint);
    return true;
  }

  std::optional<char32_t> hex4() {
    unsigned value = 0;
    if (rest_.size() < 4) return std::nullopt;
    const auto read = std::from_chars(rest_.data(), rest_.data() + 4, value, 16);
    if (read.ec != std::errc() || read.ptr != rest_.data() + 4) return std::nullopt;
    rest_.remove_prefix(4);
    return value;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<JsonObject> parseJson(std::string_view text) { return Reader(text).object(); }

void JsonWriter::begin(std::string_view name) {
  if (text_.size() > 1) text_ += ',';
  quote(name);
  text_ += ':';
}

void JsonWriter::quote(std::string_view value) {
  static constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t", kKinds = "\"\\bfnrt";
  static constexpr std::string_view kHex = "0123456789abcdef";
  text_ += '"';
  for (const char next : value) {
    const auto byte = static_cast<unsigned char>(next);
    if (const std::size_t at = kMeanings.find(next); at != kMeanings.npos) {
      text_ += '\\';
      text_ += kKinds[at];
    } else if (byte < 0x20) {
      text_ += "\\u00";
      text_ += kHex[byte >> 4];
      text_ += kHex[byte & 15];
    } else {
      text_ += next;
    }
  }
  text_ += '"';
}

JsonWriter& JsonWriter::add(std::string_view name, std::string_view value) {
  begin(name);
  quote(value);
  return *this;
}

JsonWriter& JsonWriter::add(std::string_view name, const std::optional<std::string>& value) {
  if (value) return add(name, std::string_view(*value));
  begin(name);
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::add(std::string_view name, std::optional<unsigned> value) {
  begin(name);
  text_ += value ? std::to_string(*value) : "null";
  return *this;
}

}  // namespace parley::peer
