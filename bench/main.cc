// parley_bench [setup] [--output FILE]: the base line of this machine in one run; with "setup" only
// what it takes to make, hold and close connections.

#include <cstdio>
#include <cstring>

#include "benchmarks.h"

int main(int argc, char** argv) {
  const bool isSetUpOnly = argc > 1 && std::strcmp(argv[1], "setup") == 0;
  const int next = isSetUpOnly ? 2 : 1;
  const bool hasOutput = argc == next + 2 && std::strcmp(argv[next], "--output") == 0;
  const char* output = hasOutput ? argv[next + 1] : nullptr;
  if (argc != next && !output) {
    std::fprintf(stderr, "usage: %s [setup] [--output FILE]\n", argv[0]);
    return 2;
  }
  bench::Report report;
  bench::measureIdleMemory(report);  // first, while the heap is still small
  bench::measureHandshake(report);
  bench::measureSetUp(report);
  bench::measureParallelSetUp(report);
  if (!isSetUpOnly) {
    for (const std::size_t size : {1'024uz, 16'384uz, 65'536uz, 262'144uz})
      bench::measureBulk(report, size);
    bench::measureSmallMessages(report);
    bench::measurePingPong(report);
  }
  bench::measureClose(report);
  if (output && !report.write(output)) {
    std::fprintf(stderr, "cannot write %s\n", output);
    return 1;
  }
}
