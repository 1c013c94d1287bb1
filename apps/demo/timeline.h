#pragma once

#include <chrono>
#include <string_view>

namespace demo {

// Prints what happened when, one line each, in milliseconds since it was made.
class Timeline {
 public:
  void heading(std::string_view text);
  void line(std::string_view who, std::string_view what);
  double milliseconds() const;

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  bool colours_ = isTerminal();

  static bool isTerminal();
};

}  // namespace demo
