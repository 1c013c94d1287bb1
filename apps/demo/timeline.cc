#include "timeline.h"

#include <unistd.h>

#include <cstdio>

namespace demo {

bool Timeline::isTerminal() { return ::isatty(STDOUT_FILENO) == 1; }

double Timeline::milliseconds() const {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
      .count();
}

void Timeline::heading(std::string_view text) {
  std::printf("\n%s%.*s%s\n", colours_ ? "\033[1m" : "", static_cast<int>(text.size()), text.data(),
              colours_ ? "\033[0m" : "");
}

void Timeline::line(std::string_view who, std::string_view what) {
  std::printf("  %9.2f ms  %-8.*s  %.*s\n", milliseconds(), static_cast<int>(who.size()),
              who.data(), static_cast<int>(what.size()), what.data());
  std::fflush(stdout);
}

}  // namespace demo
