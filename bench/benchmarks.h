#pragma once

#include "report.h"

namespace bench {

// handshake.cc
void measureHandshake(Report& report);

// lifecycle.cc
void measureSetUp(Report& report);
void measureParallelSetUp(Report& report);
void measureIdleMemory(Report& report);
void measureClose(Report& report);

// data.cc
void measureBulk(Report& report, std::size_t messageSize);
void measureSmallMessages(Report& report);
void measurePingPong(Report& report);

}  // namespace bench
