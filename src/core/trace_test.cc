#include "core/trace.h"

namespace parley {
namespace {

class TopicsOnly final : public TraceSink {
 public:
  TopicsOnly() { topics_ = (1u << (static_cast<unsigned>(Topic::peer) + 1)) - 1; }
  void write(Instant, Topic, const char*, std::initializer_list<Field>) override {}
};

TEST(TraceSink, GetsNeitherPacketsNorKeysUnasked) {
  TopicsOnly sink;
  EXPECT_TRUE(sink.wants(Topic::loop));
  EXPECT_TRUE(sink.wants(Topic::peer));
  EXPECT_FALSE(sink.wantsPackets());
  EXPECT_FALSE(sink.wantsKeys());
}

TEST(TraceSink, IsTheSameForEveryNodeUnlessItSaysOtherwise) {
  TopicsOnly sink;
  EXPECT_EQ(&sink.ofNode("a"), &sink);
}

TEST(TraceScope, GivesBackTheSubjectThatWasThereBefore) {
  TopicsOnly sink;
  {
    const TraceScope outer(sink, 7);
    {
      const TraceScope inner(sink, 8);
      EXPECT_EQ(sink.subject(), 8u);
    }
    EXPECT_EQ(sink.subject(), 7u);
  }
  EXPECT_EQ(sink.subject(), 0u);
}

}  // namespace
}  // namespace parley
