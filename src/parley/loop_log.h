#pragma once

#include "core/trace.h"
#include "parley/runtime.h"
#include "trace/recorder.h"

namespace parley {

// Turns trace points into log records for a program's own sink, and into the recordings that were
// asked for.
struct Loop::Log final : TraceSink {
  explicit Log(const LogConfig& config);
  void write(Instant when, Topic topic, const char* event,
             std::initializer_list<Field> fields) override;

  void packet(const TracedPacket& packet) override { recorder_.packet(packet); }
  void keyLine(Instant when, std::string_view line) override { recorder_.keyLine(when, line); }

 private:
  void record();
  void writeRecord(Instant when, Topic topic, const char* event,
                   std::initializer_list<Field> fields);

  const LogConfig& config_;
  std::uint32_t logged_ = 0;  // the topics of config_.sink, a bit each
  trace::Recorder recorder_;
};

}  // namespace parley
