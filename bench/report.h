#pragma once

#include <string>
#include <vector>

namespace bench {

// Figures in the order they were measured; printed as they come, written as Markdown at the end.
class Report {
 public:
  void add(std::string what, std::string figure);
  bool writeMarkdown(const std::string& path, const std::string& command) const;

 private:
  struct Row {
    std::string what;
    std::string figure;
  };
  std::vector<Row> rows_;
};

std::string format(const char* pattern, ...) __attribute__((format(printf, 1, 2)));

// The value below which `fraction` of the samples lie; sorts them.
double percentile(std::vector<double>& samples, double fraction);

}  // namespace bench
