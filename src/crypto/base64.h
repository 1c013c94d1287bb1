#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace parley::crypto {

// RFC 4648 4, with padding and without line breaks.
std::string base64Encode(Bytes bytes);

// Accepts exactly what base64Encode() writes: full padding, no white space, zero pad bits.
std::optional<ByteVector> base64Decode(std::string_view text);

}  // namespace parley::crypto
