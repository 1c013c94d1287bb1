#pragma once

#include "loop/driver.h"

namespace parley::runtime {

// The one place that reads the clocks of the system.
loop::ClockReading readClock();

}  // namespace parley::runtime
