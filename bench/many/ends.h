#pragma once

#include <cstdint>

#include "report.h"

namespace bench {

struct ManyOptions {
  std::uint32_t connections = 1'000;
  int idleSeconds = 60;
};

// The two processes, each with one end of the pair. They return when all is over.
void serveMany(int descriptor, const ManyOptions& options, Report& report);
void connectMany(int descriptor, const ManyOptions& options);

}  // namespace bench
