#pragma once

#include <cstddef>

namespace parley::support {

// What the system says of this process.
std::size_t residentBytes();
std::size_t openFiles();
std::size_t threads();
double cpuSeconds();

}  // namespace parley::support
