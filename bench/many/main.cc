// parley_many [CONNECTIONS [IDLE_SECONDS [FILE]]]: that many connections on one UDP port of one
// process, their other ends in a second one with a socket each.

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "many/ends.h"

namespace {

void raiseDescriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  bench::ManyOptions options;
  if (argc > 1)
    options.connections = static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10));
  if (argc > 2) options.idleSeconds = std::atoi(argv[2]);
  if (argc > 4 || options.connections == 0 || options.idleSeconds < 0) {
    std::fprintf(stderr, "usage: %s [CONNECTIONS [IDLE_SECONDS [FILE]]]\n", argv[0]);
    return 2;
  }
  raiseDescriptorLimit();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
  const pid_t child = ::fork();  // before there is a thread
  if (child < 0) return 1;
  ::close(ends[child == 0 ? 0 : 1]);
  if (child == 0) {
    bench::connectMany(ends[1], options);
    return 0;
  }
  bench::Report report;
  bench::serveMany(ends[0], options, report);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (argc > 3 && !report.write(argv[3])) return 1;
  return status == 0 ? 0 : 1;
}
