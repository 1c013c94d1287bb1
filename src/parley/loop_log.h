#pragma once

#include "core/trace.h"
#include "parley/runtime.h"

namespace parley {

// Turns trace points into log records for a program's own sink.
struct Loop::Log final : TraceSink {
  explicit Log(const LogConfig& config);
  void write(Instant when, Topic topic, const char* event,
             std::initializer_list<Field> fields) override;

 private:
  const LogConfig& config_;
};

}  // namespace parley
