#pragma once

// Broken invariants stop the process, in every build; input never triggers one.

namespace parley {

[[noreturn]] void assertionFailed(const char* expression, const char* file, int line);

}  // namespace parley

#define PARLEY_ASSERT(expression)         \
  (static_cast<bool>(expression) ? void() \
                                 : ::parley::assertionFailed(#expression, __FILE__, __LINE__))
