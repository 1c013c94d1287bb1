#pragma once

#include <array>
#include <cstdint>

#include "core/bytes.h"

namespace parley {

using SipKey = std::array<std::uint8_t, 16>;
using SipTag = std::array<std::uint8_t, 16>;

// SipHash-2-4 with a 128-bit result: a keyed hash for short inputs that needs no library. It
// authenticates what we hand out and get back ourselves; between two parties use crypto's HMAC.
SipTag sipHash128(const SipKey& key, Bytes input);

// Compares every byte whatever the first ones say, so that its time tells nothing.
bool equalInConstantTime(Bytes a, Bytes b);

}  // namespace parley
