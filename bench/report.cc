#include "report.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <fstream>
#include <parley/version.h>
#include <thread>

namespace bench {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

}  // namespace

std::string format(const char* pattern, ...) {
  char text[256];
  std::va_list arguments;
  va_start(arguments, pattern);
  std::vsnprintf(text, sizeof text, pattern, arguments);
  va_end(arguments);
  return text;
}

double percentile(std::vector<double>& samples, double fraction) {
  if (samples.empty()) return 0;
  std::ranges::sort(samples);
  const auto rank = static_cast<std::size_t>(fraction * static_cast<double>(samples.size()));
  return samples[std::min(rank, samples.size() - 1)];
}

void Report::add(std::string what, std::string figure) {
  std::printf("%-64s %s\n", what.c_str(), figure.c_str());
  std::fflush(stdout);
  rows_.push_back({std::move(what), std::move(figure)});
}

bool Report::writeMarkdown(const std::string& path, const std::string& command) const {
  utsname system{};
  ::uname(&system);
  std::ofstream out(path);
  out << "# Benchmarks\n\nWritten by `" << command << "`, the base line of this version. Both peers "
      << "run in one process on one\nloop (one thread) and talk over real UDP sockets of this "
      << "machine.\n\n"
      << "Machine: " << processor() << ", " << std::thread::hardware_concurrency()
      << " hardware threads, " << system.sysname << ' ' << system.release << ".\nParley "
      << parley::version().parley << ", " << parley::version().openssl << ".\n\n"
      << "| What | Figure |\n| --- | --- |\n";
  for (const Row& row : rows_) out << "| " << row.what << " | " << row.figure << " |\n";
  return out.good();
}

}  // namespace bench
