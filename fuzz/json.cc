#include "peer/json.h"

#include "fuzz/common.h"
#include "peer/utf8.h"

// Objects that are read are written and read again; a string written by us is read as it was.
// max_len: 64

namespace parley::fuzz {

void oneInput(Bytes input) {
  const Frugal frugal(input.size());
  if (const auto first = peer::parseJson(textOf(input))) {
    peer::JsonWriter writer;
    peer::JsonObject written;
    for (const auto& [name, value] : *first) {
      if (const auto* text = std::get_if<std::string>(&value)) {
        writer.add(name, std::string_view(*text));
        written.emplace(name, *text);
      } else if (std::holds_alternative<std::nullptr_t>(value)) {
        writer.add(name, std::optional<std::string>());
        written.emplace(name, nullptr);
      } else if (const auto* number = std::get_if<double>(&value)) {
        FUZZ_REQUIRE(*number - *number == 0);  // neither infinite nor no number
      }
    }
    const auto second = peer::parseJson(writer.finish());
    FUZZ_REQUIRE(second && *second == written);
  }
  const std::string text = peer::toUtf8(textOf(input));
  const auto quoted = peer::parseJson(peer::JsonWriter().add("a", std::string_view(text)).finish());
  FUZZ_REQUIRE(quoted && std::get<std::string>(quoted->at("a")) == text);
}

}  // namespace parley::fuzz
