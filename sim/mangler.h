#pragma once

#include "core/bytes.h"
#include "core/random.h"
#include "sim/link_options.h"

namespace parley::sim {

// What a bad link does to the bytes: a bit over, a piece off, something behind the end. Returns
// whether it did any of it.
bool mangle(const LinkOptions& options, Random& random, ByteVector& bytes);

}  // namespace parley::sim
