#pragma once

#include <string>

#include "core/trace.h"
#include "plan.h"

namespace parley::seeds {

// Runs a plan once more with everything written down beside `stem`: .txt for people, .jsonl in the
// form of qlog, .pcapng with the datagrams and what was in them, .keys as SSLKEYLOGFILE. The run is
// the same, because nothing in a world looks at its trace. `isTold` prints it as it goes.
void record(const Plan& plan, const std::string& stem, bool isTold);

}  // namespace parley::seeds
