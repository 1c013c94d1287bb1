#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "trace/writer.h"

namespace parley::trace {

// One line for people: milliseconds, node and connection, topic, event, fields. No line end.
std::string textOf(const Event& event, bool secrets);

// Every event as a line of text, at once.
class TextWriter final : public Writer {
 public:
  explicit TextWriter(Output output, bool secrets = false)
      : output_(std::move(output)), secrets_(secrets) {}
  bool wantsEvents() const override { return true; }
  void event(const Event& event) override { output_(textOf(event, secrets_) + '\n'); }

 private:
  Output output_;
  bool secrets_;
};

// Keeps the last lines, for the report of a failure.
class RingWriter final : public Writer {
 public:
  explicit RingWriter(std::size_t linesMax, bool secrets = false)
      : linesMax_(linesMax), secrets_(secrets) {}
  bool wantsEvents() const override { return true; }
  void event(const Event& event) override;
  std::string text() const;

 private:
  std::size_t linesMax_;
  bool secrets_;
  std::deque<std::string> lines_;
};

// The key log alone, a line per handshake, in the form SSLKEYLOGFILE made common.
class KeyLogWriter final : public Writer {
 public:
  explicit KeyLogWriter(Output output) : output_(std::move(output)) {}
  bool wantsKeys() const override { return true; }
  void keyLine(Instant, std::string_view line) override { output_(std::string(line) + '\n'); }

 private:
  Output output_;
};

}  // namespace parley::trace
