#include "record.h"

#include <cstdio>
#include <memory>
#include <string_view>

#include "run.h"
#include "trace/json.h"
#include "trace/pcapng.h"
#include "trace/recorder.h"
#include "trace/text.h"

namespace parley::seeds {
namespace {

using File = std::shared_ptr<std::FILE>;

trace::Output into(const std::string& path) {
  const File file(std::fopen(path.c_str(), "wb"), [](std::FILE* open) {
    if (open) std::fclose(open);
  });
  return [file](std::string_view text) {
    if (file) std::fwrite(text.data(), 1, text.size(), file.get());
  };
}

}  // namespace

void record(const Plan& plan, const std::string& stem, bool isTold) {
  trace::Recorder recorder;
  const auto text = into(stem + ".txt");
  recorder.add<trace::TextWriter>(
      [text, isTold](std::string_view line) {
        text(line);
        if (isTold) std::fwrite(line.data(), 1, line.size(), stdout);
      },
      true);
  recorder.add<trace::JsonWriter>(into(stem + ".jsonl"), true);
  recorder.add<trace::PcapngWriter>(into(stem + ".pcapng"));
  recorder.add<trace::KeyLogWriter>(into(stem + ".keys"));
  run(plan, {.isVerbose = isTold, .trace = &recorder});
}

}  // namespace parley::seeds
