#pragma once

#include <string>
#include <vector>

namespace bench {

// Figures in the order they were measured; printed as they come. With a path they are also written
// there, a line of key, text and figure each, for bench/run.mjs to set beside those of others.
class Report {
 public:
  void add(std::string key, std::string what, std::string figure);
  bool write(const std::string& path) const;

 private:
  struct Row {
    std::string key;
    std::string what;
    std::string figure;
  };
  std::vector<Row> rows_;
};

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

// The value below which `fraction` of the samples lie; sorts them.
double percentile(std::vector<double>& samples, double fraction);

}  // namespace bench
