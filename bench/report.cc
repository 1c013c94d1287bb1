#include "report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <fstream>

namespace bench {

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

void Report::add(std::string key, std::string what, std::string figure) {
  std::printf("%-72s %s\n", what.c_str(), figure.c_str());
  std::fflush(stdout);
  rows_.push_back({std::move(key), std::move(what), std::move(figure)});
}

bool Report::write(const std::string& path) const {
  std::ofstream out(path);
  for (const Row& row : rows_) out << row.key << '\t' << row.what << '\t' << row.figure << '\n';
  return out.good();
}

}  // namespace bench
