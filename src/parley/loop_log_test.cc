#include "parley/loop_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parley/loop_state.h"

namespace parley {
namespace {

LoopConfig with(LogConfig log) {
  LoopConfig config;
  config.log = std::move(log);
  return config;
}

struct LoopLogTest : testing::Test {
  std::vector<std::string> lines;
  LogConfig config;

  LoopLogTest() {
    config.sink = [this](const LogRecord& record) {
      lines.push_back(std::to_string(record.micros) + " " + std::string(record.topic) + " " +
                      std::string(record.event) + " " + std::string(record.fields));
    };
  }
  // The log of a loop, through the face that protocol cores see.
  void write(Topic topic, std::initializer_list<Field> fields) {
    Loop loop(with(config));
    TraceSink& trace = loop.state().log;
    if (trace.wants(topic)) trace.write(Instant{1500us}, topic, "event", fields);
  }
};

TEST_F(LoopLogTest, WritesFieldsAsNamesAndValues) {
  write(Topic::ice, {{"count", 3}, {"name", "x"}, {"negative", -1}});
  EXPECT_THAT(lines, testing::ElementsAre("1500 ice event count=3 name=x negative=-1"));
}

TEST_F(LoopLogTest, ARecordWithoutFieldsHasNone) {
  write(Topic::peer, {});
  EXPECT_THAT(lines, testing::ElementsAre("1500 peer event "));
}

TEST_F(LoopLogTest, HidesSecretsUnlessToldOtherwise) {
  const std::initializer_list<Field> fields = {{"port", 7},
                                               {"address", "192.0.2.1", Field::Kind::secret}};
  write(Topic::ice, fields);
  config.secrets = true;
  write(Topic::ice, fields);
  EXPECT_THAT(lines, testing::ElementsAre("1500 ice event port=7",
                                          "1500 ice event port=7 address=192.0.2.1"));
}

TEST_F(LoopLogTest, TakesOnlyTheTopicsThatAreListed) {
  config.topics = "sctp, dtls";
  write(Topic::ice, {});
  write(Topic::sctp, {});
  write(Topic::session, {});
  write(Topic::dtls, {});
  EXPECT_THAT(lines, testing::ElementsAre("1500 sctp event ", "1500 dtls event "));
}

TEST_F(LoopLogTest, AnUnknownTopicIsNone) {
  config.topics = "sct,,dtlss";
  for (const Topic topic : {Topic::loop, Topic::sctp, Topic::dtls}) write(topic, {});
  EXPECT_THAT(lines, testing::IsEmpty());
}

TEST_F(LoopLogTest, WithoutASinkNothingIsWanted) {
  config.sink = nullptr;
  Loop loop(with(config));
  TraceSink& trace = loop.state().log;
  for (unsigned topic = 0; topic <= static_cast<unsigned>(Topic::peer); ++topic)
    EXPECT_FALSE(trace.wants(static_cast<Topic>(topic)));
}

}  // namespace
}  // namespace parley
