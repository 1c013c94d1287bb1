#pragma once

#include <cstdint>
#include <expected>

namespace parley {

template <class T, class E>
using Result = std::expected<T, E>;
template <class E>
using Unexpected = std::unexpected<E>;

// Why bytes from the network were not understood. They are counted, traced and forgotten.
enum class ParseError : std::uint8_t { truncated, malformed, tooLarge, tooMany, unsupported };

}  // namespace parley
