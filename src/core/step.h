#pragma once

#include <cstdint>

#include "core/packet.h"
#include "core/random.h"
#include "core/time.h"
#include "core/trace.h"

namespace parley {

// One turn of the loop's crank. Everything that happens inside it happens at the same instant,
// and everything it sends leaves together when it ends. A protocol core sees the outside world
// only through the step it is handed.
struct Step {
  Instant now;
  std::int64_t wallMicros = 0;  // UTC, for certificates, reports and statistics only
  PacketPool& packets;
  Random& random;
  Secrets& secrets;
  TraceSink& trace;
};

}  // namespace parley
