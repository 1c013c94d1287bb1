#include "core/ports.h"
#include "core/trace.h"

namespace parley {
namespace {

TEST(EventQueue, GivesEventsInOrderAndCanBeFilledAgain) {
  EventQueue<int> events;
  EXPECT_FALSE(events.pop());
  events.push(1);
  events.push(2);
  EXPECT_EQ(events.pop(), 1);
  events.push(3);
  EXPECT_EQ(events.pop(), 2);
  EXPECT_EQ(events.pop(), 3);
  EXPECT_FALSE(events.pop());
  EXPECT_TRUE(events.empty());
}

class CollectingTrace final : public TraceSink {
 public:
  explicit CollectingTrace(Topic wanted) { topics_ = 1u << static_cast<unsigned>(wanted); }
  void write(Instant, Topic, const char* event, std::initializer_list<Field> fields) override {
    lines.push_back(event + std::to_string(fields.begin()->number));
  }
  std::vector<std::string> lines;
};

struct StepLike {
  Instant now{};
  TraceSink& trace;
};

TEST(Trace, EvaluatesItsFieldsOnlyWhenTheTopicIsWanted) {
  CollectingTrace sink(Topic::ice);
  StepLike step{{}, sink};
  int evaluated = 0;
  PARLEY_TRACE(step, Topic::ice, "seen", {"n", ++evaluated});
  PARLEY_TRACE(step, Topic::sctp, "unseen", {"n", ++evaluated});
  EXPECT_EQ(evaluated, 1);
  EXPECT_THAT(sink.lines, testing::ElementsAre("seen1"));
  EXPECT_EQ(topicName(Topic::peer), "peer");
}

}  // namespace
}  // namespace parley
