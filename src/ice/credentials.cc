#include "ice/credentials.h"

#include <algorithm>

#include "core/limits.h"

namespace parley::ice {
namespace {

constexpr std::string_view kIceChars =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kUfragMin = 4;
constexpr std::size_t kPasswordMin = 22;

// 64 characters, so six bits of every random byte choose one without a bias.
std::string draw(Secrets& secrets, std::size_t length) {
  std::string text(length, '\0');
  secrets.fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  for (char& c : text) c = kIceChars[static_cast<std::uint8_t>(c) & 63];
  return text;
}

bool isWithin(std::string_view text, std::size_t shortest) {
  return text.size() >= shortest && text.size() <= limits::ice::kCredentialMax && isIceChars(text);
}

}  // namespace

Credentials Credentials::generate(Secrets& secrets) {
  Credentials made;
  made.ufrag = draw(secrets, limits::ice::kUfragLength);
  made.password = draw(secrets, limits::ice::kPasswordLength);
  return made;
}

bool Credentials::isValid() const {
  return isWithin(ufrag, kUfragMin) && isWithin(password, kPasswordMin);
}

bool isIceChars(std::string_view text) {
  return std::ranges::all_of(text,
                             [](char c) { return kIceChars.find(c) != std::string_view::npos; });
}

}  // namespace parley::ice
