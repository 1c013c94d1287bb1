#include "trace/json.h"

#include "trace/recorder.h"

namespace parley::trace {
namespace {

TEST(JsonWriter, WritesAHeaderAndThenOneObjectPerLine) {
  std::string text;
  Recorder recorder;
  recorder.add<JsonWriter>([&text](std::string_view more) { text += more; });
  TraceSink& node = recorder.ofNode("bob");
  const TraceScope scope(node, 1);
  node.write(Instant{1'500us}, Topic::sctp, "packet_dropped", {{"count", -2}, {"trigger", "x"}});
  const std::size_t header = text.find('\n');
  EXPECT_THAT(text.substr(0, header), testing::HasSubstr("\"qlog_version\""));
  EXPECT_EQ(text.substr(header + 1),
            R"({"time":1.500,"name":"sctp:packet_dropped","group_id":"bob#1",)"
            R"("data":{"count":-2,"trigger":"x"}})"
            "\n");
}

TEST(JsonWriter, EscapesWhateverAPeerCallsItsChannel) {
  std::string text;
  Recorder recorder;
  recorder.add<JsonWriter>([&text](std::string_view more) { text += more; });
  recorder.write(Instant{}, Topic::channel, "x", {{"label", "\"\\\n\xff"}});
  EXPECT_THAT(text, testing::HasSubstr(R"("label":"\"\\\u000a\u00ff")"));
}

}  // namespace
}  // namespace parley::trace
