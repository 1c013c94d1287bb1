#pragma once

#include "trace/writer.h"

namespace parley::trace {

// JSON lines with the field names of qlog: a header line, then one event per line. It is the text
// sequence of qlog without its record separators, so that every line parses by itself.
class JsonWriter final : public Writer {
 public:
  explicit JsonWriter(Output output, bool secrets = false);
  bool wantsEvents() const override { return true; }
  void event(const Event& event) override;

 private:
  Output output_;
  bool secrets_;
};

}  // namespace parley::trace
