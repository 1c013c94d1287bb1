#include "trace/text.h"

#include "trace/recorder.h"

namespace parley::trace {
namespace {

using testing::HasSubstr;
using testing::Not;

Output into(std::string& text) {
  return [&text](std::string_view more) { text += more; };
}

TEST(TextWriter, WritesTimeWhoWhatAndWhyOnOneLine) {
  std::string text;
  Recorder recorder;
  recorder.add<TextWriter>(into(text));
  TraceSink& node = recorder.ofNode("alice");
  const TraceScope scope(node, 2);
  node.write(Instant{12'345us}, Topic::ice, "failed", {{"pair", 3}, {"trigger", "no answer"}});
  EXPECT_EQ(text,
            "      12.345  alice#2   ice     failed                    "
            "pair=3 trigger=\"no answer\"\n");
}

TEST(TextWriter, KeepsSecretsOutUnlessItIsToldTo) {
  std::string closed, open;
  Recorder recorder;
  recorder.add<TextWriter>(into(closed), false);
  recorder.add<TextWriter>(into(open), true);
  recorder.write(Instant{}, Topic::ice, "x", {{"address", "192.0.2.1", Field::Kind::secret}});
  EXPECT_THAT(closed, Not(HasSubstr("192.0.2.1")));
  EXPECT_THAT(open, HasSubstr("address=192.0.2.1"));
}

TEST(TextWriter, KeepsALabelWithLineEndsOnOneLine) {
  std::string text;
  Recorder recorder;
  recorder.add<TextWriter>(into(text));
  recorder.write(Instant{}, Topic::channel, "x", {{"label", "a\nb"}});
  EXPECT_THAT(text, HasSubstr("label=\"a.b\"\n"));
}

TEST(RingWriter, KeepsTheLastLinesOnly) {
  Recorder recorder;
  RingWriter& ring = recorder.add<RingWriter>(2u);
  for (const char* name : {"one", "two", "three"}) recorder.write(Instant{}, Topic::loop, name, {});
  EXPECT_THAT(ring.text(), Not(HasSubstr("one")));
  EXPECT_THAT(ring.text(), HasSubstr("two"));
  EXPECT_THAT(ring.text(), HasSubstr("three"));
}

TEST(KeyLogWriter, WritesALinePerKeyAndNothingElse) {
  std::string text;
  Recorder recorder;
  recorder.add<KeyLogWriter>(into(text));
  EXPECT_FALSE(recorder.wants(Topic::ice));
  EXPECT_FALSE(recorder.wantsPackets());
  ASSERT_TRUE(recorder.wantsKeys());
  recorder.ofNode("n").keyLine(Instant{}, "CLIENT_RANDOM aa bb");
  EXPECT_EQ(text, "CLIENT_RANDOM aa bb\n");
}

}  // namespace
}  // namespace parley::trace
