// parley_bench [--output FILE]: the base line of this machine in one run.

#include <cstdio>
#include <cstring>

#include "benchmarks.h"

int main(int argc, char** argv) {
  const char* output = argc == 3 && std::strcmp(argv[1], "--output") == 0 ? argv[2] : nullptr;
  if (argc != 1 && !output) {
    std::fprintf(stderr, "usage: %s [--output FILE]\n", argv[0]);
    return 2;
  }
  bench::Report report;
  bench::measureIdleMemory(report);  // first, while the heap is still small
  bench::measureSetUp(report);
  bench::measureParallelSetUp(report);
  for (const std::size_t size : {1'024uz, 16'384uz, 65'536uz, 262'144uz})
    bench::measureBulk(report, size);
  bench::measureSmallMessages(report);
  bench::measurePingPong(report);
  bench::measureClose(report);
  if (output && !report.write(output)) {
    std::fprintf(stderr, "cannot write %s\n", output);
    return 1;
  }
}
