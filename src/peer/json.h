#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// As much of JSON (RFC 8259) as descriptions and candidates are made of: one flat object. Objects
// and arrays inside it are refused; so is everything the grammar does not allow.

namespace parley::peer {

using JsonValue = std::variant<std::nullptr_t, bool, double, std::string>;
using JsonObject = std::map<std::string, JsonValue, std::less<>>;  // of equal names the last counts

std::optional<JsonObject> parseJson(std::string_view text);

// Writes members in the order given: JsonWriter().add("type", "offer").finish().
class JsonWriter {
 public:
  JsonWriter& add(std::string_view name, std::string_view value);
  JsonWriter& add(std::string_view name, const std::optional<std::string>& value);
  JsonWriter& add(std::string_view name, std::optional<unsigned> value);
  std::string finish() { return text_ + "}"; }

 private:
  void begin(std::string_view name);
  void quote(std::string_view value);

  std::string text_ = "{";
};

}  // namespace parley::peer
