#pragma once

#include <string>
#include <string_view>

namespace parley::peer {

bool isUtf8(std::string_view text);

// Each maximal part of an ill-formed sequence becomes U+FFFD, as "UTF-8 decode" of the WHATWG
// Encoding standard has it; well-formed text comes back unchanged.
std::string toUtf8(std::string_view text);

// Appends one code point; surrogates become U+FFFD.
void appendUtf8(std::string& text, char32_t codePoint);

}  // namespace parley::peer
